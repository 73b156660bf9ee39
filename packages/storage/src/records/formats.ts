import { type Digest, isDigest } from "@drayage/digest";
import type { IdMapping } from "../driver.ts";
import type { Fields } from "./fields.ts";
import type {
  BigDataFacts,
  ContainerRecord,
  ImageRecord,
  LayerCompression,
  LayerRecord,
  RecordKind,
  RecordOf,
  StoredRecord,
} from "./types.ts";

/** Where a record stands. */
export interface RecordPlace {
  readonly graphRoot: string | undefined;
  readonly readOnly: boolean;
  readonly volatile: boolean;
}

/** How the records of one kind stand in their file. */
export interface RecordFormat<R extends StoredRecord> {
  /** The members in the order of containers/storage's struct. */
  readonly order: readonly string[];
  decode(fields: Fields, place: RecordPlace): R;
}

const layerFormat: RecordFormat<LayerRecord> = {
  order: [
    "id",
    "names",
    "parent",
    "metadata",
    "mountlabel",
    "created",
    "compressed-diff-digest",
    "compressed-size",
    "diff-digest",
    "toc-digest",
    "diff-size",
    "compression",
    "uidset",
    "gidset",
    "flags",
    "uidmap",
    "gidmap",
    "big-data-names",
  ],
  decode(fields, place) {
    const diffDigest = fields.digest("diff-digest");
    const compressedDigest = fields.digest("compressed-diff-digest");
    const { id, names, metadata, created, flags, bigDataNames } = sharedFields(fields, place);
    // Written out, as copying members with `...` makes objects of twice the size and a hundred times the time to freeze.
    return Object.freeze({
      id,
      names,
      metadata,
      created,
      flags,
      bigDataNames,
      graphRoot: place.graphRoot,
      readOnly: place.readOnly,
      volatile: place.volatile,
      kind: "layer",
      parent: nonEmpty(fields.text("parent")),
      mountLabel: nonEmpty(fields.text("mountlabel")),
      compressedDigest,
      compressedSize: compressedDigest && (fields.integer("compressed-size") ?? 0),
      diffDigest,
      // Go leaves out a size of 0.
      diffSize: diffDigest && (fields.integer("diff-size") ?? 0),
      tocDigest: fields.digest("toc-digest"),
      compression: compressionNames[fields.integer("compression") ?? 0] ?? "unknown",
      uids: fields.integers("uidset"),
      gids: fields.integers("gidset"),
      uidMap: fields.mappings("uidmap"),
      gidMap: fields.mappings("gidmap"),
      incomplete: flags.incomplete === true,
    } as const);
  },
};

const imageFormat: RecordFormat<ImageRecord> = {
  order: [
    "id",
    "digest",
    "names",
    "names-history",
    "layer",
    "mapped-layers",
    "metadata",
    "big-data-names",
    "big-data-sizes",
    "big-data-digests",
    "created",
    "flags",
  ],
  decode(fields, place) {
    const bigData = bigDataFacts(fields);
    const manifests = [...bigData].flatMap(([key, { digest }]) =>
      isManifestKey(key) && digest !== undefined ? [digest] : [],
    );
    const digest = fields.digest("digest") ?? manifests[0];
    const { id, names, metadata, created, flags, bigDataNames } = sharedFields(fields, place);
    return Object.freeze({
      id,
      names,
      metadata,
      created,
      flags,
      bigDataNames,
      graphRoot: place.graphRoot,
      readOnly: place.readOnly,
      volatile: place.volatile,
      kind: "image",
      digest,
      digests: Object.freeze([...new Set(digest === undefined ? manifests : [digest, ...manifests])]),
      namesHistory: fields.texts("names-history"),
      layer: nonEmpty(fields.text("layer")),
      mappedLayers: fields.texts("mapped-layers"),
      bigData,
    } as const);
  },
};

const containerFormat: RecordFormat<ContainerRecord> = {
  order: [
    "id",
    "names",
    "image",
    "layer",
    "metadata",
    "big-data-names",
    "big-data-sizes",
    "big-data-digests",
    "created",
    "uidmap",
    "gidmap",
    "flags",
  ],
  decode: (fields, place) =>
    Object.freeze({
      ...sharedFields(fields, place),
      kind: "container",
      image: nonEmpty(fields.text("image")),
      layer: fields.text("layer") ?? "",
      uidMap: fields.mappings("uidmap"),
      gidMap: fields.mappings("gidmap"),
      bigData: bigDataFacts(fields),
    } as const),
};

const formats: { readonly [K in RecordKind]: RecordFormat<RecordOf[K]> } = {
  layer: layerFormat,
  image: imageFormat,
  container: containerFormat,
};

export function formatOf<K extends RecordKind>(kind: K): RecordFormat<RecordOf[K]> {
  return formats[kind];
}

const compressionNames: readonly LayerCompression[] = ["none", "bzip2", "gzip", "xz", "zstd"];

/** The number that stands for a compression; undefined for what is not written down. */
export function compressionNumber(compression: LayerCompression): number | undefined {
  const number = compressionNames.indexOf(compression);
  return number > 0 ? number : undefined;
}

/** Big data whose digest names the image, as containers/storage has it. */
export function isManifestKey(key: string): boolean {
  return key.startsWith("manifest");
}

/** An id range as it stands in a file. */
export function encodeMappings(mappings: readonly IdMapping[] | undefined): object[] | undefined {
  if (mappings === undefined || mappings.length === 0) return undefined;
  return mappings.map((one) => ({ container_id: one.containerId, host_id: one.hostId, size: one.size }));
}

/** A list, left out where it is empty, as Go's `omitempty` does. */
export function unlessEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

export function mapUnlessEmpty(map: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> | undefined {
  return map.size === 0 ? undefined : map;
}

function sharedFields(fields: Fields, { graphRoot, readOnly, volatile }: RecordPlace): StoredRecord {
  const id = fields.text("id") ?? "";
  // It becomes the name of folders, with some characters before or behind it, and is printed.
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/.test(id)) {
    throw fields.invalid("id", "cannot be the name of a folder");
  }
  return {
    id,
    names: fields.texts("names"),
    metadata: nonEmpty(fields.text("metadata")),
    created: fields.text("created") ?? "0001-01-01T00:00:00Z",
    flags: flagsOf(fields),
    bigDataNames: fields.texts("big-data-names"),
    graphRoot,
    readOnly,
    volatile,
  };
}

const noFlags: StoredRecord["flags"] = Object.freeze({});

function flagsOf(fields: Fields): StoredRecord["flags"] {
  const flags = fields.map("flags");
  return flags.size === 0 ? noFlags : Object.freeze(Object.fromEntries(flags));
}

function bigDataFacts(fields: Fields): ReadonlyMap<string, BigDataFacts> {
  const sizes = fields.map("big-data-sizes");
  const digests = fields.map("big-data-digests");
  return new Map(
    fields.texts("big-data-names").map((key) => {
      const size = sizes.get(key);
      const digest = digests.get(key);
      return [
        key,
        Object.freeze({
          size: typeof size === "number" ? size : -1,
          digest: digestOrNothing(digest),
        }),
      ];
    }),
  );
}

function digestOrNothing(value: unknown): Digest | undefined {
  return isDigest(value) ? value : undefined;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
