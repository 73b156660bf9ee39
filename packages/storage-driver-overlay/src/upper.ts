import {
  chmodSync,
  constants,
  linkSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { type Sys, workingFolder } from "@drayage/sys";
import { copyAttributes, setTimes, type Times, timesOf } from "./attributes.ts";
import { type BytePath, bytePathOfText, folderOf, fsPath, isWithin, join } from "./byte-path.ts";
import { isWhiteout, type Marks } from "./marks.ts";
import {
  type MergedEntry,
  type MergedFile,
  type MergedFolder,
  type MergedView,
  statOf,
} from "./merged-view.ts";

/**
 * The files of a layer that is being made, which nobody else sees, and what is changed in them. Paths are those in the layer, without
 * links on their way. The times of folders in which something is changed are given back to them by {@link restoreTimes}.
 */
export interface Upper {
  /** The absolute path. */
  at(path: BytePath): BytePath;
  /** Whether there are layers below. */
  readonly hasBelow: boolean;
  /** What the layers below show there, unless the layer hides it: with a whiteout, a file, or a folder that is opaque. */
  below(path: BytePath): MergedEntry | undefined;
  /** The layer hides all that is below. */
  forgetBelow(): void;
  /** Makes the folder, and those that it is in, as the layers below have them. Nothing where it is there. */
  ensureFolder(path: BytePath): void;
  /** Copies a file from below, with all that it has, to a path where nothing is. */
  copyUp(path: BytePath, file: MergedFile): Promise<void>;
  /** Gives a folder what the one below has. */
  adopt(path: BytePath, folder: MergedFolder): void;
  /** Gives a folder what another of the layer's own has. */
  describe(path: BytePath, from: BytePath): void;
  isOpaque(path: BytePath): boolean;
  makeOpaque(path: BytePath): void;
  makeWhiteout(path: BytePath): void;
  rename(from: BytePath, to: BytePath): void;
  link(target: BytePath, path: BytePath): void;
  removeFile(path: BytePath): void;
  removeFolder(path: BytePath): void;
  /** Folders that the archive does not have: their attributes are nobody's word. */
  readonly implied: Set<BytePath>;
  restoreTimes(): void;
}

export function upperOf(
  diff: string,
  { sys, marks, lowers }: { sys: Sys; marks: Marks; lowers: MergedView | undefined },
): Upper {
  const base = bytePathOfText(diff);
  const times = new Map<BytePath, Times>();
  const implied = new Set<BytePath>();
  let isAllHidden = false;
  const at = (path: BytePath): BytePath => (path === "" ? base : `${base}/${path}`);

  /** To be called before a name is put into the folder, or taken out of it. */
  function remember(folder: BytePath): void {
    const stats = times.has(folder) ? undefined : statOf(at(folder));
    if (stats !== undefined) times.set(folder, timesOf(stats));
  }

  function below(path: BytePath): MergedEntry | undefined {
    if (lowers === undefined || isAllHidden) return undefined;
    let entry: MergedEntry | undefined = lowers.root;
    let own: BytePath = "";
    for (const name of path.split("/").filter((part) => part !== "")) {
      if (entry?.kind !== "folder" || hides(own)) return undefined;
      entry = lowers.child(entry, name);
      own = join(own, name);
    }
    return entry;
  }

  /** Whether what is below the path is hidden. */
  function hides(path: BytePath): boolean {
    const stats = statOf(at(path));
    if (stats === undefined) return false;
    return !stats.isDirectory() || (path !== "" && marks.isOpaque(at(path)));
  }

  function ensureFolder(path: BytePath): void {
    const stats = statOf(at(path));
    if (stats?.isDirectory()) return;
    const folder = folderOf(path);
    ensureFolder(folder);
    const shown = stats === undefined ? below(path) : undefined;
    const hidden = stats !== undefined && isWhiteout(stats);
    if (hidden) removeFile(path);
    remember(folder);
    mkdirSync(fsPath(at(path)));
    chmodSync(fsPath(at(path)), 0o755);
    implied.add(path);
    if (shown?.kind === "folder") adopt(path, shown);
    else if (hidden) marks.makeOpaque(at(path));
  }

  function adopt(path: BytePath, { places: [place = ""], stats }: MergedFolder): void {
    copyAttributes(sys, place, { to: at(path), stats });
    times.set(path, timesOf(stats));
  }

  async function copyUp(path: BytePath, { place, stats }: MergedFile): Promise<void> {
    remember(folderOf(path));
    const to = at(path);
    if (stats.isSymbolicLink()) symlinkSync(readlinkSync(fsPath(place), { encoding: "buffer" }), fsPath(to));
    else if (stats.isFile()) {
      await copyFile(fsPath(place), fsPath(to), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    } else makeSpecial(sys, to, stats);
    copyAttributes(sys, place, { to, stats });
  }

  function removeFile(path: BytePath): void {
    remember(folderOf(path));
    unlinkSync(fsPath(at(path)));
  }

  return {
    at,
    hasBelow: lowers !== undefined,
    below,
    forgetBelow() {
      isAllHidden = true;
    },
    ensureFolder,
    copyUp,
    adopt,
    removeFile,
    implied,
    describe(path, from) {
      const stats = statOf(at(from));
      if (stats === undefined) return;
      copyAttributes(sys, at(from), { to: at(path), stats });
      times.set(path, times.get(from) ?? timesOf(stats));
      implied.delete(path);
    },
    isOpaque: (path) => marks.isOpaque(at(path)),
    makeOpaque: (path) => marks.makeOpaque(at(path)),
    makeWhiteout(path) {
      remember(folderOf(path));
      marks.makeWhiteout(at(path));
    },
    rename(from, to) {
      remember(folderOf(from));
      remember(folderOf(to));
      renameSync(fsPath(at(from)), fsPath(at(to)));
      for (const entry of [...times]) moveTimes(times, entry, { from, to });
      for (const path of [...implied]) {
        if (!isWithin(path, from)) continue;
        implied.delete(path);
        implied.add(to + path.slice(from.length));
      }
    },
    link(target, path) {
      remember(folderOf(path));
      linkSync(fsPath(at(target)), fsPath(at(path)));
    },
    removeFolder(path) {
      remember(folderOf(path));
      rmdirSync(fsPath(at(path)));
      times.delete(path);
    },
    restoreTimes() {
      for (const [path, value] of times) setTimes(sys, at(path), value);
      times.clear();
    },
  };
}

function moveTimes(
  times: Map<BytePath, Times>,
  [path, value]: readonly [BytePath, Times],
  { from, to }: { from: BytePath; to: BytePath },
): void {
  if (!isWithin(path, from)) return;
  times.delete(path);
  times.set(to + path.slice(from.length), value);
}

function makeSpecial(
  sys: Sys,
  path: BytePath,
  { mode, rdev }: { readonly mode: bigint; readonly rdev: bigint },
): void {
  sys.mknodAt(workingFolder, fsPath(path), Number(mode), deviceNumbers(rdev));
}

/** As glibc's `gnu_dev_major` and `gnu_dev_minor` split it. */
function deviceNumbers(device: bigint): { major: number; minor: number } {
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  };
}
