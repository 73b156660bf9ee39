import { chmodSync, lstatSync, renameSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";
import { createTemporaryPlace } from "@drayage/storage";
import { requireSys } from "@drayage/sys";
import { isFolder, ownPath, type VfsHome } from "./home.ts";

/** Moves a layer away, and gives what removes it. Nothing happens where there is none in this store. @throws `ERR_DRAYAGE_IO` */
export function takeAway(home: VfsHome, id: string): () => Promise<void> {
  const path = ownPath(home, id);
  if (!isFolder(path)) return async () => undefined;
  const place = createTemporaryPlace(requireSys("remove layers"), home.path);
  try {
    renameFolder(path, join(place.path, `0-${id}`));
  } catch (error) {
    place.removeIfEmpty();
    throw ioError(error, "delete", { path });
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
