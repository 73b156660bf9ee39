import { read, write } from "node:fs";
import { promisify } from "node:util";
import { DrayageError, ioError } from "@drayage/errors";

const readAsync = promisify(read);
const writeAsync = promisify(write);

export interface OpenFile {
  readonly fd: number;
  readonly path: string;
}

/** Fills `bytes` from a place of a file. */
export async function readAt(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  await transfer("read", file, bytes.length, async (done) => {
    return (await readAsync(file.fd, bytes, done, bytes.length - done, position + done)).bytesRead;
  });
}

/** Writes all of `bytes` to a place of a file. */
export async function writeAt(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  await transfer("write", file, bytes.length, async (done) => {
    return (await writeAsync(file.fd, bytes, done, bytes.length - done, position + done)).bytesWritten;
  });
}

/** The system may take or give less than it was asked for. */
async function transfer(
  op: "read" | "write",
  file: OpenFile,
  length: number,
  step: (done: number) => Promise<number>,
): Promise<void> {
  try {
    for (let done = 0; done < length; ) {
      const count = await step(done);
      if (count === 0) {
        throw new DrayageError(
          "ERR_DRAYAGE_IO",
          `cannot ${op} ${JSON.stringify(file.path)}: it ends too early`,
        );
      }
      done += count;
    }
  } catch (error) {
    throw ioError(error, op, { path: file.path });
  }
}
