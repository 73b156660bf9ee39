import { type BigIntStats, type Dirent, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { type BytePath, bytePathOfText, fsPath, join, textOf } from "./byte-path.ts";
import { isWhiteout, type Marks } from "./marks.ts";

/** Layers laid over each other, as the kernel would show them, without a mount. */
export interface MergedView {
  readonly root: MergedFolder;
  /** What is there under a path whose folders are no links; undefined where nothing is. */
  find(path: BytePath): MergedEntry | undefined;
  /** The names that a folder shows. */
  names(folder: MergedFolder): ReadonlySet<BytePath>;
  child(folder: MergedFolder, name: BytePath): MergedEntry | undefined;
  /**
   * The path without links of what the path leads to, links at its end included, as if the layers' root were that of the
   * system. Where something is missing on the way, the rest is appended as it is. Undefined where links go round in circles.
   */
  resolve(path: BytePath): BytePath | undefined;
}

/** What a symbolic link says. */
export function readLink(place: BytePath): BytePath {
  return readlinkSync(fsPath(place), { encoding: "latin1" });
}

export type MergedEntry = MergedFolder | MergedFile;

/** A folder, and those below it that show through. */
export interface MergedFolder {
  readonly kind: "folder";
  /** Where it is, the nearest layer first; at least one. */
  readonly places: readonly BytePath[];
  readonly stats: BigIntStats;
}

/** All but folders. */
export interface MergedFile {
  readonly kind: "file";
  readonly place: BytePath;
  readonly stats: BigIntStats;
}

/** As many links as the kernel follows in one path. */
const maxLinks = 40;

/** @param folders the layers' `diff` folders, the nearest first; at least one */
export function mergedView(folders: readonly string[], marks: Marks): MergedView {
  const places = folders.map(bytePathOfText);
  const root: MergedFolder = {
    kind: "folder",
    places,
    stats: statOf(places[0] ?? "/") ?? missing(places[0]),
  };

  function child(folder: MergedFolder, name: BytePath): MergedEntry | undefined {
    const shown: BytePath[] = [];
    let stats: BigIntStats | undefined;
    for (const place of folder.places) {
      const path = join(place, name);
      const found = statOf(path);
      if (found === undefined) continue;
      if (!found.isDirectory()) {
        if (shown.length > 0 || isWhiteout(found)) break;
        refuseDetour(marks, path);
        return { kind: "file", place: path, stats: found };
      }
      refuseDetour(marks, path);
      stats ??= found;
      shown.push(path);
      if (marks.isOpaque(path)) break;
    }
    return stats === undefined ? undefined : { kind: "folder", places: shown, stats };
  }

  function find(path: BytePath): MergedEntry | undefined {
    let entry: MergedEntry | undefined = root;
    for (const name of partsOf(path)) {
      if (entry?.kind !== "folder") return undefined;
      entry = child(entry, name);
    }
    return entry;
  }

  function names(folder: MergedFolder): ReadonlySet<BytePath> {
    const shown = new Set<BytePath>();
    const hidden = new Set<BytePath>();
    for (const place of folder.places) {
      for (const name of namesIn(place)) {
        if (shown.has(name) || hidden.has(name)) continue;
        const stats = statOf(join(place, name));
        if (stats === undefined) continue;
        (isWhiteout(stats) ? hidden : shown).add(name);
      }
    }
    return shown;
  }

  function resolve(path: BytePath): BytePath | undefined {
    const rest = partsOf(path).reverse();
    const done: BytePath[] = [];
    for (let links = 0; ; ) {
      const name = rest.pop();
      if (name === undefined) return done.join("/");
      if (name === "..") {
        done.pop();
        continue;
      }
      const entry = find([...done, name].join("/"));
      if (entry?.kind !== "file" || !entry.stats.isSymbolicLink()) {
        done.push(name);
        continue;
      }
      links += 1;
      if (links > maxLinks) return undefined;
      const target = readLink(entry.place);
      if (target.startsWith("/")) done.length = 0;
      rest.push(...partsOf(target).reverse());
    }
  }

  return { root, find, names, child, resolve };
}

function partsOf(path: BytePath): BytePath[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

export function namesIn(path: BytePath): readonly BytePath[] {
  try {
    return readdirSync(fsPath(path), { encoding: "latin1" });
  } catch (error) {
    throw ioError(error, "read", { path: textOf(path) });
  }
}

/** What is in a folder, with the types, for which no file is looked at where the file system tells them. */
export function entriesIn(path: BytePath): readonly Dirent[] {
  try {
    return readdirSync(fsPath(path), { encoding: "latin1", withFileTypes: true });
  } catch (error) {
    throw ioError(error, "read", { path: textOf(path) });
  }
}

/** Follows no link. */
export function statOf(path: BytePath): BigIntStats | undefined {
  try {
    return lstatSync(fsPath(path), { bigint: true });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
    throw ioError(error, "read", { path: textOf(path) });
  }
}

/** Such marks are made by the kernel in containers' own layers, on which no image's layer stands. */
function refuseDetour(marks: Marks, path: BytePath): void {
  const mark = marks.detour(path);
  if (mark === undefined) return;
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_UNSUPPORTED",
    `${JSON.stringify(textOf(path))} has the attribute ${mark}: what it shows is elsewhere`,
    { hint: "commit the container to an image, and use that" },
  );
}

function missing(place: BytePath | undefined): never {
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_INVALID",
    place === undefined ? "a view of no layers" : `${JSON.stringify(textOf(place))} is missing`,
  );
}
