import { closeSync, readlinkSync } from "node:fs";
import { requireSys, type Sys } from "@drayage/sys";
import { openRoot, walk } from "./walk.ts";

/** The path, without any link, of what `path` names as if the folder were `/`. Throws system errors. */
export function pathInRoot(sys: Sys, folder: string, path: string): string {
  const root = openRoot(folder);
  try {
    const fd = walk(sys, root, path);
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(root);
  }
}

/**
 * A folder in a root file system, made where it is missing, as its path without any link.
 * @throws system errors
 */
export function ensureFolder(rootfs: string, path: string): string {
  const sys = requireSys("make a folder in a container");
  const root = openRoot(rootfs);
  try {
    const fd = walk(sys, root, path, { kind: "folder" });
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(root);
  }
}
