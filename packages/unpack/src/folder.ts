import type { ByteString } from "./byte-string.ts";

/** One folder below the root: not a path, but what a path leads to when all links are followed. */
export interface Folder {
  readonly parent: Folder | undefined;
  /** Its name in its parent. */
  readonly name: ByteString;
  /** How long its path is. */
  readonly pathLength: number;
  /** Those of its folders that were needed so far. */
  children: Map<ByteString, Folder> | undefined;
  /** Where it is open. */
  fd: number | undefined;
  /** Whether nothing of the layers below is in it. */
  fresh: boolean;
  /** Whether the archive has no entry for it, though the layer made it. */
  implied: boolean;
  /** Its times before the layer, where it was there before. */
  before: { readonly atime: Time; readonly mtime: Time } | undefined;
  /** Whether it was removed, or replaced by something else. */
  gone: boolean;
  /** What the layer has put into it, and what it has hidden in it; told apart only while there is something below. */
  put: Set<ByteString> | undefined;
  hidden: Set<ByteString> | undefined;
  /** The mode that it is given back in the end, where it was in the way. */
  lockedMode: number | undefined;
  /** What is set when all is unpacked. */
  last: LastAttributes | undefined;
}

export interface LastAttributes {
  atime: Time;
  mtime: Time;
  /** Where it is not its mode already. */
  mode: number | undefined;
}

export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export function createFolder(parent: Folder | undefined, name: ByteString): Folder {
  return {
    parent,
    name,
    pathLength: parent === undefined ? 0 : parent.pathLength + 1 + name.length,
    children: undefined,
    fd: undefined,
    fresh: false,
    implied: false,
    before: undefined,
    gone: false,
    put: undefined,
    hidden: undefined,
    lockedMode: undefined,
    last: undefined,
  };
}

/** Where a folder is now, by the names that lead to it. */
export function pathOf(folder: Folder): ByteString {
  const names: ByteString[] = [];
  for (let at: Folder = folder; at.parent !== undefined; at = at.parent) names.unshift(at.name);
  return names.join("/");
}
