import { type LayoutPlace, parseLayoutPlace } from "@drayage/oci-layout";
import type { ImageReference } from "@drayage/transport";

export const scheme = "oci-archive";

/** An image in an OCI layout that is one tar file. */
export interface OciArchiveReference extends ImageReference {
  readonly place: LayoutPlace;
}

export function parseReference(text: string): OciArchiveReference {
  return { text, place: parseLayoutPlace(text, scheme) };
}
