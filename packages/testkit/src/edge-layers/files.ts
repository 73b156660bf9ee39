import { text, time } from "./archive.ts";
import type { EdgeFile, EdgeRefusal, EdgeTree } from "./types.ts";

const owner = { uid: 0, gid: 0 };
const none: ReadonlyMap<string, Uint8Array> = new Map();

/** What the functions of `archive.ts` write, as it has to be once it is unpacked. */
export function isFile(content: string | Uint8Array, other: Partial<EdgeFile> = {}): EdgeFile {
  const bytes = typeof content === "string" ? text(content) : content;
  return { kind: "file", mode: 0o644, ...owner, mtime: time, content: bytes, xattrs: none, ...other };
}

/** A folder's time is said where the layer has an entry for it, as adding to it changes it. */
export function isFolder(other: Partial<EdgeFile> = {}): EdgeFile {
  return { kind: "folder", mode: 0o755, ...owner, xattrs: none, ...other };
}

export function isLink(target: string, other: Partial<EdgeFile> = {}): EdgeFile {
  return { kind: "link", target, ...owner, mtime: time, ...other };
}

/** Each file by its path. */
export function tree(files: Readonly<Record<string, EdgeFile>>): EdgeTree {
  return new Map(Object.entries(files));
}

export const nothing: EdgeTree = new Map();

export function refused(
  names: string,
  code: EdgeRefusal["code"] = "ERR_DRAYAGE_ARCHIVE_INVALID",
): EdgeRefusal {
  return { code, names };
}
