import type { Blob, DrainOptions, DrainResult } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { encodeTarHeader, tarPadding } from "@drayage/tar";

/** A place in an archive that is being written, to which it can be wound back. */
export type OutputMark = number;

export interface AddBlobOptions extends DrainOptions {
  /** What the entry will be called, once the digest is known. */
  nameOf(digest: Digest): string;
  /**
   * Whether the archive lacks these bytes: else no entry is made. Asked once for each blob that came whole, in the order
   * of the entries.
   */
  isNew(digest: Digest): boolean;
  /** Called once the blob has its place, if others may follow before it is there. */
  readonly onPlace?: (() => void) | undefined;
}

/**
 * Where an archive's entries go, one after the other. Files have mode 0444, links 0000, all of them uid and gid 0 and
 * the time 0, so equal images give equal archives.
 */
export interface ArchiveOutput {
  /** How many blobs may be added at the same time. */
  readonly parallelBlobs: number;
  /** Drains a blob into a file of its own. Where it fails, no entry is made. */
  addBlob(blob: Blob, options: AddBlobOptions): Promise<DrainResult>;
  addFile(name: string, bytes: Uint8Array): Promise<void>;
  addSymlink(name: string, target: string): Promise<void>;
  /** The place behind all entries, once they are there. */
  mark(): Promise<OutputMark>;
  /** Takes back all entries since the mark, where the output can. What is on its way is aborted, and awaited. */
  rewind(mark: OutputMark): Promise<void>;
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

/** The entry of a small file, all of it. */
export function fileBytes(name: string, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([fileHeader(name, bytes.length), bytes, tarPadding(bytes.length)]);
}

export function symlinkHeader(name: string, linkname: string): Uint8Array {
  return encodeTarHeader({ name, type: "symlink", mode: 0, size: 0, mtime: epoch, linkname });
}
