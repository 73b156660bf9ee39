import { DrayageError, throwIfAborted } from "@drayage/errors";
import type { ImageDestination, OperationOptions } from "@drayage/transport";
import { type ArchiveContents, encodeManifestFile, encodeRepositories } from "./contents.ts";
import { createArchiveDestination, type NewImage } from "./destination.ts";
import { manifestFile, repositoriesFile } from "./names.ts";
import type { ArchiveOutput } from "./output.ts";

export interface ImagesWriterOptions {
  readonly output: ArchiveOutput;
  /** What the output has already, and what is added to it. */
  readonly contents: ArchiveContents;
  /** What messages call the archive. */
  readonly shown: string;
}

/** Images on their way into one archive. */
export interface ImagesWriter extends AsyncDisposable {
  /** One image is written after the other; the commit of its destination adds it to the archive. */
  begin(image: NewImage): Promise<ImageDestination>;
  /** Ends the archive, with the images whose destinations were committed. */
  commit(options?: OperationOptions): Promise<void>;
  /** Before the commit: lets go of the output. */
  close(): Promise<void>;
}

/** Writes any number of images to an output. Layers that they share are written once. */
export function createImagesWriter({ output, contents, shown }: ImagesWriterOptions): ImagesWriter {
  let state: "open" | "committed" | "closed" = "open";
  let isTaken = false;

  async function finish(signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    try {
      await output.addFile(manifestFile, encodeManifestFile(contents));
      await output.addFile(repositoriesFile, encodeRepositories(contents));
      await output.finish();
      state = "committed";
    } catch (error) {
      await writer.close();
      throw error;
    }
  }

  const writer: ImagesWriter = {
    async begin(image) {
      if (state !== "open") throw misuse(shown, `is ${state} already`);
      if (isTaken)
        throw misuse(shown, "takes one image after the other: close the destination of the one before");
      isTaken = true;
      const closed = async (): Promise<void> => {
        isTaken = false;
      };
      const start = await output.mark();
      return createArchiveDestination({ ...image, output, start, contents, closed });
    },
    async commit({ signal } = {}) {
      if (state !== "open") throw misuse(shown, `is ${state} already`);
      if (isTaken) throw misuse(shown, "has an image that is not closed yet");
      await finish(signal);
    },
    async close() {
      if (state !== "open") return;
      state = "closed";
      await output.discard();
    },
    [Symbol.asyncDispose]: () => writer.close(),
  };
  return writer;
}

/** The destination of an archive's only image: its commit is that of the archive. */
export async function beginOnlyImage(writer: ImagesWriter, image: NewImage): Promise<ImageDestination> {
  const destination = await writer.begin(image);
  const close = async (): Promise<void> => {
    try {
      await destination.close();
    } finally {
      await writer.close();
    }
  };
  return {
    ...destination,
    async commit(options) {
      await destination.commit(options);
      await destination.close();
      await writer.commit(options);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function misuse(shown: string, reason: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `the writer of ${shown} ${reason}`);
}
