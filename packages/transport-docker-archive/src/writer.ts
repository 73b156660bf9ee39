import {
  beginOnlyImage,
  createImagesWriter,
  type NewImage,
  parseAdditionalTag,
  parseImageName,
} from "@drayage/docker-tar";
import { DrayageError } from "@drayage/errors";
import type { DockerReference } from "@drayage/reference";
import type { DestinationOptions, ImageDestination, OperationOptions } from "@drayage/transport";
import { beginArchive } from "./begin.ts";
import { type ArchiveReference, archiveReference } from "./reference.ts";

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
  const begun = await beginArchive(path, options);
  const images = createImagesWriter({ ...begun, shown: `docker-archive:${path}` });
  const writer: ArchiveWriter = {
    openDestination: async (reference, { additionalTags } = {}) =>
      images.begin(newImage(reference, additionalTags)),
    reference(name) {
      const dockerReference = name === undefined ? undefined : parseImageName(name);
      return archiveReference(path, { dockerReference, writer });
    },
    commit: (commitOptions) => images.commit(commitOptions),
    close: () => images.close(),
    [Symbol.asyncDispose]: () => images.close(),
  };
  return writer;
}

/** The destination of an image: in an archive of its own, or in the one that its reference was made for. */
export async function openArchiveDestination(
  reference: ArchiveReference,
  options: DestinationOptions = {},
): Promise<ImageDestination> {
  if (reference.writer !== undefined) return reference.writer.openDestination(reference, options);
  const { path } = reference;
  // Before anything is opened, so that a mistake in a name costs nothing.
  const image = newImage(reference, options.additionalTags);
  const { replaced, ...begun } = await beginArchive(path, options, reference.dockerReference);
  const writer = createImagesWriter({ ...begun, shown: `docker-archive:${path}` });
  if (replaced === undefined) return beginOnlyImage(writer, image);
  return beginOnlyImage(writer, {
    ...image,
    names: [...replaced.names, ...image.names],
    replaced: begun.contents.items[replaced.index],
  });
}

function newImage(reference: ArchiveReference, additionalTags?: readonly string[]): NewImage {
  return {
    reference,
    shown: `docker-archive:${reference.text}`,
    names: namesOf(reference, additionalTags),
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
