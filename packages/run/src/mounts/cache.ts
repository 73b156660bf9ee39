import { chmodSync, chownSync, closeSync, lstatSync, mkdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { DrayageError, ioError } from "@drayage/errors";
import { requireSys } from "@drayage/sys";
import { hasCode, lookUp, openRoot, walk } from "../root/walk.ts";

interface CacheOwner {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The folder of a cache, made where it is missing: where buildah 1.28 has it, so that both use the same. An ID never leads out of the caches,
 * through links neither, which a command may have put into a cache that another is in.
 *
 * @throws `ERR_DRAYAGE_DENIED` where the folder of the caches is somebody else's
 */
export function cacheFolder(id: string, owner: CacheOwner): string {
  const caches = join(owner.env.TMPDIR || "/var/tmp", "buildah-cache");
  try {
    makeCaches(caches);
    return folderIn(caches, id, owner);
  } catch (error) {
    throw ioError(error, "make the cache", { path: join(caches, id) });
  }
}

function makeCaches(caches: string): void {
  try {
    mkdirSync(caches);
    chmodSync(caches, 0o755);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  const found = lstatSync(caches);
  // Anybody may make folders where it is.
  if (found.isDirectory() && found.uid === process.geteuid?.()) return;
  throw new DrayageError(
    "ERR_DRAYAGE_DENIED",
    `the folder of the caches ${JSON.stringify(caches)} is not ours`,
    { hint: "name a folder of your own by the variable TMPDIR" },
  );
}

function folderIn(caches: string, id: string, { mode, uid, gid }: CacheOwner): string {
  const sys = requireSys("make a cache");
  const root = openRoot(caches);
  try {
    const isNew = lookUp(sys, root, id) === undefined;
    const folder = walk(sys, root, id, { kind: "folder" });
    const place = `/proc/self/fd/${folder}`;
    try {
      if (isNew) {
        chmodSync(place, mode);
        chownSync(place, uid, gid);
      }
      return readlinkSync(place);
    } finally {
      closeSync(folder);
    }
  } finally {
    closeSync(root);
  }
}
