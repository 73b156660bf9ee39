import { ftruncateSync } from "node:fs";
import { type Blob, type DrainResult, drain, type StagedFile } from "@drayage/blob";
import { ioError } from "@drayage/errors";
import { tarEnd, tarPadding } from "@drayage/tar";
import { type AddBlobOptions, type ArchiveOutput, blockSize, fileHeader, symlinkHeader } from "./output.ts";
import { writeAt } from "./positioned.ts";
import { shiftForward } from "./shift.ts";

export interface FileOutputOptions {
  /** Where the entries start: what is before is in the file already. */
  readonly start: number;
  /** Moves the finished file to its place. */
  commit(): Promise<void>;
}

/**
 * Entries in a new file. A blob whose digest or size only shows when it has flowed is drained straight to its place,
 * behind room for its header, which is written last: nothing is spooled.
 */
export function createFileOutput(file: StagedFile, options: FileOutputOptions): ArchiveOutput {
  let position = options.start;
  let isDiscarded = false;

  async function append(bytes: Uint8Array): Promise<void> {
    await writeAt(file, bytes, position);
    position += bytes.length;
  }

  function truncate(length: number): void {
    try {
      ftruncateSync(file.fd, length);
    } catch (error) {
      throw ioError(error, "shorten", { path: file.path });
    }
    position = length;
  }

  async function addBlob(blob: Blob, add: AddBlobOptions): Promise<DrainResult> {
    const start = position;
    const known = blob.digest === undefined ? undefined : fileHeader(add.nameOf(blob.digest), blob.size ?? 0);
    const room = known?.length ?? blockSize;
    try {
      const result = await drain(
        blob,
        { kind: "file", fd: file.fd, path: file.path, position: start + room },
        add,
      );
      if (add.has(result.digest)) {
        truncate(start);
        return result;
      }
      const header = fileHeader(add.nameOf(result.digest), result.size);
      if (header.length > room) {
        // Only for a size that an ustar header cannot hold (8 GiB and more), and was not known before.
        const move = { from: start + room, to: start + header.length, length: result.size };
        await shiftForward(file, move, add.signal);
      }
      await writeAt(file, header, start);
      position = start + header.length + result.size;
      await append(tarPadding(result.size));
      return result;
    } catch (error) {
      truncate(start);
      throw error;
    }
  }

  return {
    addBlob,
    async addFile(name, bytes) {
      await append(fileHeader(name, bytes.length));
      await append(bytes);
      await append(tarPadding(bytes.length));
    },
    addSymlink: (name, target) => append(symlinkHeader(name, target)),
    mark: () => position,
    rewind(mark) {
      if (!isDiscarded) truncate(mark);
    },
    async finish() {
      await append(tarEnd());
      await options.commit();
    },
    async discard() {
      isDiscarded = true;
      await file.discard();
    },
  };
}
