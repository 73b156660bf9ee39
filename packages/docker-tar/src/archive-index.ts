import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { DrayageError, ioError, isDrayageError } from "@drayage/errors";
import { type RandomAccess, scanTar, type TarHeader } from "@drayage/tar";
import { cleanPath } from "./names.ts";

/** A file, link or directory in an archive. */
export interface ArchiveEntry {
  /** Its name as a key: see `cleanPath`. */
  readonly name: string;
  readonly type: TarHeader["type"];
  /** What a link leads to, as it is written. */
  readonly linkname: string;
  /** Where its first header block starts, in bytes. */
  readonly headerOffset: number;
  readonly dataOffset: number;
  readonly size: number;
}

export interface ArchiveIndex {
  /** In the archive's order. */
  readonly entries: readonly ArchiveEntry[];
  /** Of entries with one name the first counts, as it does for the Go tools. */
  readonly byName: ReadonlyMap<string, ArchiveEntry>;
}

/** Real archives have four entries for each layer. */
const entryLimit = 100_000;
/** Real names, and the targets of links, have some 75 characters. */
const nameLimit = 64 * 1024 * 1024;

/**
 * The entries of a tar file. Only headers are read.
 *
 * @param shown what messages call the archive
 */
export function indexArchive(path: string, shown: string): ArchiveIndex {
  const entries: ArchiveEntry[] = [];
  const byName = new Map<string, ArchiveEntry>();
  let characters = 0;
  const file = openRandomAccess(path);
  try {
    for (const { header, headerOffset, dataOffset } of scanTar(file)) {
      const { type, linkname, size } = header;
      characters += header.name.length + linkname.length;
      if (entries.length === entryLimit || characters > nameLimit) throw tooMany(entries.length);
      const entry = { name: cleanPath(header.name), type, linkname, headerOffset, dataOffset, size };
      entries.push(entry);
      if (!byName.has(entry.name)) byName.set(entry.name, entry);
    }
  } catch (error) {
    throw isDrayageError(error) ? named(error, shown) : error;
  } finally {
    file.close();
  }
  return { entries, byName };
}

function openRandomAccess(path: string): RandomAccess & { close(): void } {
  const buffer = Buffer.allocUnsafe(64 * 1024);
  try {
    const fd = openSync(path, "r");
    return {
      size: fstatSync(fd).size,
      read(position, length) {
        const count = readSync(fd, buffer, 0, Math.min(length, buffer.length), position);
        if (count === 0)
          throw new DrayageError("ERR_DRAYAGE_IO", "the file became shorter while it was read");
        return buffer.subarray(0, count);
      },
      close: () => closeSync(fd),
    };
  } catch (error) {
    throw ioError(error, "read", { path });
  }
}

function tooMany(count: number): DrayageError {
  return new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", `more than ${count} entries are no docker archive`);
}

/** The codec's errors say where in the archive, but not in which. */
function named(error: DrayageError, shown: string): DrayageError {
  const {
    code,
    message,
    hint = "the file is damaged or was not written to its end, or it is no docker archive",
  } = error;
  return new DrayageError(code, `${shown}: ${message}`, { hint, cause: error });
}
