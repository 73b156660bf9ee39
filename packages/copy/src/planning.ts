import type { Digest } from "@drayage/digest";
import type { ImageDestination, ImageSource, RawManifest, ReusedBlob } from "@drayage/transport";
import type { PlanOptions } from "./options.ts";
import type { Scope } from "./scope.ts";
import type { Selection } from "./select.ts";

/** How many manifests and layers are looked at at a time. */
export const planningLanes = 6;

export interface PlanInput extends PlanOptions {
  readonly source: ImageSource;
  readonly destination: ImageDestination;
  /** What is at the destination's place now, opened for reading: for `ifPresent`. */
  readonly existing?: ImageSource | undefined;
}

/** What planning one document needs to know of the whole. */
export interface Planning {
  readonly input: PlanInput;
  readonly selection: Selection;
  readonly scope: Scope;
  /** Keeps bytes for the execution, and counts them against the limit. */
  keep(digest: Digest, document: RawManifest): void;
  /** What the destination has, asked once for a blob at a place among the layers. */
  readonly reused: Map<string, Promise<ReusedBlob | undefined>>;
}
