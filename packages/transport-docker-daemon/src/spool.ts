import { writev } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import type { StagedFile } from "@drayage/blob";
import { ioError } from "@drayage/errors";
import { errorOf } from "./json-messages.ts";

const writeAsync = promisify(writev);

/** How many bytes are collected for one write while the one before it is under way. */
const batchLength = 1024 * 1024;

/** Writes what arrives to a file. Unlike a blob that is drained it is not hashed: nobody knows what an archive should hash to. */
export async function spool(body: AsyncIterable<Uint8Array>, file: StagedFile): Promise<void> {
  let position = 0;
  let batch: Uint8Array[] = [];
  let length = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await writing;
    writing = writeAll(batch, position, file);
    // It is awaited before the next one, or at the end.
    writing.catch(() => undefined);
    position += length;
    batch = [];
    length = 0;
  };
  try {
    for await (const chunk of body) {
      batch.push(chunk);
      length += chunk.length;
      if (length >= batchLength) await flush();
    }
    await flush();
  } finally {
    await writing;
  }
}

async function writeAll(
  chunks: readonly Uint8Array[],
  position: number,
  { fd, path }: StagedFile,
): Promise<void> {
  try {
    let rest = chunks;
    let at = position;
    while (rest.length > 0) {
      const { bytesWritten } = await writeAsync(fd, rest, at);
      at += bytesWritten;
      rest = after(rest, bytesWritten);
    }
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}

/** The chunks without their first bytes. */
function after(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  for (const [index, chunk] of chunks.entries()) {
    if (left < chunk.length) return [chunk.subarray(left), ...chunks.slice(index + 1)];
    left -= chunk.length;
  }
  return [];
}

const tailLength = 16 * 1024;

/** What went wrong while a daemon wrote an archive: it then ends the bytes with a message, since the answer has begun. */
export async function errorAtEnd(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, tailLength));
    const { bytesRead } = await file.read(tail, 0, tail.length, size - tail.length);
    const text = tail.toString("latin1", 0, bytesRead);
    const start = text.lastIndexOf('{"errorDetail"');
    if (start < 0) return undefined;
    const message: unknown = JSON.parse(tail.toString("utf8", start, bytesRead));
    return errorOf(Object(message));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw ioError(error, "read", { path });
  } finally {
    await file.close();
  }
}
