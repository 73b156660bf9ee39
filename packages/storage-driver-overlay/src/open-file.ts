import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import type { LayerFile } from "@drayage/storage";
import { openFlags } from "@drayage/sys";
import { bytePathOf, fsPath, textOf } from "./byte-path.ts";
import type { Context } from "./context.ts";
import { layerPath, requireLayer } from "./home.ts";
import { layersBelow, refuseComposefs } from "./lower-folders.ts";
import { mergedView } from "./merged-view.ts";

/**
 * A regular file of the layer, links within it followed as if its folder were the root; else what the layers below show there. That is
 * for layers whose own files are those of their parents: copies with other owners.
 */
export function openLayerFile(context: Context, id: string, name: Uint8Array): LayerFile | undefined {
  // Nearly always it is there, and nothing else has to be looked at.
  const own = openIn(context, join(layerPath(context.home, id), "diff"), name);
  if (own !== undefined) return own;
  const layer = requireLayer(context.home, id);
  refuseComposefs(layer);
  const folders = [layer, ...layersBelow(context.home, layer)].map(({ diff }) => diff);
  const view = mergedView(folders, context.marks);
  const path = view.resolve(bytePathOf(name));
  const shown = path === undefined ? undefined : view.find(path);
  if (shown?.kind !== "file" || !shown.stats.isFile()) return undefined;
  try {
    return layerFile(openSync(fsPath(shown.place), constants.O_RDONLY | constants.O_NOFOLLOW));
  } catch (error) {
    throw ioError(error, "read", { path: textOf(shown.place) });
  }
}

/** Errors that mean that there is no file under the name. */
const absent: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

function openIn({ sys }: Context, diff: string, name: Uint8Array): LayerFile | undefined {
  let root: number | undefined;
  let place: number | undefined;
  try {
    root = openSync(diff, constants.O_RDONLY | constants.O_DIRECTORY);
    // Opened for its place alone at first: opening a device may do something.
    place = sys.openInRoot(root, name, openFlags.path);
    if (!fstatSync(place).isFile()) return undefined;
    return layerFile(openSync(`/proc/self/fd/${place}`, constants.O_RDONLY));
  } catch (error) {
    if (absent.has(errnoOf(error) ?? "")) return undefined;
    throw ioError(error, "read", { path: `${diff}/${Buffer.from(name).toString()}` });
  } finally {
    for (const fd of [place, root]) if (fd !== undefined) closeSync(fd);
  }
}

function layerFile(fd: number): LayerFile {
  let open = true;
  return {
    size: fstatSync(fd).size,
    read(buffer, position) {
      if (!open) throw new DrayageError("ERR_DRAYAGE_USAGE", "the layer's file is closed");
      let count = 0;
      try {
        while (count < buffer.length) {
          const more = readSync(fd, buffer, count, buffer.length - count, position + count);
          if (more === 0) break;
          count += more;
        }
      } catch (error) {
        throw ioError(error, "read");
      }
      return count;
    },
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}
