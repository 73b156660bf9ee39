import { closeSync, readSync } from "node:fs";
import { detectCompression, inflate, magicLength } from "@drayage/compression";
import { isDrayageError, throwIfAborted } from "@drayage/errors";
import { TarDecoder, type TarEvent, type TarLimits } from "@drayage/tar";
import type { Located } from "./locate.ts";

const chunkSize: number = 128 * 1024;

/**
 * Whether a file is a tar archive that is not empty, plain or compressed: what it holds decides, whatever its name is.
 *
 * @throws `ERR_DRAYAGE_COMPRESSION_UNSUPPORTED` where this machine cannot tell, `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export async function isArchive(place: Located, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    for await (const event of archiveEvents(place, { signal })) {
      if (event.type === "header" || event.type === "global") return true;
      return false;
    }
    return false;
  } catch (error) {
    if (isDrayageError(error) && harmless.has(error.code)) return false;
    throw error;
  }
}

/** What says that a file is no archive. */
const harmless: ReadonlySet<string> = new Set([
  "ERR_DRAYAGE_ARCHIVE_INVALID",
  "ERR_DRAYAGE_COMPRESSION_INVALID",
  "ERR_DRAYAGE_LIMIT_EXCEEDED",
]);

export interface ArchiveOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: TarLimits | undefined;
}

/**
 * What is in an archive, in its order. The bytes of an event are valid until the next.
 *
 * @throws `ERR_DRAYAGE_ARCHIVE_INVALID`, `ERR_DRAYAGE_COMPRESSION_INVALID`, `ERR_DRAYAGE_COMPRESSION_UNSUPPORTED`,
 * `ERR_DRAYAGE_LIMIT_EXCEEDED`, `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export async function* archiveEvents(
  { folder, name }: Located,
  { signal, limits }: ArchiveOptions,
): AsyncGenerator<TarEvent, void, undefined> {
  const file = folder.file(name);
  if (file === undefined) return;
  try {
    const head = new Uint8Array(magicLength);
    const count = readSync(file.fd, head, 0, magicLength, 0);
    const algorithm = detectCompression(head.subarray(0, count));
    const chunks = fileChunks(file.fd);
    const decoder = new TarDecoder(limits);
    for await (const chunk of algorithm === undefined ? chunks : inflate(chunks, algorithm, { signal })) {
      throwIfAborted(signal, "read a tar archive");
      decoder.push(chunk);
      for (let event = decoder.next(); event !== undefined; event = decoder.next()) yield event;
    }
    decoder.finish();
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) yield event;
  } finally {
    closeSync(file.fd);
  }
}

function* fileChunks(fd: number): Generator<Uint8Array, void, undefined> {
  for (let at = 0; ; ) {
    const chunk = new Uint8Array(chunkSize);
    const count = readSync(fd, chunk, 0, chunkSize, at);
    if (count === 0) return;
    at += count;
    yield chunk.subarray(0, count);
  }
}
