import type { Digest } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { encodeGoJson } from "@drayage/manifest";
import { type DockerReference, parseNormalizedNamed } from "@drayage/reference";

/** One object of `manifest.json`. Members that drayage does not know are kept. */
export interface ManifestItem {
  Config: string;
  RepoTags: string[] | null;
  Layers: string[] | null;
  [member: string]: unknown;
}

/** A layer that an archive holds. */
export interface StoredLayer {
  /** The entry's name. */
  readonly path: string;
  /** In bytes, uncompressed. */
  readonly size: number;
}

/** What an archive that is being written holds so far. */
export interface ArchiveContents {
  readonly items: ManifestItem[];
  /** The items by the digests of their configs. */
  readonly itemOfConfig: Map<Digest, ManifestItem>;
  readonly layers: Map<Digest, StoredLayer>;
  /** Names of entries that may not be used again. */
  readonly names: Set<string>;
  /** Ids of the legacy directories. */
  readonly legacyIds: Set<string>;
  /** Name, then tag, to the id of the top legacy layer. */
  readonly repositories: Map<string, Map<string, string>>;
}

export function emptyContents(): ArchiveContents {
  return {
    items: [],
    itemOfConfig: new Map(),
    layers: new Map(),
    names: new Set(),
    legacyIds: new Set(),
    repositories: new Map(),
  };
}

/** An image whose blobs are in the archive. */
export interface FinishedImage {
  readonly configDigest: Digest;
  readonly configPath: string;
  readonly layerPaths: readonly string[];
  /** The id of its top legacy layer; absent for an image without layers. */
  readonly topLegacyId: string | undefined;
  readonly names: readonly DockerReference[];
  /** The image that gives way to it, unless other names of its own are left. */
  readonly replaced?: ManifestItem | undefined;
}

/** Names the image in `manifest.json` and `repositories`. A name that another image had moves to this one. */
export function addImage(contents: ArchiveContents, image: FinishedImage): void {
  const item = itemOf(contents, image);
  for (const reference of image.names) {
    const text = nameText(reference);
    for (const other of contents.items) if (other !== item) dropTag(other, text);
    if (!item.RepoTags?.some((tag) => isName(tag, text))) item.RepoTags = [...(item.RepoTags ?? []), text];
    dropRepositoryTag(contents.repositories, reference);
    if (image.topLegacyId === undefined) continue;
    const tags = contents.repositories.get(reference.name) ?? new Map<string, string>();
    contents.repositories.set(reference.name, tags.set(reference.tag ?? "", image.topLegacyId));
  }
  const { replaced } = image;
  if (replaced !== undefined && replaced !== item && !hasName(replaced)) giveWay(contents, replaced, item);
}

function hasName({ RepoTags }: ManifestItem): boolean {
  return (RepoTags ?? []).some((tag) => parseName(tag)?.tag !== undefined);
}

/** The new image has the place of the one before. */
function giveWay(contents: ArchiveContents, before: ManifestItem, after: ManifestItem): void {
  const { items, itemOfConfig } = contents;
  const others = items.filter((item) => item !== after);
  const place = others.indexOf(before);
  if (place < 0) return;
  items.splice(0, items.length, ...others.with(place, after));
  for (const [digest, item] of itemOfConfig) if (item === before) itemOfConfig.delete(digest);
}

function itemOf(contents: ArchiveContents, image: FinishedImage): ManifestItem {
  const known = contents.itemOfConfig.get(image.configDigest);
  if (known !== undefined) return known;
  const item: ManifestItem = { Config: image.configPath, RepoTags: [], Layers: [...image.layerPaths] };
  contents.items.push(item);
  contents.itemOfConfig.set(image.configDigest, item);
  return item;
}

function dropTag(item: ManifestItem, text: string): void {
  if (item.RepoTags?.some((tag) => isName(tag, text)) !== true) return;
  item.RepoTags = item.RepoTags.filter((tag) => !isName(tag, text));
}

function dropRepositoryTag(repositories: ArchiveContents["repositories"], reference: DockerReference): void {
  for (const [repository, tags] of repositories) {
    if (parseName(repository)?.name !== reference.name) continue;
    tags.delete(reference.tag ?? "");
    if (tags.size === 0) repositories.delete(repository);
  }
}

/** `docker.io/library/busybox:latest`: the form in which archives are written. */
export function nameText({ name, tag }: DockerReference): string {
  return `${name}:${tag ?? ""}`;
}

/** Whether a name in an archive, as it was written there, is `text` once it is normalized. */
export function isName(written: string, text: string): boolean {
  const reference = parseName(written);
  return reference?.tag !== undefined && nameText(reference) === text;
}

/** A name of an archive; undefined where it is none, such as the `<none>:<none>` of some writers. */
export function parseName(written: string): DockerReference | undefined {
  try {
    return parseNormalizedNamed(written);
  } catch (error) {
    if (isDrayageError(error)) return undefined;
    throw error;
  }
}

/** `manifest.json` as Go's `encoding/json` writes it. */
export function encodeManifestFile({ items }: ArchiveContents): Uint8Array {
  return encodeGoJson(items);
}

/** `repositories`, its keys sorted as Go sorts those of a map. */
export function encodeRepositories({ repositories }: ArchiveContents): Uint8Array {
  return encodeGoJson(repositories);
}
