import { fstatSync, lstatSync, mkdirSync, type Stats, unlinkSync } from "node:fs";
import { errnoOf, ioError } from "@drayage/errors";
import { requireSys, type Sys } from "@drayage/sys";
import type { TarHeader } from "@drayage/tar";
import { overrideOwner, overrideStat } from "./attributes.ts";
import { type ByteString, quoted } from "./byte-string.ts";
import { type Folder, pathOf, type Time } from "./folder.ts";
import { type FolderTree, openFolderTree } from "./folder-tree.ts";
import type { MapId } from "./id-map.ts";
import type { ImpliedFolders, Ownership } from "./options.ts";
import { removeTree } from "./remove-tree.ts";
import { createSetAttributes, type SetAttributes } from "./set-attributes.ts";
import { unless } from "./unless.ts";
import { chmodFolder, folderNeeds, unlock, unlockOpen } from "./unlock.ts";
import type { Attributes } from "./unpacked.ts";

/** What is asked for, with all that was left out filled in. */
export interface SiteOptions {
  readonly root: string;
  readonly sys: Sys | undefined;
  readonly isRoot: boolean;
  readonly ownership: Ownership;
  readonly xattrs: "set" | "skip";
  readonly forceMask: number | undefined;
  readonly ids: { readonly user: MapId; readonly group: MapId };
  /** Whether folders that were there before keep their times where the archive has no entry for them. */
  readonly keepsTimes: boolean;
  readonly folderLimit: number;
  readonly implied?: ImpliedFolders | undefined;
}

/** The folder that is unpacked into. */
export interface Site extends Disposable {
  readonly tree: FolderTree;
  readonly sys: Sys | undefined;
  readonly set: SetAttributes;
  /** What has this name; undefined where nothing has. */
  look(folder: Folder, name: ByteString): Stats | undefined;
  /** Removes what has this name. */
  clear(folder: Folder, name: ByteString, stats: Stats): void;
  /** Makes a folder where nothing is. Its attributes are to be set. */
  addFolder(parent: Folder, name: ByteString): Folder;
  /** Sets a folder's attributes; those that would be in the way, or change again, in the end. */
  setFolder(folder: Folder, attributes: Attributes): void;
  /** Gives a folder the attributes of one that only its content asks for. */
  setImplied(folder: Folder): void;
  /** With `forceMask`: what the archive says. */
  setOverride(
    folder: Folder,
    name: ByteString,
    attributes: Attributes,
    header: Pick<TarHeader, "type" | "devmajor" | "devminor">,
  ): void;
  /** The same of a file that has it, whose type stays. */
  changeOverride(folder: Folder, name: ByteString, attributes: Attributes): void;
  /** The mode and extended attributes that are really set. */
  masked(attributes: Attributes): Attributes;
  finish(): void;
}

