import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DrayageError, errnoOf, ioError, throwIfAborted } from "@drayage/errors";

/** How deep images may lie in a folder. */
const depthLimit = 64;

/** What to do with a folder of which the entries are known: whether to go into its folders. */
export type Visit = (folder: string, entries: readonly Dirent[]) => readonly string[];

/** Goes through a folder in the order of its names. Symbolic links are not followed. */
export async function walkFolders(root: string, visit: Visit, signal?: AbortSignal): Promise<void> {
  const waiting: { readonly folder: string; readonly depth: number }[] = [{ folder: root, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    throwIfAborted(signal);
    const { folder, depth } = next;
    if (depth > depthLimit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `${JSON.stringify(folder)} lies more than ${depthLimit} folders deep`,
        { side: "source" },
      );
    }
    const inner = visit(folder, await entriesOf(folder));
    for (const name of inner.toReversed()) waiting.push({ folder: join(folder, name), depth: depth + 1 });
  }
}

async function entriesOf(path: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    throw ioError(error, "read the folder", { path, side: "source" });
  }
}

export type PathKind = "absent" | "file" | "folder";

export async function kindOfPath(path: string): Promise<PathKind> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return "absent";
    throw ioError(error, "read", { path });
  }
}
