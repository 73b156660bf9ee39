import { DrayageError, throwIfAborted } from "@drayage/errors";
import type { DockerReference } from "@drayage/reference";
import type { DestinationOptions, ImageDestination, OperationOptions } from "@drayage/transport";
import { beginArchive } from "./begin.ts";
import { encodeManifestFile, encodeRepositories } from "./contents.ts";
import { createArchiveDestination } from "./destination.ts";
import { manifestFile, repositoriesFile } from "./names.ts";
import { type ArchiveReference, archiveReference, parseAdditionalTag, parseImageName } from "./reference.ts";

/** What takes the images of an archive, one after the other. */
export interface ImageTaker {
  openDestination(reference: ArchiveReference, options?: DestinationOptions): Promise<ImageDestination>;
}

/** Several images on their way into one archive. Nothing is at its place before {@link ArchiveWriter.commit}. */
export interface ArchiveWriter extends ImageTaker, AsyncDisposable {
  /**
   * A reference that stands for a new image of this archive, wherever a destination is asked for. Without a name the
   * image has none. One image is written after the other; the commit of its destination adds it to the archive.
   */
  reference(name?: string): ArchiveReference;
  /** Ends the archive, with the images whose destinations were committed. */
  commit(options?: OperationOptions): Promise<void>;
  /** Before the commit: leaves the place as it was. */
  close(): Promise<void>;
}

/**
 * Begins an archive of any number of images. Layers that they share are written once.
 *
 * @throws ERR_DRAYAGE_DESTINATION_EXISTS where there is an archive already, and `append` is not set
 */
export async function createArchiveWriter(
  path: string,
  options: DestinationOptions = {},
): Promise<ArchiveWriter> {
  const { output, contents } = await beginArchive(path, options);
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

  const writer: ArchiveWriter = {
    async openDestination(reference, { additionalTags } = {}) {
      if (state !== "open") throw misuse(path, `is ${state} already`);
      if (isTaken)
        throw misuse(path, "takes one image after the other: close the destination of the one before");
      const names = namesOf(reference, additionalTags);
      isTaken = true;
      const closed = async (): Promise<void> => {
        isTaken = false;
      };
      const start = await output.mark();
      return createArchiveDestination({ reference, output, start, contents, names, closed });
    },
    reference(name) {
      const dockerReference = name === undefined ? undefined : parseImageName(name);
      return archiveReference(path, { dockerReference, writer });
    },
    async commit({ signal } = {}) {
      if (state !== "open") throw misuse(path, `is ${state} already`);
      if (isTaken) throw misuse(path, "has an image that is not closed yet");
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

/** The destination of an image: in an archive of its own, or in the one that its reference was made for. */
export async function openArchiveDestination(
  reference: ArchiveReference,
  options: DestinationOptions = {},
): Promise<ImageDestination> {
  if (reference.writer !== undefined) return reference.writer.openDestination(reference, options);
  // Before anything is opened, so that a mistake in a name costs nothing.
  namesOf(reference, options.additionalTags);
  const writer = await createArchiveWriter(reference.path, options);
  const destination = await writer.openDestination(reference, options);
  const close = async (): Promise<void> => {
    try {
      await destination.close();
    } finally {
      await writer.close();
    }
  };
  return {
    ...destination,
    async commit(commitOptions) {
      await destination.commit(commitOptions);
      await destination.close();
      await writer.commit(commitOptions);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function namesOf(
  reference: ArchiveReference,
  additionalTags: readonly string[] = [],
): readonly DockerReference[] {
  if (reference.index !== undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_REFERENCE_INVALID",
      `docker-archive:${reference.text}: an image that is written has no index`,
      { hint: "write a name, or nothing, after the path" },
    );
  }
  const own = reference.dockerReference === undefined ? [] : [reference.dockerReference];
  return [...own, ...additionalTags.map(parseAdditionalTag)];
}

function misuse(path: string, reason: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `the writer of docker-archive:${path} ${reason}`);
}
