import { type Digest, isDigest } from "@drayage/digest";
import { isImageMediaType, isIndexMediaType, manifestLimit } from "@drayage/manifest";
import { isObject, type JsonObject } from "./json.ts";
import type { LayoutEntry } from "./layout-index.ts";
import type { LayoutFiles } from "./source.ts";

/** The blobs that some images of a layout consist of. */
export interface Reach {
  readonly digests: ReadonlySet<Digest>;
  /** Whether every manifest on the way could be read; otherwise there may be more. One that is absent needs nothing. */
  readonly complete: boolean;
}

/**
 * Everything that the images of `entries` may need: every digest that stands in their manifests, and in those of
 * their members, but for `subject`, which is an image of its own.
 */
export function mayNeed(files: LayoutFiles, entries: readonly LayoutEntry[]): Promise<Reach> {
  return walk(files, entries, mentioned);
}

/** What the images of `entries` consist of: their manifests, configs, layers and members. */
export function consistOf(files: LayoutFiles, entries: readonly LayoutEntry[]): Promise<Reach> {
  return walk(files, entries, parts);
}

type Collect = (document: JsonObject) => Iterable<Digest>;

async function walk(files: LayoutFiles, entries: readonly LayoutEntry[], collect: Collect): Promise<Reach> {
  const digests = new Set<Digest>();
  const pending = entries.flatMap(({ raw, mediaType }) =>
    isDigest(raw.digest) ? [{ digest: raw.digest, mediaType }] : [],
  );
  const seen = new Set<Digest>();
  let complete = true;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { digest, mediaType } = next;
    digests.add(digest);
    if (seen.has(digest)) continue;
    seen.add(digest);
    const document = await readDocument(files, digest);
    if (document === "absent") continue;
    if (document === "opaque") {
      // An entry may name anything; only what should be a manifest is missed.
      if (isImageMediaType(mediaType) || isIndexMediaType(mediaType)) complete = false;
      continue;
    }
    for (const found of collect(document)) digests.add(found);
    pending.push(...members(document));
  }
  return { digests, complete };
}

async function readDocument(files: LayoutFiles, digest: Digest): Promise<JsonObject | "absent" | "opaque"> {
  const origin = await files.locate(digest);
  if (origin === undefined) return "absent";
  if (origin.length > manifestLimit) return "opaque";
  const text = new TextDecoder().decode(await files.readRange(origin));
  try {
    const document: unknown = JSON.parse(text);
    return isObject(document) ? document : "opaque";
  } catch {
    return "opaque";
  }
}

function members(document: JsonObject): { digest: Digest; mediaType: string }[] {
  return listOf(document.manifests).flatMap((item) => {
    if (!isObject(item) || !isDigest(item.digest)) return [];
    return [{ digest: item.digest, mediaType: typeof item.mediaType === "string" ? item.mediaType : "" }];
  });
}

function* mentioned({ subject: _subject, ...document }: JsonObject): Generator<Digest, void, undefined> {
  const pending: unknown[] = [document];
  while (pending.length > 0) {
    const value = pending.pop();
    if (isDigest(value)) yield value;
    else if (Array.isArray(value)) for (const item of value) pending.push(item);
    else if (isObject(value)) for (const item of Object.values(value)) pending.push(item);
  }
}

function* parts({ config, layers, blobs, fsLayers }: JsonObject): Generator<Digest, void, undefined> {
  for (const item of [config, ...listOf(layers), ...listOf(blobs), ...listOf(fsLayers)]) {
    if (!isObject(item)) continue;
    // Docker's first schema calls a layer's digest `blobSum`.
    const digest = item.digest ?? item.blobSum;
    if (isDigest(digest)) yield digest;
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
