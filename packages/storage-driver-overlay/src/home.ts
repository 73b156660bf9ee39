import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";

/** Where the driver keeps layers. */
export interface OverlayHome {
  /** `<graphRoot>/overlay`. */
  readonly path: string;
  /** `<runRoot>/overlay`: gone after a reboot. */
  readonly runPath: string;
  /** The same folders of additional stores, which are only read. */
  readonly others: readonly string[];
}

/** Where the files of a layer are. */
export interface LayerFolder {
  readonly id: string;
  /** `<home>/<id>`. */
  readonly path: string;
  /** `<home>/<id>/diff`: the layer's own files. */
  readonly diff: string;
  /** Whether it is in an additional store, where nothing is written. */
  readonly elsewhere: boolean;
}

/** Folders of the home that hold no layer. */
const otherFolders: ReadonlySet<string> = new Set(["l", "staging", "tempdirs"]);

/** Whether the name can be that of a layer's folder. */
export function isLayerName(name: string): boolean {
  return !otherFolders.has(name) && /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name);
}

/** The folder where a layer of this id is or would be. @throws `ERR_DRAYAGE_NAME_INVALID` */
export function layerPath(home: OverlayHome, id: string): string {
  if (isLayerName(id)) return join(home.path, id);
  throw new DrayageError("ERR_DRAYAGE_NAME_INVALID", `${JSON.stringify(id)} cannot be the id of a layer`);
}

/** @throws `ERR_DRAYAGE_LAYER_NOT_FOUND` */
export function requireLayer(home: OverlayHome, id: string): LayerFolder {
  const found = findLayer(home, id);
  if (found !== undefined) return found;
  throw new DrayageError(
    "ERR_DRAYAGE_LAYER_NOT_FOUND",
    `the overlay driver has no files of layer ${id}: ${JSON.stringify(join(home.path, id))} is missing`,
    { hint: "a check of the store tells which images that concerns" },
  );
}

/** The layer's folder in this store, else in an additional one. */
export function findLayer(home: OverlayHome, id: string): LayerFolder | undefined {
  const own = layerPath(home, id);
  if (isFolder(own)) return { id, path: own, diff: join(own, "diff"), elsewhere: false };
  for (const other of home.others) {
    const path = join(other, id);
    if (isFolder(path)) return { id, path, diff: join(path, "diff"), elsewhere: true };
  }
  return undefined;
}

/** The ids of the layers of this store. */
export function layerIds(home: OverlayHome): readonly string[] {
  try {
    return readdirSync(home.path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && isLayerName(entry.name))
      .map((entry) => entry.name);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw ioError(error, "read", { path: home.path });
  }
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return false;
    throw ioError(error, "read", { path });
  }
}
