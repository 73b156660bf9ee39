import { closeSync, readlinkSync } from "node:fs";
import type { Sys } from "@drayage/sys";
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
