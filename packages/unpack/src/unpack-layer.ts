import type { Blob } from "@drayage/blob";
import { DrayageError } from "@drayage/errors";
import type { UnpackOptions } from "./options.ts";
import type { Unpacked } from "./unpacked.ts";

/**
 * Unpacks the tar of a layer into a folder, in one pass with its verification: `blob` has the steps that inflate it. After an
 * error the folder holds a part of the layer.
 *
 * @throws `ERR_DRAYAGE_ARCHIVE_INVALID`, `ERR_DRAYAGE_LIMIT_EXCEEDED`, `ERR_DRAYAGE_SYSTEM_UNSUPPORTED`, each of which names the
 * entry, and what `drain` throws
 */
export async function unpackLayer(_blob: Blob, _options: UnpackOptions): Promise<Unpacked> {
  throw new DrayageError("ERR_DRAYAGE_SYSTEM_UNSUPPORTED", "unpacking is not there yet");
}
