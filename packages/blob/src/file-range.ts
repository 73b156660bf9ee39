import { closeSync, constants, fstatSync, openSync, read, readSync, type Stats } from "node:fs";
import { promisify } from "node:util";
import { DrayageError, ioError } from "@drayage/errors";
import type { FileOrigin } from "./blob.ts";
import { chunkSize } from "./pace.ts";

const readAsync = promisify(read);

/** Opens a file for positioned reads. What is no regular file, nor a block device, is refused rather than waited for. */
export function openForReading(path: string): { readonly fd: number; readonly stats: Stats } {
  let fd: number;
  try {
    // Without O_NONBLOCK the open of a named pipe that nobody writes to would hang. Files ignore it.
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw ioError(error, "read", { path });
  }
  try {
    const stats = fstatSync(fd);
    if (stats.isFile() || stats.isBlockDevice()) return { fd, stats };
    const found = stats.isDirectory() ? "a directory" : "a pipe, a socket or a device";
    throw new DrayageError(
      "ERR_DRAYAGE_IO",
      `cannot read ${JSON.stringify(path)}: it is ${found}, where a file is needed`,
      { op: "read" },
    );
  } catch (error) {
    closeSync(fd);
    throw ioError(error, "read", { path });
  }
}

/** Reads at a place of a file, at most as much as `buffer` holds; 0 at the file's end. `path` is for messages. */
export async function readAt(
  fd: number,
  buffer: Uint8Array,
  position: number,
  path: string,
): Promise<number> {
  try {
    return (await readAsync(fd, buffer, 0, buffer.length, position)).bytesRead;
  } catch (error) {
    throw ioError(error, "read", { path });
  }
}

/** As {@link readAt}, on this thread. */
export function readAtSync(fd: number, buffer: Uint8Array, position: number, path: string): number {
  try {
    return readSync(fd, buffer, 0, buffer.length, position);
  } catch (error) {
    throw ioError(error, "read", { path });
  }
}

/** An open range of a file. It reads exactly the range's bytes, or throws. */
export interface OpenRange {
  readonly fd: number;
  /** Reads the next bytes into `buffer` and says how many; 0 at the range's end. */
  next(buffer: Uint8Array): number;
  nextAsync(buffer: Uint8Array): Promise<number>;
  close(): void;
}

/**
 * Opens a range at `skip` bytes from its start.
 *
 * @throws `ERR_DRAYAGE_IO`; `ERR_DRAYAGE_SIZE_MISMATCH` where the file ends within the range, or, if the range is the
 * whole file, where the file is longer
 */
export function openRange(origin: FileOrigin, skip = 0): OpenRange {
  const { path } = origin;
  const end = origin.offset + origin.length;
  const { fd, stats } = openForReading(path);
  let position = origin.offset + skip;

  function check(size: number): void {
    if (size < end || (origin.whole === true && size > end)) throw changed(origin, size);
  }
  function wanted(buffer: Uint8Array): number {
    return Math.min(buffer.length, end - position);
  }
  function took(count: number): number {
    position += count;
    if (count === 0) throw changed(origin, position);
    // A file that grew while its last bytes were read.
    if (position === end && origin.whole === true) check(fstatSync(fd).size);
    return count;
  }

  try {
    if (stats.isFile()) check(stats.size);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    fd,
    next(buffer) {
      const length = wanted(buffer);
      return length === 0 ? 0 : took(readAtSync(fd, buffer.subarray(0, length), position, path));
    },
    async nextAsync(buffer) {
      const length = wanted(buffer);
      return length === 0 ? 0 : took(await readAt(fd, buffer.subarray(0, length), position, path));
    },
    close: () => closeSync(fd),
  };
}

function changed(origin: FileOrigin, size: number): DrayageError {
  const end = origin.offset + origin.length;
  const how = size < end ? "shorter" : "longer";
  return new DrayageError(
    "ERR_DRAYAGE_SIZE_MISMATCH",
    `${JSON.stringify(origin.path)} is ${how} than was said: it has ${size} bytes, not ${end}`,
    { op: "read", hint: "let nothing change the file while it is read" },
  );
}

/** The range's bytes in chunks that belong to whoever takes them. */
export async function* rangeChunks(
  origin: FileOrigin,
  skip = 0,
): AsyncGenerator<Uint8Array, void, undefined> {
  const range = openRange(origin, skip);
  let left = origin.length - skip;
  try {
    while (left > 0) {
      const buffer = new Uint8Array(Math.min(chunkSize, left));
      const count = await range.nextAsync(buffer);
      left -= count;
      yield buffer.subarray(0, count);
    }
  } finally {
    range.close();
  }
}
