import { chmodSync, lstatSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";
import { createTemporaryPlace } from "@drayage/storage";
import { requireSys } from "@drayage/sys";
import { isFolder, ownPath, type VfsHome } from "./home.ts";

/** Moves layers away, and gives what removes them. Nothing happens to those that are not in this store. @throws `ERR_DRAYAGE_IO` */
export function takeAway(home: VfsHome, ids: readonly string[]): () => Promise<void> {
  const paths = ids.map((id) => ownPath(home, id)).filter(isFolder);
  if (paths.length === 0) return async () => undefined;
  const place = createTemporaryPlace(requireSys("remove layers"), home.path);
  for (const [index, path] of paths.entries()) {
    try {
      renameFolder(path, join(place.path, `${index}-${basename(path)}`));
    } catch (error) {
      place.removeIfEmpty();
      throw ioError(error, "delete", { path });
    }
  }
  return () => place.remove();
}

/** Who is not root can move a folder elsewhere only if it may be written to. */
function renameFolder(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== "EACCES") throw error;
    chmodSync(from, (lstatSync(from).mode & 0o7777) | 0o700);
    renameSync(from, to);
  }
}
