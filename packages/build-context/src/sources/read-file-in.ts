import { closeSync, readSync } from "node:fs";
import { DrayageError } from "@drayage/errors";
import { type ByteString, textOf } from "@drayage/pack";
import { locate } from "./locate.ts";

/**
 * The content of a regular file below a root, where links lead to as if the root were `/`; undefined where there is none.
 *
 * @throws `ERR_DRAYAGE_LIMIT_EXCEEDED` for one of more than `limit` bytes, `ERR_DRAYAGE_IO`
 */
export function readFileIn(root: string, path: ByteString, limit: number): Uint8Array | undefined {
  using place = locate(root, path, { follow: true });
  const file = place?.folder.file(place.name);
  if (file === undefined) return undefined;
  try {
    const bytes = new Uint8Array(Math.min(Number(file.stats.size), limit) + 1);
    let size = 0;
    for (let count = -1; count !== 0 && size < bytes.length; size += count) {
      count = readSync(file.fd, bytes, size, bytes.length - size, size);
    }
    if (size <= limit && size < bytes.length) return bytes.subarray(0, size);
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `${JSON.stringify(textOf(path))} has more than the ${limit} bytes that are accepted, or grows`,
    );
  } finally {
    closeSync(file.fd);
  }
}
