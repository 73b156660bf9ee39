import { closeSync, constants, openSync, readlinkSync, statSync } from "node:fs";
import { DrayageError, errnoOf } from "@drayage/errors";
import { type ByteString, toByteString, toPath } from "./byte-string.ts";
import { invalid, tooMany } from "./entry-error.ts";
import { createFolder, type Folder } from "./folder.ts";
import { folderFlags } from "./folder-flags.ts";
import { nameLimit, pathLimit, splitPath } from "./paths.ts";

/** How many folders are kept open. */
const openLimit = 48;
/** How many links a path may lead through: Linux's limit. */
const linkLimit = 40;

/** What stands where a folder is looked for: nothing, or something that is neither a folder nor a link. */
export type Obstacle = "nothing" | "other";

/** Makes a folder where none is, or gives undefined where the path is to lead nowhere. */
export type MakeFolder = (parent: Folder, name: ByteString, obstacle: Obstacle) => Folder | undefined;

/**
 * The folders below a root, each held by a descriptor. Paths are looked up one name after the other, links are read and followed
 * here, with the root above all: whatever the links say, and whoever renames folders meanwhile, nothing but the root and what is in it
 * is reached.
 */
export interface FolderTree extends Disposable {
  readonly root: Folder;
  /** Where a path leads to; undefined where there is no folder. */
  find(path: ByteString): Folder | undefined;
  /** Where a path leads to. What is missing is made by `make`; undefined where that makes nothing. */
  lead(path: ByteString, make: MakeFolder): Folder | undefined;
  /** The folder of this name, which is there. */
  child(parent: Folder, name: ByteString): Folder;
  /** To be told of a folder or link that was removed. */
  forget(parent: Folder, name: ByteString): void;
  /** The descriptor of a folder; open until many others were asked for. */
  descriptor(folder: Folder): number;
  /** A name in a folder as a path that goes by the folder's descriptor; valid as long as that is. */
  at(folder: Folder, name: ByteString): string | Buffer;
}

export interface FolderTreeOptions {
  /** Told of a folder that is entered for the first time and that `make` has not made. */
  onFound(folder: Folder, fd: number): void;
  /** Told of every folder that is no more. */
  onGone(folder: Folder): void;
  /** Asked to let the owner enter a folder that its mode keeps closed; gives that mode, or undefined where it cannot. */
  unlock(path: string | Buffer): number | undefined;
  /** How many folders may be known. */
  readonly limit: number;
}

