import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  type Annotations,
  type Descriptor,
  type ExtraFields,
  type IndexMediaType,
  mediaTypes,
  type Platform,
  parseImageIndex,
} from "@drayage/manifest";

/**
 * A list of images that can be changed: docker's manifest list or an OCI index, which of them it is being decided when it is encoded.
 * Plain data that nothing changes; each change makes another list.
 */
export interface ImageList {
  readonly entries: readonly Descriptor[];
  readonly annotations?: Annotations | undefined;
  readonly subject?: Descriptor | undefined;
  readonly artifactType?: string | undefined;
  /** Fields that no specification names, kept as they came. */
  readonly extra?: ExtraFields | undefined;
  /** What it was read as, or is to stay as long as that has room for all its data; absent for a list that is new. */
  readonly mediaType?: IndexMediaType | undefined;
}

/** A list that has nothing in it. */
export const emptyList: ImageList = Object.freeze({ entries: [] });

/** Throws `ERR_DRAYAGE_MANIFEST_INVALID`, `ERR_DRAYAGE_MANIFEST_UNSUPPORTED` for what is no list, `ERR_DRAYAGE_LIMIT_EXCEEDED`. */
export function parseList(bytes: Uint8Array, mediaType?: string): ImageList {
  const index = parseImageIndex(bytes, mediaType);
  const { manifests, annotations, subject, artifactType, extra, document } = index;
  // As the Go tools write a list that nothing was ever added to.
  const isNew = document.manifests === null && index.mediaType === mediaTypes.dockerManifestList;
  return {
    entries: manifests,
    ...(annotations === undefined ? {} : { annotations }),
    ...(subject === undefined ? {} : { subject }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(extra === undefined ? {} : { extra }),
    ...(isNew ? {} : { mediaType: index.mediaType }),
  };
}

/** Adds an entry at the end. One of the same digest that was there goes, as in the Go tools. */
export function addEntry(list: ImageList, entry: Descriptor): ImageList {
  return addEntries(list, [entry]);
}

/** The same for many. */
export function addEntries(list: ImageList, entries: readonly Descriptor[]): ImageList {
  const last = new Map<Digest, Descriptor>();
  for (const entry of entries) {
    last.delete(entry.digest);
    last.set(entry.digest, entry);
  }
  return { ...list, entries: [...list.entries.filter(({ digest }) => !last.has(digest)), ...last.values()] };
}

/** @throws `ERR_DRAYAGE_IMAGE_NOT_FOUND` */
export function removeEntry(list: ImageList, digest: Digest): ImageList {
  findEntry(list, digest);
  return { ...list, entries: list.entries.filter((entry) => entry.digest !== digest) };
}

/** @throws `ERR_DRAYAGE_IMAGE_NOT_FOUND` */
export function findEntry({ entries }: ImageList, digest: Digest): Descriptor {
  const found = entries.find((entry) => entry.digest === digest);
  if (found !== undefined) return found;
  throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `the list has no entry ${digest}`, {
    hint: "dray manifest inspect shows its entries",
  });
}

/** What can be said of an entry. What is absent stays; an empty text or list takes it away. */
export interface EntryChanges {
  readonly os?: string | undefined;
  readonly architecture?: string | undefined;
  readonly variant?: string | undefined;
  readonly osVersion?: string | undefined;
  readonly osFeatures?: readonly string[] | undefined;
  /** Of the CPU: docker's lists only, and kept in an index as a field that its readers skip. */
  readonly features?: readonly string[] | undefined;
  /** Added to those that it has. */
  readonly annotations?: Annotations | undefined;
  readonly removeAnnotations?: readonly string[] | undefined;
  readonly urls?: readonly string[] | undefined;
  readonly artifactType?: string | undefined;
}

/** Changes what the list says of an entry. @throws `ERR_DRAYAGE_IMAGE_NOT_FOUND` */
export function annotateEntry(list: ImageList, digest: Digest, changes: EntryChanges): ImageList {
  findEntry(list, digest);
  return {
    ...list,
    entries: list.entries.map((entry) => (entry.digest === digest ? changedEntry(entry, changes) : entry)),
  };
}

function changedEntry(entry: Descriptor, changes: EntryChanges): Descriptor {
  const { urls, artifactType } = changes;
  return withoutEmpty({
    ...entry,
    annotations: changedAnnotations(entry.annotations, changes),
    ...(urls === undefined ? {} : { urls }),
    ...(artifactType === undefined ? {} : { artifactType }),
    platform: changedPlatform(entry.platform, changes),
  });
}

function changedAnnotations(
  before: Annotations | undefined,
  { annotations, removeAnnotations = [] }: Pick<EntryChanges, "annotations" | "removeAnnotations">,
): Annotations {
  const kept = Object.entries(before ?? {}).filter(([key]) => !removeAnnotations.includes(key));
  return Object.fromEntries([...kept, ...Object.entries(annotations ?? {})]);
}

function changedPlatform(platform: Platform | undefined, changes: EntryChanges): Platform | undefined {
  const { os, architecture, variant, osVersion, osFeatures, features } = changes;
  const given = Object.entries({
    architecture,
    os,
    "os.version": osVersion,
    "os.features": osFeatures,
    variant,
    features,
  }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return platform;
  const before = platform ?? { architecture: "", os: "" };
  return platformOf({ ...before, ...(Object.fromEntries(given) as Partial<Platform>) });
}

/** A platform without what is empty; undefined where nothing is left. */
export function platformOf(platform: Platform): Platform | undefined {
  const { architecture, os, extra, ...others } = platform;
  const kept = Object.entries(others).filter(([, value]) => value !== undefined && value.length > 0);
  if (architecture === "" && os === "" && kept.length === 0 && extra === undefined) return undefined;
  return { architecture, os, ...Object.fromEntries(kept), ...(extra === undefined ? {} : { extra }) };
}

function withoutEmpty(entry: Descriptor): Descriptor {
  const { annotations, urls, artifactType, platform, ...others } = entry;
  return {
    ...others,
    ...(annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(urls === undefined || urls.length === 0 ? {} : { urls }),
    ...(artifactType ? { artifactType } : {}),
    ...(platform === undefined ? {} : { platform }),
  };
}

/** What can be said of the list itself. What is absent stays. */
export interface ListChanges {
  /** Added to those that it has. */
  readonly annotations?: Annotations | undefined;
  readonly removeAnnotations?: readonly string[] | undefined;
  /** Null takes it away. */
  readonly subject?: Descriptor | null | undefined;
  /** Empty takes it away. */
  readonly artifactType?: string | undefined;
}

export function annotateList(list: ImageList, changes: ListChanges): ImageList {
  const { annotations: before, subject: _s, artifactType: _t, ...others } = list;
  const annotations = changedAnnotations(before, changes);
  const subject = changes.subject === undefined ? list.subject : (changes.subject ?? undefined);
  const artifactType = changes.artifactType ?? list.artifactType;
  return {
    ...others,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(subject === undefined ? {} : { subject }),
    ...(artifactType ? { artifactType } : {}),
  };
}

/** The types of lists. */
export const listTypes: { readonly oci: IndexMediaType; readonly docker: IndexMediaType } = {
  oci: mediaTypes.ociIndex,
  docker: mediaTypes.dockerManifestList,
};
