import { DrayageError } from "@drayage/errors";
import type { ImageReference } from "@drayage/transport";

/** A zip file that holds an image. */
export interface ZipReference extends ImageReference {
  readonly path: string;
}

/** Throws `ERR_DRAYAGE_REFERENCE_INVALID` for an empty path. */
export function parseZipReference(text: string): ZipReference {
  if (text === "" || text.includes("\0")) {
    throw new DrayageError("ERR_DRAYAGE_REFERENCE_INVALID", "zip: a path is expected", {
      hint: "write zip:image.zip",
    });
  }
  return { text, path: text };
}
