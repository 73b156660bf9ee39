import { layerMediaType } from "@drayage/copy";
import { type Digest, isDigest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  type Annotations,
  chooseInstance,
  type Descriptor,
  formatPlatform,
  type HistoryEntry,
  isIndexMediaType,
  layerTypeOf,
  manifestDigest,
  mediaTypes,
  type Platform,
  parseImageIndex,
  parseImageManifest,
} from "@drayage/manifest";
import type { ImageSource, OperationOptions } from "@drayage/transport";
import { editConfig, type KeptHistory } from "./edit-config.ts";
import { type Edited, type EditOptions, editSource } from "./edit-source.ts";
import { type EditableImage, type ImageEdit, isOci, readEditable } from "./image.ts";
import { type ConflictChoice, Merger, mergeConfigs, type ThreeWay } from "./merge-config.ts";
import { ofBase } from "./of-base.ts";
import { suits } from "./platforms.ts";
import { requireDiffIds } from "./rewrite-layers.ts";

/** The base that an image says it has, by its annotations. */
export interface NamedBase {
  /** `org.opencontainers.image.base.name` */
  readonly name: string;
  /** `org.opencontainers.image.base.digest`; undefined for the new base: what the name means now. */
  readonly digest: Digest | undefined;
}

export interface RebaseOptions extends EditOptions {
  /** What the image was built upon: an image, or an index of them. */
  readonly oldBase?: ImageSource | undefined;
  readonly newBase?: ImageSource | undefined;
  /** What the new base is called, for the annotation; what the image's annotation says where absent. */
  readonly newBaseName?: string | undefined;
  /** Opens bases that are not given, by the image's annotations. It closes what it opened. */
  readonly openBase?: ((base: NamedBase) => Promise<ImageSource>) | undefined;
  /** Whose value counts where the image and the new base both changed a field: the image's (`ours`) or the base's. An error where absent. */
  readonly conflicts?: ConflictChoice | undefined;
}

const nameOfBase = "org.opencontainers.image.base.name";
const digestOfBase = "org.opencontainers.image.base.digest";

/**
 * The image, or images of an index, upon another base: its layers instead of the old base's, and what it says, where the image did not say
 * otherwise. Only manifests and configs are read.
 *
 * @throws `ERR_DRAYAGE_CONFLICT` where the image is not built upon the old base, or both changed the same fields, which are all named;
 * `ERR_DRAYAGE_USAGE` where a base is neither given nor named by the image; `ERR_DRAYAGE_PLATFORM_NOT_FOUND`, and what reading throws
 */
export async function rebase(source: ImageSource, options: RebaseOptions): Promise<Edited> {
  return editSource(source, (image) => rebased(image, options), options);
}

async function rebased(image: EditableImage, options: RebaseOptions): Promise<ImageEdit | undefined> {
  const named = image.manifest.annotations?.[nameOfBase];
  const digest = image.manifest.annotations?.[digestOfBase];
  const oldSource = options.oldBase ?? (await open(options, { name: named, digest }, "old"));
  const newSource = options.newBase ?? (await open(options, { name: named, digest: undefined }, "new"));
  const base = await imageFor(oldSource, image.platform, options).catch(ofBase("old"));
  const theirs = await imageFor(newSource, image.platform, options).catch(ofBase("new"));
  const count = checkUpon(image, base);
  const name = options.newBaseName ?? (options.newBase === undefined ? named : undefined);
  if (base.digest === theirs.digest) {
    // It stands where it stood. A name that is given may be another.
    if (name === undefined || !isOci(image)) return undefined;
    return { annotations: basedOn(image.manifest.annotations, theirs, name) };
  }
  requireDiffIds(theirs.config, theirs.manifest.layers);
  const three = { base, ours: image, theirs };
  const merger = new Merger(options.conflicts);
  const merged = mergeConfigs({ base: base.config, ours: image.config, theirs: theirs.config }, merger);
  const annotations = mergedAnnotations(three, merger, name);
  if (merger.conflicts.length > 0) throw conflict(image, merger.conflicts);
  const diffIds = [
    ...(theirs.config.rootfs?.diff_ids ?? []),
    ...(image.config.rootfs?.diff_ids ?? []).slice(count),
  ];
  const layers = [
    ...theirs.manifest.layers.map((layer) => inFamily(layer, image)),
    ...image.manifest.layers.slice(count),
  ];
  const history = splicedHistory(three, count, layers.length);
  return {
    config: editConfig(image.config, { ...merged, diffIds, history }),
    layers,
    annotations,
    other: { source: theirs.source, manifest: theirs.manifest },
  };
}

async function open(
  { openBase }: RebaseOptions,
  { name, digest }: { readonly name: string | undefined; readonly digest: string | undefined },
  what: "old" | "new",
): Promise<ImageSource> {
  const usable = name !== undefined && name !== "" && (what === "new" || isDigest(digest));
  if (openBase === undefined || !usable) {
    const wanted = what === "new" ? nameOfBase : `${nameOfBase} and ${digestOfBase}`;
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `which the ${what} base is, is not said: the image has no annotation ${wanted}`,
      {
        hint: `name it: --${what}-base`,
      },
    );
  }
  return openBase({ name, digest: isDigest(digest) ? digest : undefined }).catch(ofBase(what));
}

