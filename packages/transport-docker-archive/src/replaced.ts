import { type Archive, chooseImage, parseName, readImages } from "@drayage/docker-tar";
import { isDrayageError } from "@drayage/errors";
import type { DockerReference } from "@drayage/reference";

/** An image of an archive that gives way to a new one. */
export interface ReplacedImage {
  /** Its place in the archive, from 0. */
  readonly index: number;
  /** Its names, where the new one is given none; each has a tag. */
  readonly names: readonly DockerReference[];
  /** Whether nothing is left of the archive without it. */
  readonly isAlone: boolean;
}

/** The image of that name, or without a name the only one; undefined where there is none. */
export async function findReplaced(
  archive: Archive,
  name: DockerReference | undefined,
  signal: AbortSignal | undefined,
): Promise<ReplacedImage | undefined> {
  const images = await readImages(archive, signal);
  try {
    const image = chooseImage(images, { shown: archive.shown, dockerReference: name });
    const names = image.names.flatMap((written) => {
      const parsed = parseName(written);
      return parsed?.tag === undefined ? [] : [parsed];
    });
    return {
      index: images.indexOf(image),
      names: name === undefined ? names : [],
      isAlone: images.length === 1 && (name === undefined || names.length <= 1),
    };
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return undefined;
    throw error;
  }
}
