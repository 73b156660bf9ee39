import type { BigIntStats } from "node:fs";
import type { ByteString } from "./byte-string.ts";
import { type Folder, openRoot } from "./folder.ts";

/** Something in a tree, while its folder is open. */
export interface Found {
  readonly folder: Folder;
  readonly name: ByteString;
  /** From the root, without a slash in front: `usr/bin`. */
  readonly path: ByteString;
  readonly stats: BigIntStats;
}

interface Level {
  readonly folder: Folder;
  /** Of the folder, with a slash at its end, or empty. */
  readonly prefix: ByteString;
  readonly names: Iterator<ByteString>;
}

/** All that is below a folder, a folder before what is in it, each folder's names sorted by their bytes. */
export function* walkTree(root: string): Generator<Found, void, undefined> {
  const first = openRoot(root);
  const levels: Level[] = [{ folder: first, prefix: "", names: first.names().values() }];
  try {
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const { folder, prefix, names } = level;
      const { value: name, done } = names.next();
      if (done === true) {
        folder.close();
        levels.pop();
        continue;
      }
      const stats = folder.stat(name);
      if (stats === undefined) continue;
      const path = `${prefix}${name}`;
      yield { folder, name, path, stats };
      if (!stats.isDirectory()) continue;
      const inner = folder.folder(name);
      if (inner !== undefined)
        levels.push({ folder: inner, prefix: `${path}/`, names: inner.names().values() });
    }
  } finally {
    for (const { folder } of levels) folder.close();
  }
}

/** The paths of a tree, in their order, as far as they are there. */
export function* findPaths(root: string, paths: Iterable<ByteString>): Generator<Found, void, undefined> {
  const open: Folder[] = [openRoot(root)];
  let parts: readonly ByteString[] = [];
  try {
    for (const path of paths) {
      const wanted = path.split("/");
      const name = wanted.pop() ?? "";
      let shared = 0;
      while (shared < Math.min(wanted.length, open.length - 1) && wanted[shared] === parts[shared]) shared++;
      for (const folder of open.splice(shared + 1)) folder.close();
      parts = wanted;
      let folder: Folder | undefined = open.at(-1);
      for (const part of wanted.slice(shared)) {
        folder = folder?.folder(part);
        if (folder === undefined) break;
        open.push(folder);
      }
      const stats = folder?.stat(name);
      if (folder !== undefined && stats !== undefined) yield { folder, name, path, stats };
    }
  } finally {
    for (const folder of open) folder.close();
  }
}
