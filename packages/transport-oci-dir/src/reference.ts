import { type LayoutPlace, parseLayoutPlace } from "@drayage/oci-layout";
import type { ImageReference } from "@drayage/transport";

export const scheme = "oci-dir";

/** An image in an OCI layout. */
export interface OciDirReference extends ImageReference {
  readonly place: LayoutPlace;
}

export function parseReference(text: string): OciDirReference {
  return { text, place: parseLayoutPlace(text, scheme) };
}
