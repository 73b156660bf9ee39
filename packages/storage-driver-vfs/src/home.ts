import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";

/** Where the driver keeps layers: `<home>/dir/<id>` is the whole tree of a layer on its parents. */
export interface VfsHome {
  /** `<graphRoot>/vfs`. */
  readonly path: string;
  /** The same folders of additional stores, which are only read. */
  readonly others: readonly string[];
}

/** Where layers are, in a home. */
export function layersIn(home: string): string {
  return join(home, "dir");
}

/** The folder where a layer of this id is or would be. @throws `ERR_DRAYAGE_NAME_INVALID` */
export function ownPath(home: VfsHome, id: string): string {
  // An id must be one component of a path, and neither `.` nor `..`.
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(id)) return join(layersIn(home.path), id);
  throw new DrayageError("ERR_DRAYAGE_NAME_INVALID", `${JSON.stringify(id)} cannot be the id of a layer`);
}

/** The layer's folder in this store, else in an additional one. */
export function findLayer(home: VfsHome, id: string): string | undefined {
  const own = ownPath(home, id);
  return [own, ...home.others.map((other) => join(layersIn(other), id))].find(isFolder);
}

/** @throws `ERR_DRAYAGE_LAYER_NOT_FOUND` */
export function requireLayer(home: VfsHome, id: string): string {
  const found = findLayer(home, id);
  if (found !== undefined) return found;
  throw new DrayageError(
    "ERR_DRAYAGE_LAYER_NOT_FOUND",
    `the vfs driver has no files of layer ${id}: ${JSON.stringify(ownPath(home, id))} is missing`,
    { hint: "a check of the store tells which images that concerns" },
  );
}

/** The ids of the layers of this store. */
export function layerIds(home: VfsHome): readonly string[] {
  const path = layersIn(home.path);
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw ioError(error, "read", { path });
  }
}

export function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return false;
    throw ioError(error, "read", { path });
  }
}
