import { isDigest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { type Descriptor, encodeGoJson, manifestLimit, type Platform } from "@drayage/manifest";
import { invalid, isObject, type JsonObject, parseObject } from "./json.ts";
import { refNameAnnotation } from "./names.ts";

/** One entry of a layout's index.json. */
export interface LayoutEntry {
  /** From 0. */
  readonly position: number;
  readonly name: string | undefined;
  /** Empty where the entry has none. */
  readonly mediaType: string;
  readonly platform: Platform | undefined;
  /** The entry as it stands, with fields that nobody here knows. */
  readonly raw: JsonObject;
}

/** A layout's index.json. */
export interface LayoutIndex {
  readonly entries: readonly LayoutEntry[];
  /** The whole document as it stands. */
  readonly document: JsonObject;
}

/** The index.json of a layout without images. */
export const emptyLayoutIndex: LayoutIndex = { entries: [], document: { schemaVersion: 2, manifests: [] } };

/**
 * Reads index.json. `where` names it in messages. What an entry says of itself is checked by
 * {@link entryDescriptor}, so that one bad entry does not hide the others.
 *
 * @throws ERR_DRAYAGE_LAYOUT_INVALID, ERR_DRAYAGE_LIMIT_EXCEEDED above 4 MiB
 */
export function parseLayoutIndex(bytes: Uint8Array, where: string): LayoutIndex {
  if (bytes.length > manifestLimit) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `${where}: it has ${bytes.length} bytes, and at most ${manifestLimit} are read`,
    );
  }
  const document = parseObject(bytes, where);
  const { schemaVersion, manifests } = document;
  if (schemaVersion !== undefined && schemaVersion !== 2) {
    throw invalid(where, `schemaVersion is ${JSON.stringify(schemaVersion)}, not 2`);
  }
  // Go reads null, and no list at all, as an empty list.
  const list = manifests ?? [];
  if (!Array.isArray(list)) throw invalid(where, "manifests is not a list");
  return layoutIndex(document, list, where);
}

/** The document with other entries, its entries parsed anew. */
export function withEntries(index: LayoutIndex, manifests: readonly JsonObject[]): LayoutIndex {
  return layoutIndex({ ...index.document, manifests }, manifests, "index.json");
}

function layoutIndex(document: JsonObject, list: readonly unknown[], where: string): LayoutIndex {
  return { document, entries: list.map((raw, position) => layoutEntry(raw, position, where)) };
}

function layoutEntry(raw: unknown, position: number, where: string): LayoutEntry {
  const here = `${where}: manifests[${position}]`;
  if (!isObject(raw)) throw invalid(here, "not an object");
  const { mediaType = "", annotations, platform } = raw;
  if (typeof mediaType !== "string") throw invalid(`${here}.mediaType`, "not text");
  if (annotations !== undefined && annotations !== null && !isObject(annotations)) {
    throw invalid(`${here}.annotations`, "not an object");
  }
  const name = annotations?.[refNameAnnotation];
  if (name !== undefined && typeof name !== "string") {
    throw invalid(`${here}.annotations`, `${refNameAnnotation} is not text`);
  }
  return {
    position,
    mediaType,
    name: name === "" ? undefined : name,
    platform: platformOf(platform, `${here}.platform`),
    raw,
  };
}

function platformOf(value: unknown, where: string): Platform | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw invalid(where, "not an object");
  const { os, architecture } = value;
  if (typeof os !== "string" || typeof architecture !== "string") {
    throw invalid(where, "os and architecture are not both text");
  }
  for (const key of ["variant", "os.version"]) {
    if (value[key] !== undefined && typeof value[key] !== "string") {
      throw invalid(`${where}.${key}`, "not text");
    }
  }
  const features = value["os.features"];
  if (features !== undefined && !(Array.isArray(features) && features.every((f) => typeof f === "string"))) {
    throw invalid(`${where}.os.features`, "not a list of text");
  }
  return value as unknown as Platform;
}

/**
 * What the entry points at, its digest and size checked.
 *
 * @throws ERR_DRAYAGE_LAYOUT_INVALID
 */
export function entryDescriptor(entry: LayoutEntry, where: string): Descriptor {
  const here = `${where}: manifests[${entry.position}]`;
  const { digest, size } = entry.raw;
  if (!isDigest(digest)) throw invalid(`${here}.digest`, `${show(digest)} is not a digest`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`${here}.size`, `${show(size)} is not a count of bytes`);
  }
  return { mediaType: entry.mediaType, digest, size };
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

const indexFields = ["schemaVersion", "mediaType", "manifests", "annotations"];
const entryFields = [
  "mediaType",
  "digest",
  "size",
  "urls",
  "annotations",
  "data",
  "platform",
  "artifactType",
];
const platformFields = ["architecture", "os", "os.version", "os.features", "variant"];

/**
 * index.json as skopeo writes it: fields in the order of its structures, annotations sorted, no blanks. Fields
 * that it does not know, and would drop, follow in the order in which they stood.
 */
export function encodeLayoutIndex(index: LayoutIndex): Uint8Array {
  const { schemaVersion = 2, annotations, ...rest } = index.document;
  const manifests = index.entries.map(({ raw }) => {
    const { annotations: own, platform, ...fields } = raw;
    return ordered(entryFields, {
      ...fields,
      annotations: sorted(own),
      platform: isObject(platform) ? ordered(platformFields, platform) : undefined,
    });
  });
  return encodeGoJson(
    ordered(indexFields, { ...rest, schemaVersion, manifests, annotations: sorted(annotations) }),
  );
}

function ordered(fields: readonly string[], value: JsonObject): JsonObject {
  const known = fields.filter((field) => Object.hasOwn(value, field));
  const others = Object.keys(value).filter((field) => !fields.includes(field));
  const kept = [...known, ...others].filter((field) => value[field] !== undefined);
  return Object.fromEntries(kept.map((field) => [field, value[field]]));
}

/** As a map, whose keys Go sorts. It leaves out one that is empty. */
function sorted(annotations: unknown): ReadonlyMap<string, unknown> | undefined {
  if (!isObject(annotations)) return undefined;
  const map = new Map(Object.entries(annotations));
  return map.size === 0 ? undefined : map;
}
