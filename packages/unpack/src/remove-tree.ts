import { closeSync, openSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { errnoOf } from "@drayage/errors";
import { type ByteString, toByteString, toPath } from "./byte-string.ts";
import { folderFlags } from "./folder-flags.ts";
import { unless } from "./unless.ts";
import { unlock, unlockOpen } from "./unlock.ts";

/** How many folders are open at a time. What is deeper is brought up first. */
const depthLimit = 32;

/** Removes a folder of an open folder with all that is in it. No link is followed, whoever puts one there meanwhile. */
export function removeTree(parent: number, name: ByteString): void {
  const path = at(parent, name);
  const top = openToEmpty(path);
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
          const fd = openToEmpty(at(folder, inner));
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

function openToEmpty(path: string | Buffer): number {
  let fd: number;
  try {
    fd = openSync(path, folderFlags);
  } catch (error) {
    if (errnoOf(error) !== "EACCES" || unlock(path) === undefined) throw error;
    fd = openSync(path, folderFlags);
  }
  if (process.geteuid?.() !== 0) unlockOpen(fd);
  return fd;
}
