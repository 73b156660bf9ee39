import { DrayageError, isDrayageError } from "@drayage/errors";
import { formatPlatform, mediaTypes } from "@drayage/manifest";
import { isObject, type JsonObject } from "./json.ts";
import { encodeLayoutIndex, type LayoutEntry, type LayoutIndex, withEntries } from "./layout-index.ts";
import { refNameAnnotation } from "./names.ts";
import type { LayoutPlace } from "./reference.ts";

/** What a reference means in a layout: one entry, or several that together are one multi-platform image. */
export type Selection =
  | { readonly kind: "entry"; readonly entry: LayoutEntry }
  | { readonly kind: "flat"; readonly entries: readonly LayoutEntry[] };

/** The entries that are meant. */
export function selectedEntries(selection: Selection): readonly LayoutEntry[] {
  return selection.kind === "flat" ? selection.entries : [selection.entry];
}

const accepted: readonly string[] = [
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
];

/**
 * Finds the image that `place` means, by the rules of containers/image: a name must equal the entry's exactly,
 * the first of an acceptable media type wins, and without a name there must be one entry.
 *
 * Beyond those rules, several entries that could be meant are one multi-platform image if nothing speaks
 * against it: each has a platform, no two have the same (attestations of `unknown/unknown` aside), and they
 * share one name or have none.
 *
 * @throws ERR_DRAYAGE_IMAGE_NOT_FOUND, ERR_DRAYAGE_MANIFEST_UNSUPPORTED, ERR_DRAYAGE_REFERENCE_INVALID where
 *   several images could be meant; each lists the names that there are.
 */
export function selectImage(index: LayoutIndex, place: Omit<LayoutPlace, "path">, where: string): Selection {
  const { entries } = index;
  if (place.position !== undefined) {
    const entry = entries[place.position];
    if (entry !== undefined) return { kind: "entry", entry };
    throw notFound(`${where}: there is no image @${place.position}`, index);
  }
  if (place.name !== undefined) return selectNamed(index, place.name, where);
  const [first, ...others] = entries;
  if (first === undefined) throw notFound(`${where}: the layout has no image`, index);
  if (others.length === 0) return { kind: "entry", entry: first };
  if (isFlatIndex(entries)) return { kind: "flat", entries };
  throw new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${where}: the layout has ${entries.length} images: name one`,
    { hint: namesHint(index) },
  );
}

/** As {@link selectImage}; undefined where there is no such image. */
export function findImage(...[index, place, where]: Parameters<typeof selectImage>): Selection | undefined {
  try {
    return selectImage(index, place, where);
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return undefined;
    throw error;
  }
}

function selectNamed(index: LayoutIndex, name: string, where: string): Selection {
  const named = index.entries.filter((entry) => entry.name === name);
  const usable = named.filter((entry) => accepted.includes(entry.mediaType));
  const [entry] = usable;
  if (entry !== undefined) {
    return usable.length > 1 && isFlatIndex(usable)
      ? { kind: "flat", entries: usable }
      : { kind: "entry", entry };
  }
  if (named.length === 0) throw notFound(`${where}: there is no image named ${JSON.stringify(name)}`, index);
  const types = named.map(({ mediaType }) => JSON.stringify(mediaType)).join(", ");
  throw new DrayageError(
    "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    `${where}: ${JSON.stringify(name)} names what is no image: media type ${types}`,
  );
}

/** The names of a layout's images, in its order, each once. */
export function layoutNames(index: LayoutIndex): readonly string[] {
  return [...new Set(index.entries.flatMap(({ name }) => (name === undefined ? [] : [name])))];
}

/** The bytes of the index that flat entries stand for: index.json's own where they are all of it. */
export function flatIndexBytes(
  index: LayoutIndex,
  entries: readonly LayoutEntry[],
  indexBytes: Uint8Array,
): Uint8Array {
  if (entries.length === index.entries.length) return indexBytes;
  const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex };
  const manifests = entries.map(({ raw }) => withoutName(raw));
  return encodeLayoutIndex(withEntries({ document, entries: [] }, manifests));
}

/** The entry without its name. */
export function withoutName(raw: JsonObject): JsonObject {
  const { annotations, ...rest } = raw;
  if (!isObject(annotations)) return raw;
  const { [refNameAnnotation]: _name, ...others } = annotations;
  return { ...rest, annotations: others };
}

function isFlatIndex(entries: readonly LayoutEntry[]): boolean {
  const platforms = new Set<string>();
  for (const { platform, mediaType } of entries) {
    if (platform === undefined || !accepted.includes(mediaType)) return false;
    if (platform.os === "unknown" && platform.architecture === "unknown") continue;
    const { os, architecture, variant, "os.version": version, "os.features": features } = platform;
    const key = JSON.stringify([os, architecture, variant, version, features]);
    if (platforms.has(key)) return false;
    platforms.add(key);
  }
  const names = new Set(entries.flatMap(({ name }) => (name === undefined ? [] : [name])));
  return platforms.size > 0 && names.size <= 1;
}

function notFound(message: string, index: LayoutIndex): DrayageError {
  return new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", message, { hint: namesHint(index) });
}

const hintLimit = 20;

function namesHint(index: LayoutIndex): string | undefined {
  if (index.entries.length === 0) return undefined;
  const shown = index.entries.slice(0, hintLimit).map(({ position, name, platform }) => {
    const label = name ?? `@${position}`;
    return platform === undefined ? label : `${label} (${formatPlatform(platform)})`;
  });
  const more = index.entries.length - shown.length;
  return `there are: ${shown.join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}
