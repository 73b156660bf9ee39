import type { Blob, DrainOptions, DrainResult } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { encodeTarHeader } from "@drayage/tar";

/** A place in an archive that is being written, to which it can be wound back. */
export type OutputMark = number;

export interface AddBlobOptions extends DrainOptions {
  /** What the entry will be called, once the digest is known. */
  nameOf(digest: Digest): string;
  /** Whether the archive holds these bytes already: then no entry is made. */
  has(digest: Digest): boolean;
}

/**
 * Where an archive's entries go, one after the other. Files have mode 0444, links 0000, all of them uid and gid 0 and
 * the time 0, so equal images give equal archives.
 */
export interface ArchiveOutput {
  /** Drains a blob into a file of its own. Where it fails, no entry is made. */
  addBlob(blob: Blob, options: AddBlobOptions): Promise<DrainResult>;
  addFile(name: string, bytes: Uint8Array): Promise<void>;
  addSymlink(name: string, target: string): Promise<void>;
  mark(): OutputMark;
  /** Takes back all entries since the mark, where the output can. */
  rewind(mark: OutputMark): void;
  /** Ends the archive, and lets it appear at its place. */
  finish(): Promise<void>;
  /** Lets go of the output. Before {@link finish}, what was at the place stays as it was. */
  discard(): Promise<void>;
}

/** The size of a tar block. */
export const blockSize = 512;

const epoch = { seconds: 0, nanoseconds: 0 };

export function fileHeader(name: string, size: number): Uint8Array {
  return encodeTarHeader({ name, type: "file", mode: 0o444, size, mtime: epoch });
}

export function symlinkHeader(name: string, linkname: string): Uint8Array {
  return encodeTarHeader({ name, type: "symlink", mode: 0, size: 0, mtime: epoch, linkname });
}
