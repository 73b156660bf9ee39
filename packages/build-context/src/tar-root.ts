import { DrayageError } from "@drayage/errors";
import { type ByteString, byteStringOf, textOf } from "@drayage/pack";
import { opaqueWhiteout, type TarEvent, type TarHeader, whiteoutPrefix } from "@drayage/tar";
import { follow } from "./layer/destination.ts";
import { impliedFolder } from "./layer/made-folders.ts";
import { expandSparse } from "./layer/sparse.ts";
import { pathBelow } from "./patterns/clean-path.ts";
import type { RootEntry, RootView } from "./root-view.ts";

export interface TarRootOptions {
  /** What is in the tar. Read once where the root is asked, and once more for each file whose content is. */
  events(): AsyncIterable<TarEvent>;
  /** The folder that it goes to: with a slash at its end, or empty. */
  readonly prefix?: ByteString | undefined;
  readonly identity: NonNullable<RootView["identity"]>;
  /** How many entries are accepted: 5,000,000 where absent. */
  readonly entryLimit?: number | undefined;
}

/** A place that a tar says something of. */
interface Place {
  entry?: RootEntry | undefined;
  /** Of a file: which of the tar's entries has its content, or where it is in the root below. */
  content?: { readonly entry: number } | { readonly below: string } | undefined;
  /** What is here in the root below is hidden, and all that is in it. */
  hides?: boolean | undefined;
  /** What is in this folder in the root below is hidden. */
  isOpaque?: boolean | undefined;
  children?: Map<string, Place> | undefined;
}

/** A root as it is once a tar was unpacked into it as a layer, names that remove something included. Nothing is unpacked. */
export function tarRoot(below: RootView, options: TarRootOptions): RootView {
  let reading: Promise<Place> | undefined;
  async function places(): Promise<Place> {
    reading ??= unpackOnPaper(below, options);
    try {
      return await reading;
    } catch (error) {
      reading = undefined;
      throw error;
    }
  }
  const view: RootView = {
    lookup: async (path) => lookUp(await places(), below, path),
    async readFile(path, limit) {
      const found = await follow(view, path);
      if (found.entry?.type !== "file") return undefined;
      const place = placeAt(await places(), found.path);
      if (place?.entry === undefined || place.content === undefined) return below.readFile(found.path, limit);
      if ("below" in place.content) return below.readFile(place.content.below, limit);
      return contentOf(options.events(), place.content.entry, { path, limit });
    },
    async identity() {
      const [lower, own] = [await below.identity?.(), await options.identity()];
      return lower === undefined || own === undefined ? undefined : `${lower} ${own}`;
    },
  };
  return view;
}

function namesOf(path: string): readonly string[] {
  return path.split("/").filter((name) => name !== "");
}

function placeAt(root: Place, path: string): Place | undefined {
  let place: Place | undefined = root;
  for (const name of namesOf(path)) place = place?.children?.get(name);
  return place;
}

async function lookUp(root: Place, below: RootView, path: string): Promise<RootEntry | undefined> {
  let place: Place = root;
  let isHidden = false;
  for (const name of namesOf(path)) {
    if (place.entry !== undefined && place.entry.type !== "directory") return undefined;
    const child = place.children?.get(name);
    isHidden ||= place.isOpaque === true || child?.hides === true;
    if (child === undefined) return isHidden ? undefined : below.lookup(path);
    place = child;
  }
  return place.entry ?? (isHidden ? undefined : below.lookup(path));
}

