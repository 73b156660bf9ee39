import { DrayageError } from "@drayage/errors";
import { manifestLimit, mediaTypes } from "@drayage/manifest";

/** What skopeo writes into a layout, the preferred type first. Other types are read where they stand. */
export const layoutManifestTypes: readonly string[] = [mediaTypes.ociManifest, mediaTypes.ociIndex];

/**
 * Refuses a manifest that a layout is not to hold.
 *
 * @throws `ERR_DRAYAGE_MANIFEST_UNSUPPORTED` for other types, `ERR_DRAYAGE_LIMIT_EXCEEDED` above 4 MiB
 */
export function checkLayoutManifest(bytes: Uint8Array, mediaType: string): void {
  if (!layoutManifestTypes.includes(mediaType)) {
    throw new DrayageError(
      "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
      `an OCI layout takes no manifest of media type ${JSON.stringify(mediaType)}`,
      { hint: `it takes ${layoutManifestTypes.join(" and ")}` },
    );
  }
  if (bytes.length > manifestLimit) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `the manifest has ${bytes.length} bytes, and at most ${manifestLimit} are taken`,
    );
  }
}
