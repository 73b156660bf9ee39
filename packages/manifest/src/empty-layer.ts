import type { Digest } from "@drayage/digest";
import { mediaTypes } from "./media-types.ts";
import type { Descriptor } from "./types.ts";

/** A layer that says nothing: a tar of 1,024 zeros in gzip, byte for byte docker's. */
export function emptyLayer(): { readonly bytes: Uint8Array; readonly descriptor: Descriptor } {
  return {
    bytes: Uint8Array.of(
      ...[31, 139, 8, 0, 0, 9, 110, 136, 0, 255, 98, 24, 5, 163, 96, 20],
      ...[140, 88, 0, 8, 0, 0, 255, 255, 46, 175, 181, 239, 0, 4, 0, 0],
    ),
    descriptor: { mediaType: mediaTypes.dockerLayerGzip, digest: emptyLayerDigest, size: 32 },
  };
}

export const emptyLayerDigest: Digest =
  "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4" as Digest;
