import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "@drayage/errors";
import type { LayerChange } from "@drayage/storage";
import { type BytePath, bytePathOfText, join, textOf } from "./byte-path.ts";
import type { Context } from "./context.ts";
import { isDifferent, isSameType } from "./differences.ts";
import { isWhiteout, type Marks } from "./marks.ts";
import {
  entriesIn,
  type MergedEntry,
  type MergedFolder,
  mergedView,
  namesIn,
  statOf,
} from "./merged-view.ts";

/** After how many files others have their turn. */
const breath = 200;

/**
 * What a layer changes, read off its own files and the marks among them: sorted by path, byte by byte. The same as a comparison of the
 * layer, mounted, with its parent, mounted: what is removed, or replaced by another type, stands for all that was in it.
 */
export async function nativeChanges(
  { sys, marks }: Context,
  { diff, lowers, signal }: { diff: string; lowers: readonly string[]; signal?: AbortSignal | undefined },
): Promise<readonly LayerChange[]> {
  const found = new Map<BytePath, LayerChange["kind"]>();
  const sizes = new Map<BytePath, number>();
  const base = bytePathOfText(diff);
  const view = lowers.length === 0 ? undefined : mergedView(lowers, marks);
  const folders: Folder[] = [{ path: "", below: view?.root }];
  let count = 0;

  /** A folder in which something changes is changed. */
  function note(path: BytePath, kind: LayerChange["kind"]): void {
    found.set(path, kind);
    for (let folder = parentOf(path); folder !== undefined && !found.has(folder); folder = parentOf(folder)) {
      found.set(folder, "changed");
    }
  }

  /** The folders to look into next. */
  function compare(path: BytePath, older: MergedEntry | undefined): Folder | undefined {
    const stats = statOf(join(base, path));
    if (stats === undefined) return undefined;
    if (isWhiteout(stats)) {
      if (older !== undefined) note(path, "removed");
      return undefined;
    }
    if (stats.isFile()) sizes.set(path, Number(stats.size));
    if (!stats.isDirectory()) {
      const newer = { kind: "file", place: join(base, path), stats } as const;
      if (older === undefined) note(path, "added");
      else if (isDifferent(sys, newer, older)) note(path, "changed");
      return undefined;
    }
    const newer = { kind: "folder", places: [join(base, path)], stats } as const;
    if (older === undefined) note(path, "added");
    else if (isDifferent(sys, newer, older)) note(path, "changed");
    return { path, below: older?.kind === "folder" && isSameType(stats, older.stats) ? older : undefined };
  }

  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { path, below } = folder;
    const names = namesIn(join(base, path));
    for (const name of names) {
      const inner = compare(join(path, name), below && view?.child(below, name));
      if (inner !== undefined) folders.push(inner);
      if (++count % breath > 0) continue;
      await setImmediate();
      throwIfAborted(signal, "compare layers");
    }
    if (below !== undefined && path !== "" && marks.isOpaque(join(base, path))) {
      for (const name of hiddenNames(view?.names(below), names)) note(join(path, name), "removed");
    }
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, kind]) => ({
      kind,
      path: `/${textOf(path)}`,
      size: kind === "removed" ? 0 : (sizes.get(path) ?? 0),
    }));
}

interface Folder {
  readonly path: BytePath;
  /** What the layers below have at its place. */
  readonly below: MergedFolder | undefined;
}

function hiddenNames(
  below: ReadonlySet<BytePath> | undefined,
  own: readonly BytePath[],
): readonly BytePath[] {
  const there = new Set(own);
  return [...(below ?? [])].filter((name) => !there.has(name));
}

/** Undefined for what is in the root, which is not compared. */
function parentOf(path: BytePath): BytePath | undefined {
  const end = path.lastIndexOf("/");
  return end < 0 ? undefined : path.slice(0, end);
}

/** Whether one of the layer's files is, by the kernel's marks, only a part of what it shows. */
export async function hasDetours(diff: string, marks: Marks, signal?: AbortSignal): Promise<boolean> {
  const folders: BytePath[] = [bytePathOfText(diff)];
  let count = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesIn(folder)) {
      if (!entry.isDirectory() && !entry.isFile()) continue;
      const path = join(folder, entry.name);
      if (marks.detour(path) !== undefined) return true;
      if (entry.isDirectory()) folders.push(path);
      if (++count % breath > 0) continue;
      await setImmediate();
      throwIfAborted(signal, "read a layer");
    }
  }
  return false;
}
