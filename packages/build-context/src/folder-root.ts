import type { BigIntStats } from "node:fs";
import { byteStringOf, nearestSecond, textOf, xattrReader } from "@drayage/pack";
import { loadSys } from "@drayage/sys";
import type { RootEntry, RootView } from "./root-view.ts";
import { type Located, locate } from "./sources/locate.ts";
import { readFileIn } from "./sources/read-file-in.ts";

/** A folder of this machine as the root of a container. Extended attributes are told where they are asked for. */
export function folderRoot(
  root: string,
  { xattrs = false }: { readonly xattrs?: boolean | undefined } = {},
): RootView {
  const read = xattrs ? xattrReader(loadSys() !== undefined) : undefined;
  return {
    lookup(path) {
      using place = locate(root, bytes(path), { follow: false });
      if (place === undefined) return undefined;
      const entry = rootEntryOf(place);
      return read === undefined ? entry : { ...entry, xattrs: read(place.folder, place.name) };
    },
    readFile: (path, limit) => readFileIn(root, bytes(path), limit),
  };
}

function bytes(path: string): string {
  return byteStringOf(new TextEncoder().encode(path));
}

/** What something is like, without its extended attributes. */
export function rootEntryOf({ folder, name, stats }: Located): RootEntry {
  const linkname = stats.isSymbolicLink() ? folder.link(name) : undefined;
  return {
    type: typeOf(stats),
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtime: nearestSecond(stats.mtimeNs),
    ...(linkname !== undefined && { linkname: textOf(linkname) }),
  };
}

function typeOf(stats: BigIntStats): RootEntry["type"] {
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  return stats.isFile() ? "file" : "other";
}
