import { closeSync, constants, openSync, readdirSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";
import { abandonedPlaces, type Leftover, removeTree } from "@drayage/storage";
import type { Context } from "./context.ts";
import { findLayer } from "./home.ts";
import { linkedLayer } from "./links.ts";

/** What dead processes have left in the driver's folder. Layers without a record are none: they are found by their ids. */
export function leftovers(context: Context): readonly Leftover[] {
  const { home, sys } = context;
  const places = abandonedPlaces(sys, home.path).map(({ path, remove }) => ({
    path,
    why: "a process that died was making or removing a layer",
    remove,
  }));
  return [...places, ...partialPulls(context), ...danglingLinks(context)];
}

/** What the Go tools unpack layers into that they fetch in parts; they lock it since 1.54, and what has no lock is left alone. */
function partialPulls({ home, sys }: Context): readonly Leftover[] {
  const staging = join(home.path, "staging");
  return namesIn(staging)
    .map((name) => join(staging, name))
    .filter((path) => isUnlocked(sys, join(path, "staging.lock")))
    .map((path) => ({
      path,
      why: "a process that died was pulling a layer in parts",
      remove: () => removeTree(path),
    }));
}

function isUnlocked(sys: Context["sys"], path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return false;
    throw ioError(error, "read", { path });
  }
  try {
    return !sys.isLocked(fd, "write");
  } finally {
    closeSync(fd);
  }
}

function danglingLinks({ home }: Context): readonly Leftover[] {
  return namesIn(join(home.path, "l"))
    .filter((name) => leadsNowhere(name))
    .map((name) => {
      const path = join(home.path, "l", name);
      return {
        path,
        why: "a link to a layer that is gone",
        remove: async () => {
          // A repair may have led it to the layer that it is of.
          if (leadsNowhere(name)) await removeLink(path);
        },
      };
    });

  function leadsNowhere(name: string): boolean {
    const id = linkedLayer(home.path, name);
    return id !== undefined && findLayer(home, id) === undefined;
  }
}

async function removeLink(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw ioError(error, "delete", { path });
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw ioError(error, "read", { path: folder });
  }
}
