import { constants } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { createHasher, type Digest } from "@drayage/digest";
import { DrayageError, ioError, throwIfAborted } from "@drayage/errors";
import { sniffedBytes } from "./file-media-type.ts";

export interface FileFacts {
  /** Absolute. */
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  /** What it begins with. */
  readonly head: Uint8Array;
}

/** @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_USAGE` for what is no file */
export async function readFileFacts(file: string, signal: AbortSignal | undefined): Promise<FileFacts> {
  const absolute = path.resolve(file);
  const hasher = createHasher();
  let size = 0;
  let head: Uint8Array = new Uint8Array();
  try {
    // A queue would keep us waiting for somebody to write to it.
    await using handle = await open(absolute, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await handle.stat()).isFile())
      throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(file)} is no file`);
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
      throwIfAborted(signal, `read ${file}`);
      const bytes = chunk as Uint8Array;
      if (size === 0) head = bytes.slice(0, sniffedBytes);
      hasher.update(bytes);
      size += bytes.length;
    }
  } catch (error) {
    throw ioError(error, "read a file of the artifact", { path: absolute });
  }
  return { path: absolute, digest: hasher.digest(), size, head };
}
