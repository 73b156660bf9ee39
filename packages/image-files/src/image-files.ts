import { DrayageError } from "@drayage/errors";
import type { Descriptor } from "@drayage/manifest";
import { bytesOfKey, keyOf, keyOfText, namesOf, textOfKey } from "./byte-path.ts";
import { fileContent } from "./content.ts";
import { contentReader, type StoredContent } from "./content-reader.ts";
import type { FileEntry } from "./file-entry.ts";
import {
  createLayerCache,
  type LayerCache,
  type LayerCacheOptions,
  type LayerSource,
} from "./layer-cache.ts";
import type { LayerFileFacts } from "./layer-tree.ts";
import { type Found, type Layers, lookUp, namesIn } from "./union.ts";

/** The files of an image as a container would see them, found without unpacking it. */
export interface ImageFiles extends AsyncDisposable {
  /** The layers, the base first. */
  readonly layers: readonly Descriptor[];
  /**
   * The file at a path, `/` for the root; links on the way are followed below the image's root, one at the path's end too
   * unless `follow` is false. Undefined where there is none. Reads layers from the top down until one decides.
   */
  stat(path: string | Uint8Array, options?: StatOptions): Promise<FileEntry | undefined>;
  /** What is in a folder, sorted by the bytes of the names; the file itself where it is no folder. Throws `ERR_DRAYAGE_FILE_NOT_FOUND`. */
  list(path: string | Uint8Array): Promise<readonly FileEntry[]>;
  /** The folder, and all below it; links are not followed. In the order of the paths' names, a folder before what is in it. */
  walk(path?: string | Uint8Array): AsyncIterable<FileEntry>;
  /**
   * A regular file's bytes, holes as zeros. The layer that they come from was verified when it was first read. Throws
   * `ERR_DRAYAGE_FILE_NOT_FOUND`, also for what is no regular file.
   */
  read(path: string | Uint8Array): AsyncIterable<Uint8Array>;
  /** For reading many files of this image: each layer is read once if the files are asked for in the order in which it has them. */
  contents(entries: readonly FileEntry[]): ImageContents;
  /** The same for all names (hard links) of one regular file, and for no other; undefined for what is no regular file. */
  fileKey(entry: FileEntry): string | undefined;
  /** The SHA-256 of a regular file's content in hex; only where the cache was made with `digests`. */
  contentDigest(entry: FileEntry): string | undefined;
}

/** The content of files that were announced. Disposing of it deletes temporary files. */
export interface ImageContents extends AsyncDisposable {
  /** Of a regular file, holes as zeros; of others nothing. In the order in which the files were announced, and each before the next. */
  read(entry: FileEntry): AsyncIterable<Uint8Array>;
}

export interface StatOptions {
  readonly follow?: boolean | undefined;
}

export interface OpenImageFilesOptions extends LayerCacheOptions {
  readonly signal?: AbortSignal | undefined;
  /** Shared with another image; it is then not this one's to dispose of. */
  readonly cache?: LayerCache | undefined;
}

/**
 * Opens the files of an image. Nothing is read yet.
 *
 * @param layers as its manifest lists them, the base first
 */
