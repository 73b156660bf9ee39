import { existsSync } from "node:fs";
import { join } from "node:path";
import { DrayageError } from "@drayage/errors";
import type { LayerFolder, OverlayHome } from "./home.ts";
import { layersOfNames, lowerNames } from "./links.ts";

/** The layers below a layer, the nearest first. @throws `ERR_DRAYAGE_STORE_INVALID` */
export function layersBelow(home: OverlayHome, layer: LayerFolder): readonly LayerFolder[] {
  return layersOfNames(home, lowerNames(layer));
}

/**
 * The folders that a mount of the layer has to have below its own, the nearest first.
 *
 * @throws `ERR_DRAYAGE_STORE_INVALID`, and `ERR_DRAYAGE_STORE_UNSUPPORTED` for composefs
 */
export function foldersBelow(home: OverlayHome, layer: LayerFolder): readonly string[] {
  const layers = layersBelow(home, layer);
  const links = lowerNames(layer);
  return [
    ...olderFolders(layer.path),
    ...layers.flatMap((below, index) => [
      shortPath(home, below, links[index] ?? ""),
      ...olderFolders(below.path),
    ]),
  ];
}

/** The way over `l`, as the Go tools mount it: it is in what the kernel tells of mounts. */
function shortPath(home: OverlayHome, layer: LayerFolder, link: string): string {
  refuseComposefs(layer);
  return layer.elsewhere ? layer.diff : join(home.path, "l", link);
}

/** A layer whose owners were mapped has what it was before beside it: `diff1`, `diff2`, the newest first. */
function olderFolders(path: string): readonly string[] {
  const folders: string[] = [];
  for (let number = 1; ; number++) {
    const folder = join(path, `diff${number}`);
    if (!existsSync(folder)) return folders;
    folders.push(folder);
  }
}

/** Its files are an image for another file system, and have no names. */
export function refuseComposefs(layer: LayerFolder): void {
  if (!existsSync(join(layer.path, "composefs-data"))) return;
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_UNSUPPORTED",
    `layer ${layer.id} is kept in composefs, which this overlay driver has not`,
    { hint: 'set use_composefs = "false" in storage.conf, and pull the image again' },
  );
}
