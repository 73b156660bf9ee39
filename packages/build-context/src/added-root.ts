import { readFileLimited } from "@drayage/blob";
import { type ByteString, byteStringOf, textOf, xattrReader } from "@drayage/pack";
import { loadSys } from "@drayage/sys";
import { rootEntryOf } from "./folder-root.ts";
import { impliedFolder } from "./layer/made-folders.ts";
import { keptFolders, parentsOf } from "./layer/plan.ts";
import type { SourceListing } from "./options.ts";
import type { Prepared } from "./pack-sources.ts";
import type { RootEntry, RootView } from "./root-view.ts";
import type { Download } from "./sources/download.ts";
import { type Item, type LocalItem, patternPath } from "./sources/find-sources.ts";
import { locate } from "./sources/locate.ts";
import { readFileIn } from "./sources/read-file-in.ts";

interface Added {
  readonly entry: RootEntry;
  /** Of a file: its content. */
  readonly read?: ((limit: number) => ReturnType<RootView["readFile"]>) | undefined;
}

/**
 * A root with sources added to it. What is asked for is looked up where it comes from, and no folder is walked. Nothing is known of what
 * archives hold.
 */
export function addedRoot(prepared: Prepared, below: RootView, list: () => Promise<SourceListing>): RootView {
  const { changes, destination, found } = prepared;
  const prefix = destination.folder === "" ? "" : `${destination.folder}/`;
  const leading = new Map(
    destination.leading.map(({ path, entry }) => [path, entry ?? impliedFolder(changes)]),
  );

  function find(path: string): Added | undefined {
    const name = byteStringOf(new TextEncoder().encode(path.slice(1)));
    if (name.startsWith(prefix)) {
      for (const item of found.items.toReversed()) {
        const added = addedBy(item, name.slice(prefix.length), prepared);
        if (added !== undefined) return added;
      }
    }
    const entry = leading.get(name);
    return entry && { entry };
  }

  return {
    lookup: (path) => find(path)?.entry ?? below.lookup(path),
    readFile(path, limit) {
      const added = find(path);
      return added?.read === undefined ? below.readFile(path, limit) : added.read(limit);
    },
    async identity() {
      const known = await below.identity?.();
      if (known === undefined) return undefined;
      const { key } = await list();
      return key.settled ? `${known} ${key.hash}` : undefined;
    },
  };
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
