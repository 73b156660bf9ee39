import { closeSync, openSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { errnoOf } from "@drayage/errors";
import { type ByteString, toByteString, toPath } from "./byte-string.ts";
import { folderFlags } from "./folder-tree.ts";

/** How many folders are open at a time. What is deeper is brought up first. */
const depthLimit = 32;

/** Removes a folder of an open folder with all that is in it. No link is followed, whoever puts one there meanwhile. */
export function removeTree(parent: number, name: ByteString): void {
  const path = at(parent, name);
  const top = openSync(path, folderFlags);
  try {
    let moved = 0;
    let before: number;
    do {
      before = moved;
      empty(top, 1);
    } while (moved > before);

    function empty(folder: number, depth: number): void {
      const entries = readdirSync(`/proc/self/fd/${folder}`, { encoding: "buffer", withFileTypes: true });
      for (const entry of entries) {
        const inner = toByteString(entry.name);
        if (!entry.isDirectory()) {
          unless("ENOENT", () => unlinkSync(at(folder, inner)));
        } else if (depth === depthLimit) {
          moved += 1;
          renameSync(at(folder, inner), at(top, `.drayage-removed-${moved}`));
        } else {
          const fd = openSync(at(folder, inner), folderFlags);
          try {
            empty(fd, depth + 1);
          } finally {
            closeSync(fd);
          }
          rmdirSync(at(folder, inner));
        }
      }
    }
  } finally {
    closeSync(top);
  }
  rmdirSync(path);
}

function at(folder: number, name: ByteString): string | Buffer {
  return toPath(`/proc/self/fd/${folder}/${name}`);
}

function unless(errno: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    if (errnoOf(error) !== errno) throw error;
  }
}
