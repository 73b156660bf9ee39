import { dirname } from "node:path";
import { throwIfAborted } from "@drayage/errors";
import { writeAllSync } from "./file-writes.ts";
import { type CommitFileOptions, createStagedFile } from "./staged-file.ts";

export interface WriteFileAtomicOptions extends CommitFileOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a small file beside its place, brings it to the disk and renames it there: at any moment, and after a power
 * cut, there is the old content or the new, whole.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array,
  options: WriteFileAtomicOptions = {},
): Promise<void> {
  throwIfAborted(options.signal);
  await using file = await createStagedFile(dirname(path));
  writeAllSync(file, bytes, 0);
  throwIfAborted(options.signal);
  await file.commit(path, { mode: options.mode });
}
