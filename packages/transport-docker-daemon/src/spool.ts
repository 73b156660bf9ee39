import { write } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import type { StagedFile } from "@drayage/blob";
import { ioError } from "@drayage/errors";
import { errorOf } from "./json-messages.ts";

const writeAsync = promisify(write);

/** Writes what arrives to a file. Unlike a blob that is drained it is not hashed: nobody knows what an archive should hash to. */
export async function spool(body: AsyncIterable<Uint8Array>, { fd, path }: StagedFile): Promise<void> {
  let position = 0;
  for await (const chunk of body) {
    for (let done = 0; done < chunk.length; ) {
      const count = await writeSome(chunk.subarray(done), { fd, path, position });
      done += count;
      position += count;
    }
  }
}

async function writeSome(
  bytes: Uint8Array,
  { fd, path, position }: { readonly fd: number; readonly path: string; readonly position: number },
): Promise<number> {
  try {
    return (await writeAsync(fd, bytes, 0, bytes.length, position)).bytesWritten;
  } catch (error) {
    throw ioError(error, "write", { path });
  }
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
