import { chmodSync, chownSync, lstatSync, mkdirSync } from "node:fs";
import { join, posix } from "node:path";
import { DrayageError, ioError } from "@drayage/errors";
import { hasCode } from "../root/walk.ts";

interface CacheOwner {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The folder of a cache, made where it is missing: where buildah 1.28 has it, so that both use the same. An ID never leads out of the caches.
 * @throws `ERR_DRAYAGE_DENIED` where the folder of the caches is somebody else's
 */
export function cacheFolder(id: string, { mode, uid, gid, env }: CacheOwner): string {
  const caches = join(env.TMPDIR || "/var/tmp", "buildah-cache");
  const folder = join(caches, posix.resolve("/", id));
  try {
    makeFolder(caches, 0o755);
    const owner = lstatSync(caches);
    // Anybody may make folders where it is.
    if (!owner.isDirectory() || owner.uid !== process.geteuid?.()) {
      throw new DrayageError(
        "ERR_DRAYAGE_DENIED",
        `the folder of the caches ${JSON.stringify(caches)} is not ours`,
        {
          hint: "name a folder of your own by the variable TMPDIR",
        },
      );
    }
    mkdirSync(join(folder, ".."), { recursive: true, mode: 0o755 });
    if (makeFolder(folder, mode)) chownSync(folder, uid, gid);
  } catch (error) {
    throw ioError(error, "make the cache", { path: folder });
  }
  return folder;
}

/** Whether it was not there. */
function makeFolder(path: string, mode: number): boolean {
  try {
    mkdirSync(path);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
  chmodSync(path, mode);
  return true;
}