export function openImageFiles(
  source: LayerSource,
  layers: readonly Descriptor[],
  options: OpenImageFilesOptions = {},
): ImageFiles {
  const { signal } = options;
  const cache = options.cache ?? createLayerCache(options);
  const fromTop = layers.filter((layer) => !isThrowaway(layer)).reverse();
  const union: Layers = {
    count: fromTop.length,
    tree: (index) => cache.tree(source, layerAt(index), signal),
  };
  const contents = new WeakMap<FileEntry, LayerFileFacts>();

  function layerAt(index: number): Descriptor {
    const layer = fromTop[index];
    if (layer === undefined) throw new RangeError(`there is no layer ${index}`);
    return layer;
  }
  function entryOf({ names, facts }: Found): FileEntry {
    const entry = makeEntry(names, facts);
    if (facts !== undefined) contents.set(entry, facts);
    return entry;
  }
  function stored(entry: FileEntry): StoredContent<Descriptor> | undefined {
    const { layer } = entry;
    const facts = contents.get(entry);
    return facts?.type !== "file" || layer === undefined ? undefined : { ...facts, layer };
  }
  async function required(path: string | Uint8Array): Promise<Found> {
    const found = await lookUp(union, namesOfPath(path));
    if (found !== undefined) return found;
    const link = await lookUp(union, namesOfPath(path), { follow: false });
    const target = JSON.stringify(link?.facts?.linkname);
    throw notFound(path, link === undefined ? "is not in" : `is a link to ${target}, which is not in`);
  }
  async function child(folder: readonly string[], name: string): Promise<Found> {
    const names = [...folder, name];
    const found = await lookUp(union, names, { follow: false });
    if (found === undefined) throw notFound(textOfKey(names.join("/")), "is not in");
    return { ...found, names };
  }
  async function* walkFrom(found: Found): AsyncGenerator<FileEntry, void, undefined> {
    yield entryOf(found);
    if (!isFolder(found)) return;
    for (const name of await namesIn(union, found.names)) yield* walkFrom(await child(found.names, name));
  }

  return {
    layers,
    async stat(path, { follow } = {}) {
      const found = await lookUp(union, namesOfPath(path), { follow });
      return found === undefined ? undefined : entryOf(found);
    },
    async list(path) {
      const found = await required(path);
      if (!isFolder(found)) return [entryOf(found)];
      const entries: FileEntry[] = [];
      for (const name of await namesIn(union, found.names))
        entries.push(entryOf(await child(found.names, name)));
      return entries;
    },
    async *walk(path = "/") {
      yield* walkFrom(await required(path));
    },
    async *read(path) {
      const { facts, index } = await required(path);
      if (facts?.type !== "file") throw notFound(path, "is no regular file in");
      const layer = layerAt(index);
      yield* fileContent(await cache.blob(source, layer, signal), facts, signal);
    },
    contents(entries) {
      const reader = contentReader(
        entries.map(stored).filter((content) => content !== undefined),
        {
          signal,
          temporaryDir: options.temporaryDir,
          blob: (layer) => cache.blob(source, layer, signal),
        },
      );
      return {
        async *read(entry) {
          const content = stored(entry);
          if (content !== undefined) yield* reader.read(content);
        },
        [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
      };
    },
    fileKey(entry) {
      const content = stored(entry);
      return content && `${content.layer.digest} ${content.dataOffset}`;
    },
    contentDigest: (entry) => contents.get(entry)?.contentDigest,
    async [Symbol.asyncDispose]() {
      if (options.cache === undefined) await cache[Symbol.asyncDispose]();
    },
  };
}

/** Docker's first manifests name a layer also where a step changed no file. */
function isThrowaway(layer: Descriptor): boolean {
  return "emptyLayer" in layer && layer.emptyLayer === true;
}

function isFolder({ facts }: Found): boolean {
  return facts === undefined || facts.type === "directory";
}

function namesOfPath(path: string | Uint8Array): readonly string[] {
  return namesOf(typeof path === "string" ? keyOfText(path) : keyOf(path));
}

const noTime = { seconds: 0, nanoseconds: 0 };

function makeEntry(names: readonly string[], facts: LayerFileFacts | undefined): FileEntry {
  const key = `/${names.join("/")}`;
  const place = { path: textOfKey(key), rawPath: bytesOfKey(key) };
  if (facts === undefined) {
    const folder = { type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, mtime: noTime } as const;
    return {
      ...place,
      ...folder,
      linkname: "",
      rawLinkname: new Uint8Array(),
      devmajor: 0,
      devminor: 0,
      xattrs: new Map(),
      layer: undefined,
    };
  }
  const { type, mode, uid, gid, size, mtime, linkname, devmajor, devminor, xattrs, layer } = facts;
  const rawLinkname = bytesOfKey(facts.target);
  return {
    ...place,
    ...{ type, mode, uid, gid, size, mtime, linkname, rawLinkname, devmajor, devminor, xattrs, layer },
  };
}

function notFound(path: string | Uint8Array, what: string): DrayageError {
  const name = typeof path === "string" ? path : textOfKey(keyOf(path));
  return new DrayageError("ERR_DRAYAGE_FILE_NOT_FOUND", `${JSON.stringify(name)} ${what} the image`, {
    side: "source",
    hint: "list the folder that it should be in, or its root, to see what there is",
  });
}
