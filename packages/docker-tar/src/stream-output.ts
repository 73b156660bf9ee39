import {
  type Blob,
  createStagedFile,
  type DrainResult,
  drain,
  fileBlob,
  temporaryFolder,
} from "@drayage/blob";
import { DrayageError } from "@drayage/errors";
import { tarEnd, tarPadding } from "@drayage/tar";
import { type AddBlobOptions, type ArchiveOutput, fileBytes, fileHeader, symlinkHeader } from "./output.ts";

/** What takes an archive in order. */
export interface ArchiveStream {
  /** Fulfilled once the bytes may be changed again. */
  write(bytes: Uint8Array): Promise<void>;
  /** The archive is whole. Fulfilled once it has arrived. */
  end(): Promise<void>;
  /** The archive stays unfinished. May be called again, and after {@link end}. */
  abandon(): Promise<void>;
}

export interface StreamOutputOptions {
  /** What the stream is, for messages. */
  readonly shown: string;
  /** Where blobs of unknown digest or size wait until both are known. */
  readonly temporaryDir?: string | undefined;
}

/**
 * Entries to a stream. A blob whose digest and size are known flows straight through; another is kept in a temporary
 * file first, since a header cannot be corrected once it has been sent.
 */
export function createStreamOutput(stream: ArchiveStream, options: StreamOutputOptions): ArchiveOutput {
  let written = 0;
  let broken = false;

  async function append(bytes: Uint8Array): Promise<void> {
    if (broken) throw brokenOff(options.shown);
    broken = true;
    await stream.write(bytes);
    broken = false;
    written += bytes.length;
  }

  async function send(blob: Blob, name: string, add: Partial<AddBlobOptions>): Promise<DrainResult> {
    if (blob.size === undefined) throw new TypeError("a blob's size is known before it is sent");
    await append(fileHeader(name, blob.size));
    broken = true;
    // What fails half-way leaves an entry that nothing can complete.
    const result = await drain(blob, { kind: "writer", write: (bytes) => stream.write(bytes) }, add);
    broken = false;
    written += result.size;
    await append(tarPadding(result.size));
    return result;
  }

  async function spool(blob: Blob, add: AddBlobOptions): Promise<DrainResult> {
    const folder = await temporaryFolder(options.temporaryDir);
    await using file = await createStagedFile(folder, { mode: 0o600 });
    const result = await drain(blob, file.sink, add);
    const { digest, size } = result;
    if (add.isNew(digest)) {
      await send(fileBlob(file.path, { digest, size }), add.nameOf(digest), { signal: add.signal });
    }
    return result;
  }

  return {
    parallelBlobs: 1,
    async addBlob(blob, add) {
      const { digest, size } = blob;
      if (digest === undefined || size === undefined) return spool(blob, add);
      if (add.isNew(digest)) return send(blob, add.nameOf(digest), add);
      return drain(blob, { kind: "writer", write: () => undefined }, add);
    },
    addFile: (name, bytes) => append(fileBytes(name, bytes)),
    addSymlink: (name, target) => append(symlinkHeader(name, target)),
    mark: async () => written,
    async rewind(mark) {
      // Whole entries that no manifest names do no harm, and cannot be called back.
      if (mark > written) throw new RangeError("the mark is of another output");
    },
    async finish() {
      await append(tarEnd());
      await stream.end();
    },
    discard: () => stream.abandon(),
  };
}

function brokenOff(shown: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_IO", `cannot write to ${shown}: an earlier write failed half-way`, {
    hint: "begin anew with an empty destination",
  });
}
