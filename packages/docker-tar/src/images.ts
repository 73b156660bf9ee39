import { DrayageError } from "@drayage/errors";
import type { DockerReference } from "@drayage/reference";
import type { Archive } from "./archive.ts";
import { isName, nameText, parseName } from "./contents.ts";
import { readManifestFile } from "./items.ts";
import { readLegacyImages } from "./legacy-read.ts";
import { type LoadedImage, loadItem } from "./load.ts";
import { manifestFile } from "./names.ts";

/** An image of an archive, not looked into yet. */
export interface ArchiveImage {
  /** Its names as the archive has them. */
  readonly names: readonly string[];
  load(signal?: AbortSignal): Promise<LoadedImage>;
}

/** The archive's images in its own order: those of `manifest.json`, else those of the format before docker 1.10. */
export async function readImages(archive: Archive, signal?: AbortSignal): Promise<readonly ArchiveImage[]> {
  if (archive.find(manifestFile) === undefined) return readLegacyImages(archive, signal);
  const items = await readManifestFile(archive, signal);
  return items.map((item, index) => ({
    names: item.RepoTags ?? [],
    load: (loadSignal) => loadItem(archive, { item, index }, loadSignal),
  }));
}

/**
 * The names of an archive's images as they are written in it, which is how skopeo lists them; `@N` for an image
 * without a name. Each is what may stand after the path in a reference.
 */
export function imageNames(images: readonly ArchiveImage[]): readonly string[] {
  return images.flatMap(({ names }, index) => {
    const known = names.filter((name) => parseName(name)?.tag !== undefined);
    return known.length === 0 ? [`@${index}`] : known;
  });
}

/** Which image of an archive is meant. Without name and index: the only one. */
export interface WantedImage {
  /** What messages call the archive. */
  readonly shown: string;
  /** The image's name, normalized and with a tag. */
  readonly dockerReference?: DockerReference | undefined;
  /** The image's place in the archive, from 0. */
  readonly index?: number | undefined;
}

/**
 * The image that is meant: by its name, by its index, or the only one.
 *
 * @throws ERR_DRAYAGE_IMAGE_NOT_FOUND, whose hint lists the names
 */
export function chooseImage(images: readonly ArchiveImage[], wanted: WantedImage): ArchiveImage {
  const { dockerReference, index, shown } = wanted;
  const hint = images.length === 0 ? "the archive is empty" : `it has ${listed(imageNames(images))}`;
  const notFound = (message: string): DrayageError =>
    new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `${shown}: ${message}`, { hint });
  if (dockerReference !== undefined) {
    const text = nameText(dockerReference);
    const found = images.find(({ names }) => names.some((name) => isName(name, text)));
    if (found === undefined) throw notFound(`there is no image ${text}`);
    return found;
  }
  if (index === undefined && images.length > 1) {
    throw notFound(`there are ${images.length} images, and the reference does not say which`);
  }
  const found = images[index ?? 0];
  if (found !== undefined) return found;
  throw notFound(
    index === undefined ? "there is no image" : `there is no image @${index}, only ${images.length}`,
  );
}

const listedNames = 20;

function listed(names: readonly string[]): string {
  const more = names.length - listedNames;
  return names.slice(0, listedNames).join(", ") + (more > 0 ? `, and ${more} more` : "");
}
