import { createBlobSequence, type StagedFile } from "@drayage/blob";
import { type Digest, parseDigest } from "@drayage/digest";
import { tarEnd, tarPadding } from "@drayage/tar";
import { type ArchiveOutput, fileBytes, fileHeader, symlinkHeader } from "./output.ts";

export interface FileOutputOptions {
  /** Where the entries start: what is before is in the file already. */
  readonly start: number;
  /** Moves the finished file to its place. */
  commit(): Promise<void>;
}

/** As many as the transports of folders take. */
const parallelBlobs = 6;

/** Stands for a digest that is not known yet: those that are found out have its length. */
const anyDigest: Digest = parseDigest(`sha256:${"0".repeat(64)}`);

/**
 * Entries in a new file. Blobs are drained straight to their places, behind room for their headers, which are written
 * last: nothing is spooled, and several blobs come at the same time where their sizes can be told.
 */
export function createFileOutput(file: StagedFile, options: FileOutputOptions): ArchiveOutput {
  const sequence = createBlobSequence(file, { start: options.start, padding: tarPadding });
  return {
    parallelBlobs,
    addBlob(blob, { nameOf, isNew, ...drainOptions }) {
      return sequence.add(blob, {
        ...drainOptions,
        room: (size = 0) => fileHeader(nameOf(blob.digest ?? anyDigest), size).length,
        header: ({ digest, size }) => (isNew(digest) ? fileHeader(nameOf(digest), size) : undefined),
      });
    },
    addFile: (name, bytes) => sequence.append(fileBytes(name, bytes)),
    addSymlink: (name, target) => sequence.append(symlinkHeader(name, target)),
    mark: () => sequence.settle(),
    rewind: (mark) => sequence.rewind(mark),
    async finish() {
      await sequence.append(tarEnd());
      await sequence.settle();
      await options.commit();
    },
    async discard() {
      await sequence.stop();
      await file.discard();
    },
  };
}
