import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { crc32, deflateRawSync, constants as zlib } from "node:zlib";
import { ioError } from "@drayage/errors";

/** A gzip file that is written piece by piece, without promises. */
export interface GzipFile {
  write(bytes: Uint8Array): void;
  finish(): void;
  /** Removes it, unless it is finished. */
  close(): void;
}

/** Level 1, as containers/storage: what is in a tar-split compresses well anyway. */
const level = 1;
/** How far back deflate looks. */
const windowSize = 32 * 1024;
/** RFC 1952: no name, no time, fastest, made anywhere. */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff);
/** An empty last block. */
const end = Uint8Array.of(3, 0);

export function createGzipFile(path: string): GzipFile {
  const fd = attempt(path, () => openSync(path, "wx", 0o600));
  let open = true;
  let before: Uint8Array = new Uint8Array(0);
  let checksum = 0;
  let size = 0;

  function put(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      done += attempt(path, () => writeSync(fd, bytes, done, bytes.length - done));
    }
  }

  function close(): void {
    if (open) closeSync(fd);
    open = false;
  }

  put(header);
  return {
    write(bytes) {
      checksum = crc32(bytes, checksum);
      size = (size + bytes.length) % 2 ** 32;
      const dictionary = before.length === 0 ? {} : { dictionary: before };
      put(deflateRawSync(bytes, { level, finishFlush: zlib.Z_SYNC_FLUSH, ...dictionary }));
      before = bytes.slice(-windowSize);
    },
    finish() {
      put(end);
      const trailer = new DataView(new ArrayBuffer(8));
      trailer.setUint32(0, checksum, true);
      trailer.setUint32(4, size, true);
      put(new Uint8Array(trailer.buffer));
      close();
    },
    close() {
      if (!open) return;
      close();
      unlinkSync(path);
    },
  };
}

function attempt<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}
