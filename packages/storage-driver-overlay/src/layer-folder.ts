import { chmodSync, chownSync, lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ioError } from "@drayage/errors";
import type { IdMapping } from "@drayage/storage";
import { writeLinkFiles } from "./links.ts";

/** The mode of the root of a layer without a parent, as containers/storage makes it. */
const rootMode = 0o555;

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Who the container's root is outside. */
export function rootOwner(maps: {
  uidMap?: readonly IdMapping[] | undefined;
  gidMap?: readonly IdMapping[] | undefined;
}): Owner {
  return { uid: hostId(maps.uidMap), gid: hostId(maps.gidMap) };
}

function hostId(map: readonly IdMapping[] = []): number {
  const range = map.find(({ containerId, size }) => containerId <= 0 && size > -containerId);
  return range === undefined ? 0 : range.hostId - range.containerId;
}

/** Makes a layer's folder and the one for its files. */
export function makeLayerFolder(path: string, owner: Owner): void {
  try {
    makeFolder(path, 0o700, owner);
    makeFolder(join(path, "diff"), rootMode, owner);
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}

/** Gives the root of a layer's files owner and mode of its parent's. */
export function inheritRoot(diff: string, parentDiff: string): void {
  const { uid, gid, mode } = lstatSync(parentDiff);
  chownSync(diff, uid, gid);
  chmodSync(diff, mode & 0o7777);
}

/** What the folder has besides the layer's files. Their owner is that of the files' root. */
export function furnishLayerFolder(
  path: string,
  { link, lowers }: { link: string; lowers: readonly string[] },
): void {
  try {
    const owner = lstatSync(join(path, "diff"));
    writeLinkFiles(path, link, lowers);
    makeFolder(join(path, "work"), 0o700, owner);
    makeFolder(join(path, "merged"), 0o700, owner);
    if (lowers.length === 0) makeFolder(join(path, "empty"), 0o700, owner);
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}

/** Whatever the umask. */
export function makeFolder(path: string, mode: number, { uid, gid }: Owner): void {
  mkdirSync(path, 0o700);
  chownSync(path, uid, gid);
  chmodSync(path, mode);
}
