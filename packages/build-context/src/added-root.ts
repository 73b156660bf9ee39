import { readFileLimited } from "@drayage/blob";
import { type ByteString, byteStringOf, textOf, xattrReader } from "@drayage/pack";
import { loadSys } from "@drayage/sys";
import { rootEntryOf } from "./folder-root.ts";
import { follow } from "./layer/destination.ts";
import { impliedFolder } from "./layer/made-folders.ts";
import { keptFolders, parentsOf } from "./layer/plan.ts";
import type { SourceListing } from "./options.ts";
import type { Prepared } from "./pack-sources.ts";
import type { RootEntry, RootView } from "./root-view.ts";
import { archiveEvents } from "./sources/archive.ts";
import type { Download } from "./sources/download.ts";
import { type Item, type LocalItem, patternPath } from "./sources/find-sources.ts";
import { locate } from "./sources/locate.ts";
import { readFileIn } from "./sources/read-file-in.ts";
import { tarRoot } from "./tar-root.ts";

interface Added {
  readonly entry: RootEntry;
  /** Of a file: its content. */
  readonly read?: ((limit: number) => ReturnType<RootView["readFile"]>) | undefined;
}

/**
 * A root with sources added to it. What is asked for is looked up where it comes from, and no folder is walked; archives are read once,
 * when something is asked for.
 */
export function addedRoot(prepared: Prepared, below: RootView, list: () => Promise<SourceListing>): RootView {
  let root = withFolders(prepared, below);
  for (const item of prepared.found.items) {
    root = item.kind === "archive" ? withArchive(root, item, prepared) : withItem(root, item, prepared);
  }
  return {
    ...root,
    async identity() {
      const known = await below.identity?.();
      if (known === undefined) return undefined;
      const { key } = await list();
      return key.settled ? `${known} ${key.hash}` : undefined;
    },
  };
}

/** The folders that lead to the destination are there. */
export function withFolders(
  { destination, changes }: Pick<Prepared, "destination" | "changes">,
  below: RootView,
): RootView {
  const leading = new Map(
    destination.leading.map(({ path, entry }) => [path, entry ?? impliedFolder(changes)]),
  );
  return { ...below, lookup: (path) => leading.get(nameOf(path)) ?? below.lookup(path) };
}

function withArchive(below: RootView, item: LocalItem, { context, destination }: Prepared): RootView {
  return tarRoot(below, {
    async *events() {
      using place = locate(context.root, item.path, { follow: true });
      if (place !== undefined) yield* archiveEvents(place, {});
    },
    prefix: prefixOf(destination),
    identity: () => undefined,
  });
}

function withItem(below: RootView, item: Item, prepared: Prepared): RootView {
  const prefix = prefixOf(prepared.destination);
  const find = (path: ByteString): Added | undefined =>
    path.startsWith(prefix) ? addedBy(item, path.slice(prefix.length), prepared) : undefined;
  return withEntries(below, {
    lookup: (path) => find(path)?.entry,
    read: async (path, limit) => find(path)?.read?.(limit),
  });
}

/** What is added to a root, by its paths without a slash in front. */
interface AddedEntries {
  lookup(path: ByteString): RootEntry | undefined;
  /** The content of a regular file. */
  read(path: ByteString, limit: number): Promise<Uint8Array | undefined>;
}

/** A root with more in it. */
export function withEntries(below: RootView, added: AddedEntries): RootView {
  const view: RootView = {
    lookup: (path) => added.lookup(nameOf(path)) ?? below.lookup(path),
    async readFile(path, limit) {
      const { path: target } = await follow(view, path);
      return (await added.read(nameOf(target), limit)) ?? below.readFile(target, limit);
    },
    ...(below.identity && { identity: () => below.identity?.() }),
  };
  return view;
}

export function prefixOf({ folder }: Prepared["destination"]): ByteString {
  return folder === "" ? "" : `${folder}/`;
}

/** A path as bytes, without the slash in front. */
function nameOf(path: string): ByteString {
  return byteStringOf(new TextEncoder().encode(path.slice(1)));
}

/** What an item has under a name below the destination. */
function addedBy(item: Item, name: ByteString, prepared: Prepared): Added | undefined {
  const { context, destination, matcher } = prepared;
  if (item.kind === "download") {
    const isIt = name === (destination.rename ?? byteStringOf(new TextEncoder().encode(item.download.name)));
    return isIt ? downloaded(item.download, prepared) : undefined;
  }
  for (const parent of parentsOf(item, context)) {
    if (parent.name === name) return at(parent.path, prepared);
  }
  const kept = keptFolders(item);
  if (item.kind === "file") {
    const own = destination.rename ?? `${kept}${item.written.slice(item.written.lastIndexOf("/") + 1)}`;
    return name === own ? at(item.path, prepared) : undefined;
  }
  if (item.kind === "archive" || !name.startsWith(kept) || name.length === kept.length) return undefined;
  const path = item.path === "" ? name.slice(kept.length) : `${item.path}/${name.slice(kept.length)}`;
  return matcher.stateOf(patternOf(item, path, prepared)).isExcluded ? undefined : at(path, prepared);
}

/** The path of something in a folder that is added, as patterns have it. */
function patternOf({ path: folder }: LocalItem, path: ByteString, { context }: Prepared): string {
  const base = patternPath(folder, "tree", context);
  const inside = textOf(path.slice(folder === "" ? 0 : folder.length + 1));
  return base === "" ? inside : `${base}/${inside}`;
}

function at(source: ByteString, { context, changes }: Prepared): Added | undefined {
  using place = locate(context.root, source, { follow: false });
  if (place === undefined) return undefined;
  const own = rootEntryOf(place);
  const xattrs = xattrReader(loadSys() !== undefined)(place.folder, place.name);
  return {
    entry: {
      ...own,
      ...changes.owner,
      mode: own.type === "symlink" ? own.mode : (changes.chmod ?? own.mode),
      mtime: changes.time ?? own.mtime,
      xattrs,
    },
    read: own.type === "file" ? (limit) => readFileIn(context.root, source, limit) : undefined,
  };
}

function downloaded({ path, mtime }: Download, { changes }: Prepared): Added {
  const { owner = { uid: 0, gid: 0 }, chmod = 0o600, time = mtime } = changes;
  return {
    entry: { type: "file", mode: chmod, ...owner, mtime: time },
    read: (limit) => readFileLimited(path, limit),
  };
}