export function openSite(options: SiteOptions): Site {
  const { sys, isRoot, forceMask, ids } = options;
  /** Folders that were there before. */
  const found: Folder[] = [];
  const ended = new Set<Folder>();
  const tree = openFolderTree(options.root, {
    onFound,
    onGone: (folder) => void ended.delete(folder),
    unlock,
    limit: options.folderLimit,
  });
  const set = createSetAttributes({ tree, ...options });

  function onFound(folder: Folder, fd: number): void {
    if (!isRoot) folder.lockedMode ??= unlockOpen(fd);
    if (options.keepsTimes) {
      const { atimeNs, mtimeNs } = fstatSync(fd, { bigint: true });
      folder.before = { atime: timeOf(atimeNs), mtime: timeOf(mtimeNs) };
    }
    if (options.keepsTimes || folder.lockedMode !== undefined) found.push(folder);
  }

  /** A folder's own name: in its parent, or `.` for the root. */
  function place({ parent, name }: Folder): readonly [Folder, ByteString] {
    return parent === undefined ? [tree.root, "."] : [parent, name];
  }

  function look(folder: Folder, name: ByteString): Stats | undefined {
    try {
      return lstatSync(tree.at(folder, name));
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  function setFolder(folder: Folder, attributes: Attributes): void {
    const [parent, name] = place(folder);
    const wanted = masked(attributes);
    const mode = set.folder(tree.at(parent, name), wanted, () => tree.descriptor(folder));
    folder.last = { atime: wanted.atime, mtime: wanted.mtime, mode };
    ended.add(folder);
    set.xattrs(parent, name, wanted.xattrs);
    setOverride(parent, name, attributes, { type: "directory", devmajor: 0, devminor: 0 });
  }

  function masked(attributes: Attributes): Attributes {
    return forceMask === undefined ? attributes : { ...attributes, mode: forceMask };
  }

  const setOverride: Site["setOverride"] = (folder, name, attributes, header) => {
    if (forceMask === undefined) return;
    overrideCalls().setXattr(tree.at(folder, name), overrideName, overrideStat(attributes, header));
  };

  function overrideCalls(): Sys {
    return sys ?? requireSys("keep owners and modes in extended attributes");
  }

  function changeOverride(folder: Folder, name: ByteString, attributes: Attributes): void {
    if (forceMask === undefined) return;
    const before = overrideCalls().getXattr(tree.at(folder, name), overrideName);
    const type = /:([^:]*)$/.exec(Buffer.from(before ?? []).toString())?.[1] ?? "file";
    const { uid, gid, mode } = attributes;
    const after = Buffer.from(`${overrideOwner({ uid, gid, mode })}:${type}`);
    overrideCalls().setXattr(tree.at(folder, name), overrideName, after);
  }

  function finishFolder(folder: Folder): void {
    const { before, last, lockedMode, put, hidden } = folder;
    const [parent, name] = place(folder);
    if (last !== undefined) {
      set.times(parent, name, last.atime, last.mtime);
      if (last.mode !== undefined) chmodFolder(tree.at(parent, name), last.mode);
      return;
    }
    if (before !== undefined && (put !== undefined || hidden !== undefined)) {
      // Of a folder of somebody else's the times cannot be set: they are the kernel's then.
      unless("EPERM", () => set.times(parent, name, before.atime, before.mtime));
    }
    if (lockedMode !== undefined) chmodFolder(tree.at(parent, name), lockedMode);
  }

  return {
    tree,
    sys,
    set,
    look,
    masked,
    setFolder,
    setOverride,
    changeOverride,
    clear(folder, name, stats) {
      if (stats.isDirectory()) removeTree(tree.descriptor(folder), name);
      else unlinkSync(tree.at(folder, name));
      if (stats.isDirectory() || stats.isSymbolicLink()) tree.forget(folder, name);
    },
    addFolder(parent, name) {
      mkdirSync(tree.at(parent, name), folderNeeds);
      const folder = tree.child(parent, name);
      folder.fresh = true;
      return folder;
    },
    setImplied(folder) {
      const [parent, name] = place(folder);
      const { implied } = options;
      const owner = { uid: ids.user(implied?.uid ?? 0), gid: ids.group(implied?.gid ?? 0) };
      const attributes = { ...impliedAttributes, ...owner };
      set.folder(tree.at(parent, name), masked(attributes), () => tree.descriptor(folder));
      setOverride(parent, name, attributes, { type: "directory", devmajor: 0, devminor: 0 });
      folder.implied = true;
      if (implied?.mtime === undefined) return;
      folder.last = { atime: implied.mtime, mtime: implied.mtime, mode: undefined };
      ended.add(folder);
    },
    finish() {
      const folders = new Set([...ended, ...found]);
      // What is deeper first: an owner may not get any further through a folder's last mode.
      for (const folder of [...folders].sort((a, b) => b.pathLength - a.pathLength)) {
        try {
          if (!folder.gone) finishFolder(folder);
        } catch (error) {
          throw ioError(error, "set the attributes of", {
            path: JSON.parse(quoted(pathOf(folder))) as string,
          });
        }
      }
    },
    [Symbol.dispose]: () => tree[Symbol.dispose](),
  };
}

const overrideName = "user.containers.override_stat";

const impliedAttributes = {
  mode: 0o755,
  atime: { seconds: 0, nanoseconds: 0 },
  mtime: { seconds: 0, nanoseconds: 0 },
  xattrs: new Map<string, Uint8Array>(),
};

function timeOf(nanoseconds: bigint): Time {
  const rest = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return { seconds: Number((nanoseconds - rest) / 1_000_000_000n), nanoseconds: Number(rest) };
}
