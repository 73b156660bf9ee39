import { chownSync, closeSync, constants, fstatSync, openSync, readdirSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { throwIfAborted } from "@drayage/errors";
import { openFlags, requireSys, type Sys } from "@drayage/sys";
import { hasCode, isFolder } from "../root/walk.ts";

export interface NewOwner {
  readonly uid: number;
  readonly gid: number;
}

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/**
 * Gives a file, or a folder with all that is in it, to another owner. Folders are gone through by descriptor, and no link in them is followed,
 * whoever puts one there meanwhile: a command that still runs may have the folder, too.
 */
export async function giveAway(
  path: string,
  owner: NewOwner,
  signal: AbortSignal | undefined,
): Promise<void> {
  const sys = requireSys("give files to the user of a command");
  const top = openSync(path, openFlags.path);
  try {
    chownSync(`/proc/self/fd/${top}`, owner.uid, owner.gid);
    if (isFolder(fstatSync(top).mode)) await giveBelow(sys, sys.openAt(top, ".", O_RDONLY | O_DIRECTORY));
  } finally {
    closeSync(top);
  }

  async function giveBelow(calls: Sys, folder: number): Promise<void> {
    try {
      throwIfAborted(signal, "chown");
      await nextTurn();
      // Names need not be text.
      const place = `/proc/self/fd/${folder}`;
      for (const { name } of readdirSync(place, { withFileTypes: true, encoding: "buffer" })) {
        if (!give(calls, folder, name)) continue;
        const inner = openFolder(calls, folder, name);
        if (inner !== undefined) await giveBelow(calls, inner);
      }
    } finally {
      closeSync(folder);
    }
  }

  /** False for what has gone meanwhile. */
  function give(calls: Sys, folder: number, name: Uint8Array): boolean {
    try {
      calls.chownAt(folder, name, owner.uid, owner.gid);
      return true;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return false;
      throw error;
    }
  }
}

/** Undefined for what is no folder, or no more. */
function openFolder(sys: Sys, folder: number, name: Uint8Array): number | undefined {
  try {
    return sys.openAt(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (["ENOTDIR", "ELOOP", "ENOENT"].some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}
