import type { CompressionAlgorithm } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import type { Descriptor } from "@drayage/manifest";
import type { RawManifest } from "@drayage/transport";
import type { LayerAction } from "./layer-action.ts";
import type { CompressionChoice, VariantCompression } from "./options.ts";
import type { OtherPlatform } from "./other-platform.ts";
import type { FrozenReason } from "./side.ts";
import type { VariantPlan } from "./variants.ts";

/**
 * What a copy will do, and why: plain data that can be printed, compared and cloned.
 *
 * What it says of blobs is what was known when it was made. Where a layer could not be looked into
 * without fetching it (`basis` is `media type` or `guess`), the execution looks, and may compress what the plan would
 * have kept.
 */
export interface CopyPlan {
  /** What stands after the scheme in the two references. */
  readonly source: string;
  readonly destination: string;
  /** The source's own manifest or index. */
  readonly origin: DocumentName;
  /** What the destination will be given as the image itself: `origin`, or the image chosen from it. */
  readonly root: DocumentName;
  /** Set where the destination has the image already and nothing is to be done. */
  readonly present: boolean;
  /** Set where the source has one image alone, and that of another platform was wished for. */
  readonly otherPlatform?: OtherPlatform | undefined;
  /** All that is written, each once, in the order of writing: members before the index that names them, and before what refers to them. */
  readonly documents: readonly DocumentPlan[];
  readonly compression: CompressionChoice;
  readonly compat: "go" | undefined;
  /** The bytes of manifests and configs that were read for the plan, by digest. */
  readonly contents: ReadonlyMap<Digest, RawManifest>;
}

export interface DocumentName {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
}

export type DocumentPlan = ImagePlan | IndexPlan | OpaquePlan;

interface WrittenDocument extends DocumentName {
  /** Why it may not change, where it may not. */
  readonly frozen: FrozenReason | undefined;
  /** The type it is written as. */
  readonly target: string;
  /** The types that are tried after it, should the destination reject it. */
  readonly fallbacks: readonly string[];
  /** Why `target` is what it is, as a clause. */
  readonly reason: string;
  /** How many signatures go with it. */
  readonly signatures: number;
  /** What it refers to: where that is written as another document, it refers to the new one, unless it may not change. */
  readonly subject?: Digest | undefined;
}

export interface ImagePlan extends WrittenDocument {
  readonly kind: "image";
  /** Set where the image of this digest is written once more, all its layers compressed so. */
  readonly variant?: VariantCompression | undefined;
  /** `linux/arm64/v8`, where an index says so. */
  readonly platform: string | undefined;
  /** Absent for v2s1, which has no config of its own. */
  readonly config: ConfigPlan | undefined;
  readonly layers: readonly LayerPlan[];
  /** Whether the digests of the uncompressed layers must be computed: v2s1 does not say them. */
  readonly needsDiffIds: boolean;
}

export interface ConfigPlan {
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
  /** `convert`: it is written anew for the target type. */
  readonly action: "keep" | "convert";
  readonly reason: string;
}

export interface LayerPlan {
  readonly index: number;
  /** The layer as the source gives it. */
  readonly descriptor: Descriptor;
  /** What the manifest names, where the source gives another blob of the same content for it (`ImageSource.layers`). */
  readonly standsFor?: Descriptor | undefined;
  readonly action: PlannedAction;
  /** What the layer's compression was told from; `given` where the action does not depend on it. */
  readonly basis: "content" | "media type" | "guess" | "given";
  /** The compression it has, where it matters and is known. */
  readonly present: CompressionAlgorithm | undefined;
}

export type PlannedAction =
  | LayerAction
  | ReuseAction
  /** A foreign layer that stays where its `urls` say. */
  | { readonly do: "skip"; readonly reason: string };

/** The destination has it, or can get it without its bytes being sent. */
export interface ReuseAction {
  readonly do: "reuse";
  /** Its digest there. */
  readonly as: Digest;
  readonly size: number;
  /** Where the destination will take it from, in words, where it has yet to be asked to. */
  readonly from?: string | undefined;
  /** What it is compressed with there, where `as` is another blob of the same content. */
  readonly compression?: CompressionAlgorithm | "none" | undefined;
  /** What is done where the destination lacks it after all; where absent it is copied, and changed as it must. */
  readonly otherwise?: LayerAction | undefined;
  readonly reason: string;
}

export interface IndexPlan extends WrittenDocument {
  readonly kind: "index";
  readonly members: readonly MemberPlan[];
  /** What it gets besides, in this order. */
  readonly variants: readonly VariantPlan[];
}

export interface MemberPlan {
  readonly digest: Digest;
  readonly platform: string | undefined;
  /** `absent`: it stays in the index, though it is not copied; `strip`: it is removed from the index. */
  readonly action: "copy" | "absent" | "strip";
}

/** Something in an index that is neither image nor index: it is copied as a blob. */
export interface OpaquePlan extends DocumentName {
  readonly kind: "opaque";
  readonly descriptor: Descriptor;
}
