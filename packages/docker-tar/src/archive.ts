import { type Blob, fileBlob, inflatedFile, peekBlob, readBlob } from "@drayage/blob";
import { type Algorithm, detectCompression, magicLength } from "@drayage/compression";
import { DrayageError, errnoOf, isDrayageError } from "@drayage/errors";
import type { SourceOptions } from "@drayage/transport";
import { type ArchiveEntry, type ArchiveIndex, indexArchive } from "./archive-index.ts";
import { cleanPath, linkTarget } from "./names.ts";

export type { ArchiveEntry } from "./archive-index.ts";

export interface ReadEntryOptions {
  /** The most bytes that are accepted. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

export interface OpenArchiveOptions extends SourceOptions {
  /** What messages call the archive: `docker-archive:PATH`. */
  readonly shown: string;
}

/** A tar archive that is read in place: nothing of it is unpacked, and its names are only keys. */
export interface Archive extends AsyncDisposable {
  /** What messages call it. */
  readonly shown: string;
  /** In the archive's order. */
  readonly entries: readonly ArchiveEntry[];
  /** Whether a copy is read, for the file is compressed as a whole or is a pipe. */
  readonly copied: boolean;
  find(name: string): ArchiveEntry | undefined;
  /** The regular file of this name, links followed. Throws ERR_DRAYAGE_LAYOUT_INVALID. */
  resolve(name: string): ArchiveEntry;
  /** A part of the archive's own bytes. */
  range(from: number, to: number): Blob;
  /** A file's bytes as they are stored. */
  blobOf(entry: ArchiveEntry): Blob;
  /** A small file's bytes. */
  read(name: string, options: ReadEntryOptions): Promise<Uint8Array>;
  /** How a file is compressed, by its first bytes. */
  compressionOf(entry: ArchiveEntry): Promise<Algorithm | undefined>;
}

/** docker save links from one layer to another; a real archive has no reason for more than a few hops. */
const linkLimit = 8;

/**
 * Reads the headers of an archive. One that is compressed as a whole, or a pipe, is copied to a temporary file first.
 *
 * @throws ERR_DRAYAGE_IMAGE_NOT_FOUND where there is no such file, ERR_DRAYAGE_ARCHIVE_INVALID, ERR_DRAYAGE_IO,
 * ERR_DRAYAGE_COMPRESSION_INVALID, ERR_DRAYAGE_LIMIT_EXCEEDED
 */
export async function openArchive(path: string, options: OpenArchiveOptions): Promise<Archive> {
  const { shown, signal, temporaryDir } = options;
  const file = await inflatedFile(path, { signal, temporaryDir }).catch((error: unknown) => {
    throw isDrayageError(error) && errnoOf(error.cause) === "ENOENT" ? noFile(shown, error) : error;
  });
  const close = (): Promise<void> => Promise.resolve(file[Symbol.asyncDispose]());
  try {
    const index = indexArchive(file.path, shown);
    return archiveOf({ ...index, path: file.path, shown, copied: file.temporary, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface IndexedFile extends ArchiveIndex {
  readonly path: string;
  readonly shown: string;
  readonly copied: boolean;
  close(): Promise<void>;
}

function archiveOf({ path, shown, entries, byName, copied, close }: IndexedFile): Archive {
  function resolve(name: string): ArchiveEntry {
    const what = `${JSON.stringify(name)} of ${shown}`;
    const passed = new Set<string>();
    for (let key = cleanPath(name); passed.size <= linkLimit; ) {
      const entry = byName.get(key);
      if (entry === undefined) {
        const missing = `${shown} has no file ${JSON.stringify(key)}`;
        throw layoutInvalid(
          passed.size === 0 ? missing : `${missing}, where ${JSON.stringify(name)} leads to`,
        );
      }
      if (entry.type === "file") return entry;
      if (entry.type !== "symlink" && entry.type !== "link") {
        throw layoutInvalid(`${what} is no regular file (${entry.type})`);
      }
      passed.add(key);
      key = entry.type === "link" ? cleanPath(entry.linkname) : linkTarget(key, entry.linkname);
      if (passed.has(key)) throw layoutInvalid(`${what} is a link that leads back to itself`);
    }
    throw layoutInvalid(`${what} leads over more than ${linkLimit} links`);
  }

  const range = (from: number, to: number): Blob =>
    fileBlob(path, { offset: from, length: to - from, what: shown });
  const blobOf = (entry: ArchiveEntry): Blob => ({
    ...range(entry.dataOffset, entry.dataOffset + entry.size),
    what: `${JSON.stringify(entry.name)} of ${shown}`,
  });
  return {
    shown,
    entries,
    copied,
    find: (name) => byName.get(cleanPath(name)),
    resolve,
    range,
    blobOf,
    read: (name, { limit, signal }) => readBlob(blobOf(resolve(name)), { limit, signal }),
    async compressionOf(entry) {
      const { head } = await peekBlob(blobOf(entry), magicLength);
      return detectCompression(head);
    },
    [Symbol.asyncDispose]: close,
  };
}

function layoutInvalid(message: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", message);
}

function noFile(shown: string, cause: unknown): DrayageError {
  return new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `${shown}: there is no such file`, { cause });
}