export function openFolderTree(
  rootPath: string,
  { onFound, onGone, unlock, limit }: FolderTreeOptions,
): FolderTree {
  const rootLength = Buffer.byteLength(rootPath);
  const root = createFolder(undefined, "");
  root.fd = openSync(rootPath, constants.O_RDONLY | constants.O_DIRECTORY);
  requireProc(root.fd);
  let count = 0;
  onFound(root, root.fd);
  /** The least recently used first; without the root. */
  const open = new Set<Folder>();
  const byPath = new Map<ByteString, Folder>([["", root]]);

  function hold(folder: Folder, fd: number): number {
    folder.fd = fd;
    open.add(folder);
    if (open.size > openLimit) {
      const [oldest] = open;
      if (oldest !== undefined) letGo(oldest);
    }
    return fd;
  }

  function letGo(folder: Folder): void {
    open.delete(folder);
    if (folder.fd !== undefined) closeSync(folder.fd);
    folder.fd = undefined;
  }

  function descriptor(folder: Folder): number {
    const { fd, parent } = folder;
    if (fd === undefined && parent !== undefined)
      return hold(folder, openSync(at(parent, folder.name), folderFlags));
    if (fd === undefined) throw new TypeError("the folder tree is closed");
    if (parent !== undefined) {
      open.delete(folder);
      open.add(folder);
    }
    return fd;
  }

  function at(folder: Folder, name: ByteString): string | Buffer {
    return toPath(`/proc/self/fd/${descriptor(folder)}/${name}`);
  }

  function child(parent: Folder, name: ByteString): Folder {
    const known = parent.children?.get(name);
    if (known !== undefined) return known;
    const made = createFolder(parent, name);
    // Deeper ones can be made by way of links, but no program that goes by paths could remove them.
    if (rootLength + made.pathLength > pathLimit - nameLimit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `with the root a folder has a path of more than ${pathLimit - nameLimit} bytes`,
      );
    }
    count += 1;
    if (count > limit) throw tooMany(limit, "folders");
    parent.children ??= new Map();
    parent.children.set(name, made);
    return made;
  }

  /** The folder of a name, or where the link of that name leads to, or what else there is. */
  function enter(parent: Folder, name: ByteString): Folder | { readonly link: ByteString } | Obstacle {
    const known = parent.children?.get(name);
    if (known !== undefined) return known;
    const path = at(parent, name);
    let mode: number | undefined;
    let fd: number;
    try {
      fd = openSync(path, folderFlags);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT") return "nothing";
      if (errno === "ENOTDIR" || errno === "ELOOP") {
        const link = linkAt(path);
        return link === undefined ? "other" : { link };
      }
      mode = errno === "EACCES" ? unlock(path) : undefined;
      if (mode === undefined) throw error;
      fd = openSync(path, folderFlags);
    }
    try {
      const folder = child(parent, name);
      folder.lockedMode = mode;
      onFound(folder, fd);
      hold(folder, fd);
      return folder;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  function lead(path: ByteString, make: MakeFolder): Folder | undefined {
    const known = byPath.get(path);
    if (known !== undefined) return known;
    /** What is left of the path, the next name last. */
    const left: ByteString[] = [];
    let from = path;
    for (; !byPath.has(from); from = splitPath(from).folder) left.push(splitPath(from).base);
    let folder = byPath.get(from) ?? root;
    let links = 0;
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      if (name === "" || name === ".") continue;
      if (name === "..") {
        folder = folder.parent ?? root;
        continue;
      }
      const found = enter(folder, name);
      if (typeof found === "object" && "link" in found) {
        links += 1;
        if (links > linkLimit) throw invalid("its path leads through too many links");
        if (found.link.startsWith("/")) folder = root;
        left.push(...found.link.split("/").reverse());
        continue;
      }
      const next = typeof found === "object" ? found : make(folder, name, found);
      if (next === undefined) return undefined;
      folder = next;
    }
    byPath.set(path, folder);
    return folder;
  }

  return {
    root,
    find: (path) => lead(path, () => undefined),
    lead,
    child,
    forget(parent, name) {
      const folder = parent.children?.get(name);
      if (folder !== undefined) {
        count -= markGone(folder, onGone);
        parent.children?.delete(name);
      }
      // Any path may have led through it.
      byPath.clear();
      byPath.set("", root);
    },
    descriptor,
    at,
    [Symbol.dispose]() {
      for (const folder of open) letGo(folder);
      if (root.fd !== undefined) closeSync(root.fd);
      root.fd = undefined;
    },
  };
}

/** Where a link leads to; undefined for what is none. */
function linkAt(path: string | Buffer): ByteString | undefined {
  try {
    return toByteString(readlinkSync(path, "buffer"));
  } catch (error) {
    if (errnoOf(error) === "EINVAL") return undefined;
    throw error;
  }
}

/** Marks a folder with all that is known below it, and says how many these are. */
function markGone(folder: Folder, onGone: (folder: Folder) => void): number {
  const left = [folder];
  let count = 0;
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    one.gone = true;
    count += 1;
    onGone(one);
    for (const child of one.children?.values() ?? []) left.push(child);
  }
  return count;
}

/** Throws where names cannot be looked up in an open folder: on other systems than Linux, or without /proc. */
function requireProc(fd: number): void {
  try {
    statSync(`/proc/self/fd/${fd}/.`);
  } catch (cause) {
    closeSync(fd);
    throw new DrayageError(
      "ERR_DRAYAGE_SYSTEM_UNSUPPORTED",
      "layers are unpacked by way of /proc/self/fd, which is not there",
      {
        hint: "unpack on Linux, where /proc is mounted",
        cause,
      },
    );
  }
}
