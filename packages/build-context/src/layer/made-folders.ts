import { type ByteString, bytesOf, type Entry, textOf } from "@drayage/pack";
import type { RootEntry, RootView } from "../root-view.ts";
import type { EntryChanges } from "./entry-settings.ts";

/** The folders of a layer: those that lead to what is added are entries of their own, each before what is in it. */
export interface MadeFolders {
  /** To be told of every entry of a folder. */
  note(path: ByteString): void;
  /** Whether the folder that a path is in has an entry. */
  isReached(path: ByteString): boolean;
  /** The entries of the folders that lead to a path and have none yet, the outermost first. */
  leadingTo(path: ByteString): AsyncIterable<Entry>;
}

/** A folder that nothing says anything of. */
export function impliedFolder({ owner, time }: Pick<EntryChanges, "owner" | "time">): RootEntry {
  const { uid, gid } = owner ?? { uid: 0, gid: 0 };
  return { type: "directory", mode: 0o755, uid, gid, mtime: time ?? { seconds: 0, nanoseconds: 0 } };
}

/** @param changes of folders that the root does not have */
export function madeFolders(root: RootView, changes: Pick<EntryChanges, "owner" | "time">): MadeFolders {
  const known = new Set<ByteString>([""]);

  async function* missing(path: ByteString): AsyncGenerator<Entry, void, undefined> {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      const folder = path.slice(0, slash);
      if (known.has(folder)) continue;
      known.add(folder);
      const entry = await root.lookup(`/${textOf(folder)}`);
      // Whoever unpacks the layer follows a link that is there.
      if (entry?.type === "symlink") continue;
      yield folderEntry(folder, entry?.type === "directory" ? entry : impliedFolder(changes));
    }
  }

  return {
    note: (path) => void known.add(path),
    isReached: (path) => known.has(path.slice(0, Math.max(0, path.lastIndexOf("/")))),
    leadingTo: missing,
  };
}

function folderEntry(path: ByteString, { mode, uid, gid, mtime, xattrs }: RootEntry): Entry {
  return {
    rawName: bytesOf(`${path}/`),
    type: "directory",
    mode,
    uid,
    gid,
    mtime: { seconds: mtime.seconds, nanoseconds: 0 },
    xattrs: xattrs ?? new Map(),
  };
}