async function unpackOnPaper(below: RootView, options: TarRootOptions): Promise<Place> {
  const { prefix = "", entryLimit = 5_000_000 } = options;
  const root: Place = {};
  const view: RootView = { lookup: (path) => lookUp(root, below, path), readFile: () => undefined };
  /** Where the folders of names lead to, until a link says otherwise. */
  const folders = new Map<string, string>();
  let index = -1;

  async function folderOf(names: string): Promise<string> {
    const known = folders.get(names);
    if (known !== undefined) return known;
    const { path, entry } = await follow(view, `/${names}`);
    if (entry === undefined) await makeFolders(path);
    folders.set(names, path);
    return path;
  }
  /** What leads to an entry is made where it is missing. */
  async function makeFolders(path: string): Promise<void> {
    let at = "";
    for (const name of namesOf(path)) {
      at = `${at}/${name}`;
      if ((await view.lookup(at)) === undefined)
        made(at).entry = impliedFolder({ owner: undefined, time: undefined });
    }
  }
  function made(path: string): Place {
    let place = root;
    for (const name of namesOf(path)) {
      place.children ??= new Map();
      const child = place.children.get(name) ?? {};
      place.children.set(name, child);
      place = child;
    }
    return place;
  }
  async function take(header: TarHeader): Promise<void> {
    const name = textOf(`${prefix}${pathBelow(byteStringOf(header.rawName))}`);
    const slash = name.lastIndexOf("/");
    const base = name.slice(slash + 1);
    if (base === "") return;
    const folder = await folderOf(name.slice(0, Math.max(0, slash)));
    if (base === opaqueWhiteout) {
      made(folder).isOpaque = true;
      folders.clear();
      return;
    }
    if (base.startsWith(whiteoutPrefix)) {
      made(`${folder}/${base.slice(whiteoutPrefix.length)}`).hides = true;
      folders.clear();
      return;
    }
    const path = `${folder === "/" ? "" : folder}/${base}`;
    const there = await view.lookup(path);
    const place = made(path);
    if (header.type === "link") {
      const target = await follow(
        view,
        `/${textOf(`${prefix}${pathBelow(byteStringOf(header.rawLinkname))}`)}`,
      );
      const { entry, content } = placeAt(root, target.path) ?? {};
      place.entry = entry ?? target.entry;
      place.content = entry === undefined ? { below: target.path } : content;
    } else {
      place.entry = entryOf(header);
      place.content = place.entry.type === "file" ? { entry: index } : undefined;
    }
    if (place.entry?.type === "directory" && there?.type === "directory") return;
    place.hides = true;
    place.children = undefined;
    if (there !== undefined || place.entry?.type === "symlink") folders.clear();
  }

  for await (const event of options.events()) {
    if (event.type !== "header") continue;
    index += 1;
    if (index >= entryLimit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `the tar has more than the ${entryLimit} entries that are accepted`,
      );
    }
    await take(event.header);
  }
  return root;
}

function entryOf({ type, mode, uid, gid, mtime, linkname, xattrs }: TarHeader): RootEntry {
  const own = { mode: mode & 0o7777, uid, gid, mtime, xattrs };
  if (type === "directory") return { type, ...own };
  if (type === "symlink") return { type, ...own, linkname };
  return { type: type === "file" || type === "sparse" ? "file" : "other", ...own };
}

async function contentOf(
  events: AsyncIterable<TarEvent>,
  wanted: number,
  { path, limit }: { readonly path: string; readonly limit: number },
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let index = -1;
  let expander: ReturnType<typeof expandSparse> | undefined;
  const add = (pieces: Iterable<Uint8Array>): void => {
    for (const piece of pieces) {
      size += piece.length;
      if (size > limit) {
        throw new DrayageError(
          "ERR_DRAYAGE_LIMIT_EXCEEDED",
          `${JSON.stringify(path)} has more than the ${limit} bytes that are accepted`,
        );
      }
      chunks.push(new Uint8Array(piece));
    }
  };
  for await (const event of events) {
    if (event.type === "header") {
      index += 1;
      if (index === wanted) expander = expandSparse(event.header);
    } else if (event.type === "data" && expander !== undefined) {
      add(expander.expand(event.bytes));
    } else if (event.type === "entry-end" && expander !== undefined) {
      add(expander.finish());
      return Buffer.concat(chunks);
    }
  }
  return undefined;
}
