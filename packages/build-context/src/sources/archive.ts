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
export function isArchive(place: Located, signal: AbortSignal | undefined): Promise<boolean> {
  return isTar(archiveEvents(place, { signal }));
}

/** Whether what is read is a tar that is not empty. */
export async function isTar(events: AsyncIterable<TarEvent>): Promise<boolean> {
  try {
    for await (const event of events) {
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
    yield* tarEvents(fileChunks(file.fd), { signal, limits });
  } finally {
    closeSync(file.fd);
  }
}

/** {@link archiveEvents} of an archive's bytes, compressed or not. */
export async function* tarEvents(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { signal, limits }: ArchiveOptions,
): AsyncGenerator<TarEvent, void, undefined> {
  const { head, all } = await peeked(bytes);
  const algorithm = detectCompression(head);
  const decoder = new TarDecoder(limits);
  for await (const chunk of algorithm === undefined ? all : inflate(all, algorithm, { signal })) {
    throwIfAborted(signal, "read a tar archive");
    decoder.push(chunk);
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) yield event;
  }
  decoder.finish();
  for (let event = decoder.next(); event !== undefined; event = decoder.next()) yield event;
}

/** The first bytes, as many as say what it is, and all of them with these. */
async function peeked(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ readonly head: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  const chunks = (async function* () {
    yield* bytes;
  })();
  let head: Uint8Array = new Uint8Array();
  while (head.length < magicLength) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      if (head.length > 0) yield head;
      yield* chunks;
    } finally {
      await chunks.return();
    }
  }
  return { head, all: all() };
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
