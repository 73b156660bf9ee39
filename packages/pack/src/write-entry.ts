import { DrayageError, ioError } from "@drayage/errors";
import { encodeTarHeader, tarPadding } from "@drayage/tar";
import { byteStringOf, textOf } from "./byte-string.ts";
import type { ChunkBuilder } from "./chunk.ts";
import type { Entry } from "./entry.ts";
import type { OpenFile } from "./folder.ts";

/**
 * Adds an entry, and of a regular file the content: as many bytes as the entry says.
 *
 * @param onBytes given each piece of the content, which is only valid during the call
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_SIZE_MISMATCH` for a file that has fewer bytes
 */
export function* writeEntry(
  entry: Entry,
  file: Pick<OpenFile, "fd"> | undefined,
  chunks: ChunkBuilder,
  onBytes?: (bytes: Uint8Array) => void,
): Generator<Uint8Array, void, undefined> {
  yield* chunks.add(encodeTarHeader(entry));
  const size = entry.type === "file" ? (entry.size ?? 0) : 0;
  if (file === undefined || size === 0) return;
  const name = textOf(byteStringOf(entry.rawName));
  let written: number;
  try {
    written = yield* chunks.addFile(file.fd, size, onBytes);
  } catch (error) {
    throw ioError(error, "read", { path: name });
  }
  if (written < size) throw shrunk(name, size, written);
  yield* chunks.add(tarPadding(size));
}

function shrunk(name: string, size: number, written: number): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_SIZE_MISMATCH",
    `cannot pack ${JSON.stringify(name)}: it had ${size} bytes, and ${written} were left when it was read`,
    { hint: "something writes to the folder meanwhile; try again when it does not" },
  );
}
