import { mkdir, readdir, stat, unlink, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { readFileLimited, writeFileAtomic } from "@drayage/blob";
import { type Digest, digestBytes, isDigest } from "@drayage/digest";
import type { LayerKey } from "./key.ts";
import type { LayerBlobFacts, LayerFacts } from "./layer-facts.ts";

/**
 * What the layers of unchanged trees are, remembered between runs. It only ever spares work: whoever uses it asks for a blob of
 * the digest, which is verified wherever it is read, and what is read anew is compared. Nothing of it ever fails.
 */
export interface LayerCache {
  /** What the layer of this key is; undefined where that is not known. */
  find(key: LayerKey): Promise<LayerFacts | undefined>;
  /** Remembers it, unless files were changed while the key was made. Blobs of the same tar that are known already stay known. */
  record(key: LayerKey, facts: LayerFacts): Promise<void>;
}

export interface LayerCacheOptions {
  /** `drayage/layers` in `$XDG_CACHE_HOME`, or in `~/.cache`, where absent. */
  readonly folder?: string | undefined;
  /** Where `XDG_CACHE_HOME` and `HOME` are looked up; those of the process where absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** How many layers are remembered, about; 4096 where absent. Those that were not asked for the longest are forgotten first. */
  readonly limit?: number | undefined;
}

/** A cache of one small file for each layer, which any number of processes may use at a time. */
export function layerCache(options: LayerCacheOptions = {}): LayerCache {
  const { env = process.env, limit = 4096 } = options;
  const folder = options.folder ?? defaultFolder(env);
  const perShelf = Math.max(1, Math.ceil(limit / shelves));

  const shelfOf = ({ hash }: LayerKey): string => join(folder, hash.slice(0, 2));
  const pathOf = (key: LayerKey): string => join(shelfOf(key), `${key.hash}.json`);

  /** Whether nobody else can have written what is found there, which says what an image will hold. */
  async function isTrusted(key: LayerKey): Promise<boolean> {
    return (await isOurs(folder)) && (await isOurs(shelfOf(key)));
  }

  async function read(key: LayerKey): Promise<LayerFacts | undefined> {
    const path = pathOf(key);
    if (!(await isOurs(path))) return undefined;
    return tolerant(async () => decode(await readFileLimited(path, fileLimit), key));
  }

  async function find(key: LayerKey): Promise<LayerFacts | undefined> {
    const path = pathOf(key);
    if (!(await isTrusted(key))) return undefined;
    const facts = await read(key);
    if (facts === undefined) return undefined;
    const now = new Date();
    await tolerant(() => utimes(path, now, now));
    return facts;
  }

  async function record(key: LayerKey, facts: LayerFacts): Promise<void> {
    if (!key.settled) return;
    await tolerant(async () => {
      const path = pathOf(key);
      await mkdir(shelfOf(key), { recursive: true, mode: 0o700 });
      if (!(await isTrusted(key))) return;
      const merged = merge(await read(key), facts);
      await writeFileAtomic(path, Buffer.from(encode(merged, key)), { mode: 0o600 });
      await tidy(shelfOf(key), perShelf);
    });
  }

  return { find, record };
}

/** Knows nothing and remembers nothing. */
export const noLayerCache: LayerCache = {
  find: async () => undefined,
  record: async () => undefined,
};

/** By the first two digits of the key. */
const shelves = 256;
const fileLimit: number = 64 * 1024;
const version = 3;
const longestNote = 4096;
/** How many blobs of one tar are remembered. */
const mostBlobs = 16;

function defaultFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_CACHE_HOME: named, HOME: home } = env;
  // XDG Base Directory Specification: a relative path is to be ignored.
  const caches =
    named !== undefined && isAbsolute(named)
      ? named
      : join(home === undefined || home === "" ? homedir() : home, ".cache");
  return join(caches, "drayage", "layers");
}

/** Undefined where it fails: a cache that cannot be read knows nothing, and one that cannot be written stays as it is. */
async function tolerant<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}

/** Whether it belongs to this user, and nobody else may write to it. */
async function isOurs(path: string): Promise<boolean> {
  const stats = await tolerant(() => stat(path));
  if (stats === undefined) return false;
  // A system without users of numbers has other ways to keep others out.
  const self = process.geteuid?.();
  return self === undefined || (stats.uid === self && (stats.mode & 0o022) === 0);
}

async function tidy(shelf: string, limit: number): Promise<void> {
  const names = (await readdir(shelf)).filter((name) => name.endsWith(".json"));
  if (names.length <= limit) return;
  const aged: { readonly path: string; readonly used: number }[] = [];
  for (const name of names) {
    const path = join(shelf, name);
    const stats = await tolerant(() => stat(path));
    if (stats !== undefined) aged.push({ path, used: stats.mtimeMs });
  }
  aged.sort((a, b) => a.used - b.used);
  for (const { path } of aged.slice(0, aged.length - limit)) await tolerant(() => unlink(path));
}

function merge(before: LayerFacts | undefined, facts: LayerFacts): LayerFacts {
  if (before?.diffId !== facts.diffId) return facts;
  const isNew = ({ compression, level }: LayerBlobFacts): boolean =>
    !facts.blobs.some((blob) => blob.compression === compression && blob.level === level);
  return { ...facts, blobs: [...facts.blobs, ...before.blobs.filter(isNew)].slice(0, mostBlobs) };
}

function encode({ diffId, tarSize, blobs, note }: LayerFacts, { hash }: LayerKey): string {
  const members = blobs.map(({ compression, level, digest, size }) => ({ compression, level, digest, size }));
  const written = { version, key: hash, diffId, tarSize, blobs: members, note };
  return JSON.stringify({ ...written, check: checkOf(written) });
}

/** A disk that changes a digit would change the image: no blob is at hand to compare the digest of its tar with. */
function checkOf(written: unknown): Digest {
  return digestBytes(new TextEncoder().encode(JSON.stringify(written)));
}

/** What a file says; undefined for one that is damaged, of another version, or of another key whose name it was given. */
function decode(bytes: Uint8Array, { hash }: LayerKey): LayerFacts | undefined {
  const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (!isRecord(value) || value.version !== version || value.key !== hash) return undefined;
  const { check, ...written } = value;
  if (check !== checkOf(written)) return undefined;
  const { diffId, tarSize, blobs, note } = written;
  if (note !== undefined && (typeof note !== "string" || note.length > longestNote)) return undefined;
  if (!isDigest(diffId) || !isSize(tarSize) || !Array.isArray(blobs)) return undefined;
  const read = blobs.map(decodeBlob);
  const good = read.filter((blob) => blob !== undefined);
  if (good.length !== read.length) return undefined;
  return { diffId, tarSize, blobs: good, ...(note === undefined ? {} : { note }) };
}

function decodeBlob(value: unknown): LayerBlobFacts | undefined {
  if (!isRecord(value)) return undefined;
  const { compression, level, digest, size } = value;
  if (compression !== "none" && compression !== "gzip" && compression !== "zstd") return undefined;
  if (level !== undefined && !Number.isInteger(level)) return undefined;
  if (!isDigest(digest) || !isSize(size)) return undefined;
  return { compression, level: typeof level === "number" ? level : undefined, digest, size };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
