import { randomBytes } from "node:crypto";
import { readFileSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";
import { createTemporaryPlace } from "@drayage/storage";
import type { Context } from "./context.ts";
import { layerPath } from "./home.ts";
import { isLinkName } from "./link-name.ts";
import { linkedLayer } from "./links.ts";
import { mountPoints, mountsIn } from "./mount-info.ts";

/** Takes layers away, so that nobody finds them, and gives what removes their files. Nothing where they are gone. */
export function removeLayers(context: Context, ids: readonly string[]): () => Promise<void> {
  const place = createTemporaryPlace(context.sys, context.home.path);
  try {
    const points = mountPoints();
    for (const id of ids) moveAside(context, id, { place: place.path, points });
  } catch (error) {
    place.removeIfEmpty();
    throw error;
  }
  return place.removeIfEmpty() ? async () => {} : place.remove;
}

interface MoveAside {
  /** A folder to move to. */
  readonly place: string;
  /** Where anything is mounted, on any folder. */
  readonly points: readonly string[];
}

/** Moves the layer's folder, and its link in `l`, into a temporary place. */
export function moveAside({ home, sys }: Context, id: string, { place, points }: MoveAside): void {
  const path = layerPath(home, id);
  detachMounts(sys, mountsIn(path, points));
  const unique = randomBytes(4).toString("hex");
  const link = linkNameIn(path);
  // The link first: without its layer it would be one that leads nowhere, and no file would tell of it any more.
  if (link !== undefined && linkedLayer(home.path, link) === id) {
    moveIfThere(join(home.path, "l", link), join(place, `${unique}-${link}`));
  }
  moveIfThere(path, join(place, `${unique}-${id}`));
}

/** What is left of mounts that nobody counts any more. */
function detachMounts(sys: Context["sys"], points: readonly string[]): void {
  for (const point of points) {
    try {
      sys.unmount(point, { detach: true });
    } catch (error) {
      throw ioError(error, "unmount", { path: point });
    }
  }
}

function linkNameIn(path: string): string | undefined {
  try {
    const name = basename(readFileSync(join(path, "link"), "utf8").trim());
    return isLinkName(name) ? name : undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw ioError(error, "read", { path: join(path, "link") });
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw ioError(error, "delete", { path: from });
  }
}