/** The image of a base for a platform. */
async function imageFor(
  source: ImageSource,
  platform: Platform,
  { signal }: OperationOptions,
): Promise<EditableImage> {
  let { bytes, mediaType } = await source.manifest(undefined, { signal });
  let digest = manifestDigest(bytes);
  for (let depth = 0; isIndexMediaType(mediaType) && depth < 8; depth++) {
    const { os, architecture, variant } = platform;
    const chosen = chooseInstance(parseImageIndex(bytes, mediaType), {
      platform: { os, architecture, variant },
    });
    digest = chosen.digest;
    ({ bytes, mediaType } = await source.manifest(digest, { signal }));
  }
  const manifest = parseImageManifest(bytes, mediaType);
  const image = await readEditable(source, { digest, manifest, entry: undefined }, { signal });
  const { os, architecture } = platform;
  if (suits({ os, architecture }, image.platform)) return image;
  throw new DrayageError(
    "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
    `it is for ${formatPlatform(image.platform)}, and the image for ${formatPlatform(platform)}`,
    { hint: "name a base that has the image's platform, or choose images of an index with --platform" },
  );
}

/** How many of the image's layers are the base's. */
function checkUpon(image: EditableImage, base: EditableImage): number {
  requireDiffIds(image.config, image.manifest.layers);
  requireDiffIds(base.config, base.manifest.layers);
  const own = image.config.rootfs?.diff_ids ?? [];
  const wanted = base.config.rootfs?.diff_ids ?? [];
  const at = wanted.findIndex((diffId, index) => own[index] !== diffId);
  if (at < 0) return wanted.length;
  throw new DrayageError(
    "ERR_DRAYAGE_CONFLICT",
    `the image for ${formatPlatform(image.platform)} is not built upon the old base: its layer ${at + 1} is ` +
      `${own[at] ?? "missing"}, and the base's ${wanted[at]}`,
    {
      hint: "give the base that it was built upon: dray inspect --config shows its layers in rootfs.diff_ids",
    },
  );
}

function conflict({ platform }: EditableImage, paths: readonly string[]): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_CONFLICT",
    `the image for ${formatPlatform(platform)} and the new base both changed ${paths.join(", ")}`,
    { hint: "say whose values count: --conflicts ours (the image's) or --conflicts theirs (the new base's)" },
  );
}

/** Annotations that the image has of its base follow it; those that only the new base has do not come. */
function mergedAnnotations(
  three: ThreeWay<EditableImage>,
  merger: Merger,
  name: string | undefined,
): Annotations | undefined {
  if (!isOci(three.ours)) return undefined;
  const after = new Map<string, string>();
  for (const [key, ours] of Object.entries(three.ours.manifest.annotations ?? {})) {
    const base = three.base.manifest.annotations?.[key];
    const theirs = three.theirs.manifest.annotations?.[key];
    const isOwn = base === undefined || key === nameOfBase || key === digestOfBase || key === createdName;
    const value = isOwn ? ours : merger.value({ base, ours, theirs }, `annotations[${JSON.stringify(key)}]`);
    if (typeof value === "string") after.set(key, value);
  }
  return basedOn(Object.fromEntries(after), three.theirs, name);
}

/** The annotations with what they say of the base. A name that is not known any more would be a lie. */
function basedOn(
  annotations: Annotations | undefined,
  { digest }: EditableImage,
  name: string | undefined,
): Annotations {
  const { [nameOfBase]: _, ...kept } = annotations ?? {};
  return { ...kept, [digestOfBase]: digest, ...(name === undefined ? {} : { [nameOfBase]: name }) };
}

const createdName = "org.opencontainers.image.created";

/** The new base's history, and behind it what the image's says of its own layers. */
function splicedHistory(
  { base, ours, theirs }: ThreeWay<EditableImage>,
  count: number,
  total: number,
): readonly (HistoryEntry | KeptHistory)[] | undefined {
  const own = ours.config.history ?? [];
  const before = base.config.history ?? [];
  const isPrefix = layersIn(before) === count && before.every((entry, at) => sameEntry(entry, own[at]));
  const start = isPrefix ? before.length : behindLayers(own, count);
  const kept = own.map((_, at): KeptHistory => ({ at })).slice(start);
  const spliced = [...(theirs.config.history ?? []), ...kept];
  const made = layersIn(theirs.config.history ?? []) + layersIn(own.slice(start));
  // A history that tells of other layers than there are is refused by many.
  return made === total ? spliced : [];
}

function layersIn(history: readonly HistoryEntry[]): number {
  return history.filter((entry) => entry.empty_layer !== true).length;
}

function sameEntry(a: HistoryEntry, b: HistoryEntry | undefined): boolean {
  return (
    b !== undefined && a.created_by === b.created_by && (a.empty_layer ?? false) === (b.empty_layer ?? false)
  );
}

function behindLayers(history: readonly HistoryEntry[], count: number): number {
  let left = count;
  const at = history.findIndex((entry) => {
    if (left === 0) return true;
    if (entry.empty_layer !== true) left -= 1;
    return false;
  });
  return at < 0 ? history.length : at;
}

/** A layer of the new base as the image's manifest names it. */
function inFamily(layer: Descriptor, image: EditableImage): Descriptor {
  const type = layerTypeOf(layer.mediaType);
  const family = isOci(image) ? "oci" : "docker";
  if (type === undefined || type.family === family) return layer;
  if (!type.distributable) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
      `layer ${layer.digest} of the new base may not be given to others, and has no name in the image's format`,
      { hint: "copy the image to the base's format first: --format" },
    );
  }
  const manifestType = isOci(image) ? mediaTypes.ociManifest : mediaTypes.dockerManifest;
  const { digest, size } = layer;
  return { mediaType: layerMediaType(manifestType, type.compression), digest, size };
}
