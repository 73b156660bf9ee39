import { stat } from "node:fs/promises";
import { ioError, throwIfAborted } from "@drayage/errors";
import type { Blob } from "./blob.ts";
import { openByteReader } from "./byte-reader.ts";
import { drain } from "./drain.ts";
import { fileBlob, streamBlob } from "./origins.ts";
import { peekBlob } from "./peek.ts";
import { createStagedFile } from "./staged-file.ts";
import { inflated } from "./steps.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface InflatedFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Where a temporary file goes; see {@link temporaryFolder}. */
  readonly temporaryDir?: string | undefined;
  /** Called with the count of bytes read so far, where they have to be copied. */
  readonly onBytes?: ((total: number) => void) | undefined;
}

/** A plain file that can be read at any place. Disposing of it deletes it where it is temporary. */
export interface InflatedFile extends AsyncDisposable {
  readonly path: string;
  /** Whether it is a copy, and not the file that was named. */
  readonly temporary: boolean;
}

/**
 * An archive's bytes as a plain file: the file itself, or, where it is compressed as a whole or is a pipe, an inflated
 * copy of it.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_COMPRESSION_INVALID`, `ERR_DRAYAGE_ABORTED`
 */
export async function inflatedFile(path: string, options: InflatedFileOptions = {}): Promise<InflatedFile> {
  const { signal, onBytes } = options;
  throwIfAborted(signal);
  const blob = await blobAt(path);
  if (blob.origin.kind === "file" && !(await isCompressed(blob, signal))) {
    return { path, temporary: false, [Symbol.asyncDispose]: async () => undefined };
  }
  const folder = await temporaryFolder(options.temporaryDir);
  // Readable by its owner only: the folder is everybody's.
  const copy = await createStagedFile(folder, { mode: 0o600 });
  try {
    await drain(inflated(blob), copy.sink, { signal, onBytes });
  } catch (error) {
    await copy.discard();
    throw error;
  }
  return { path: copy.path, temporary: true, [Symbol.asyncDispose]: () => copy.discard() };
}

async function blobAt(path: string): Promise<Blob> {
  let isPipe: boolean;
  try {
    const stats = await stat(path);
    isPipe = stats.isFIFO() || stats.isCharacterDevice() || stats.isSocket();
  } catch (error) {
    throw ioError(error, "read", { path });
  }
  if (!isPipe) return fileBlob(path);
  return streamBlob(({ signal }) => openByteReader(path, { signal }), { what: JSON.stringify(path) });
}

async function isCompressed(blob: Blob, signal: AbortSignal | undefined): Promise<boolean> {
  const { detectCompression, magicLength } = await import("@drayage/compression");
  await using peeked = await peekBlob(blob, magicLength, { signal });
  return detectCompression(peeked.head) !== undefined;
}
