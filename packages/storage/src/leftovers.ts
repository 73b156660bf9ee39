import path from "node:path";
import { isDrayageError } from "@drayage/errors";
import type { StoreCore } from "./core.ts";
import type { Leftover } from "./driver.ts";
import { holdLeftovers } from "./holds.ts";

/** What processes that are gone left half done, and nobody can see. */
export async function leftoversOf(core: StoreCore): Promise<readonly Leftover[]> {
  const { files, paths, layerFiles } = core;
  return [
    ...(await layerFiles.leftovers()),
    ...files.abandonedAreas(paths.temporary).map((area) => ({ ...area, why: "its process is gone" })),
    ...holdLeftovers(core),
    ...(["layer", "image", "container"] as const).flatMap((kind) => {
      return unfinishedFiles(core, paths.folder(kind), paths.lock(kind));
    }),
    ...unfinishedFiles(core, path.dirname(paths.mounts), paths.mountsLock),
  ];
}

const cleared = new WeakSet<StoreCore>();

/** Removes them, once for each store that is opened: before the first layer is staged, which may need the room. */
export async function clearLeftovers(core: StoreCore): Promise<void> {
  if (cleared.has(core)) return;
  cleared.add(core);
  for (const leftover of await leftoversOf(core)) {
    try {
      await leftover.remove();
    } catch (error) {
      // It takes room, and no more. A check tells of it.
      if (!isDrayageError(error, "ERR_DRAYAGE_IO")) throw error;
    }
  }
}

/** Files that were to replace another. Who writes one holds the lock, so with the lock in hand they are nobody's. */
function unfinishedFiles({ files }: StoreCore, folder: string, lockPath: string): readonly Leftover[] {
  const isUnfinished = (name: string): boolean => name.startsWith(".tmp-");
  if (!files.list(folder).some(isUnfinished)) return [];
  using lock = files.tryAcquire(lockPath, "read");
  if (lock === undefined) return [];
  return files
    .list(folder)
    .filter(isUnfinished)
    .map((name) => {
      const file = path.join(folder, name);
      return { path: file, why: "who wrote it did not come to its end", remove: () => files.remove(file) };
    });
}
