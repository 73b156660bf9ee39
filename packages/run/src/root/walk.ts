import { closeSync, constants, fchmodSync, fchownSync, fstatSync, openSync, readSync } from "node:fs";
import { openFlags, type Sys } from "@drayage/sys";

const linkLimit = 255;
const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY, S_IFDIR, S_IFLNK, S_IFMT } =
  constants;

/** What is made where it is missing; the folders above it are made, too. */
export interface Missing {
  readonly kind: "folder" | "file";
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Names in the root where the walk ends, in the root itself: something else will be mounted there, so nothing is to be made. */
  readonly except?: readonly string[] | undefined;
}

/** Opens a folder as a root to walk in. */
export function openRoot(folder: string): number {
  return openSync(folder, openFlags.path | O_DIRECTORY);
}

/**
 * Opens what `path` names as if the open folder `root` were `/`: links are followed within it, and `..` does not leave it, whoever renames
 * what meanwhile. A link that leads to nothing is followed as well: with `missing`, what it names is made.
 *
 * @returns a descriptor as `O_PATH` gives
 * @throws system errors: `ENOENT`, `ENOTDIR`, `ELOOP` and the like
 */
export function walk(sys: Sys, root: number, path: string, missing?: Missing): number {
  const open: number[] = [sys.openAt(root, ".", openFlags.path | O_DIRECTORY)];
  const names = namesOf(path).reverse();
  let links = 0;
  try {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const folder = open.at(-1) ?? root;
      if (name === "..") {
        if (open.length > 1) closeSync(open.pop() ?? -1);
        continue;
      }
      if (open.length === 1 && missing?.except?.includes(name)) return open.pop() ?? root;
      const found = openOrMake(
        sys,
        folder,
        name,
        names.length > 0 && missing ? { ...missing, kind: "folder" } : missing,
      );
      if ((fstatSync(found).mode & S_IFMT) !== S_IFLNK) {
        open.push(found);
        continue;
      }
      closeSync(found);
      links += 1;
      if (links > linkLimit)
        throw Object.assign(new Error(`ELOOP: too many symbolic links, ${path}`), { code: "ELOOP" });
      const target = Buffer.from(sys.readlinkAt(folder, name)).toString();
      if (target.startsWith("/")) for (const fd of open.splice(1)) closeSync(fd);
      names.push(...namesOf(target).reverse());
    }
    return open.pop() ?? root;
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

function openOrMake(sys: Sys, folder: number, name: string, missing: Missing | undefined): number {
  const open = (): number => sys.openAt(folder, name, openFlags.path | O_NOFOLLOW);
  try {
    return open();
  } catch (error) {
    if (missing === undefined || !hasCode(error, "ENOENT")) throw error;
  }
  try {
    make(sys, folder, name, missing);
  } catch (error) {
    // Somebody else was faster.
    if (!hasCode(error, "EEXIST")) throw error;
  }
  return open();
}

/** As runc and buildah make mount points. */
const modeOfMade = 0o755;

function make(sys: Sys, folder: number, name: string, { kind, owner }: Missing): void {
  if (kind === "folder") sys.mkdirAt(folder, name, modeOfMade);
  const flags = kind === "folder" ? O_RDONLY | O_DIRECTORY : O_WRONLY | O_CREAT | O_EXCL;
  const fd = sys.openAt(folder, name, flags | O_NOFOLLOW, modeOfMade);
  try {
    // Whatever the mask of this process is.
    fchmodSync(fd, modeOfMade);
    if (owner) fchownSync(fd, owner.uid, owner.gid);
  } finally {
    closeSync(fd);
  }
}

/** What there is at a path in the root; undefined where there is nothing. The last link is followed, too. */
export function lookUp(
  sys: Sys,
  root: number,
  path: string,
): { readonly mode: number; readonly size: number } | undefined {
  let fd: number;
  try {
    fd = walk(sys, root, path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
  try {
    return fstatSync(fd);
  } finally {
    closeSync(fd);
  }
}

export function isFolder(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

const textLimit = 4 * 1024 * 1024;

/** The text of a small file in the root; undefined where there is none. What is longer is cut. */
export function readText(
  sys: Sys,
  root: number,
  path: string,
  limit: number = textLimit,
): string | undefined {
  let place: number;
  try {
    place = walk(sys, root, path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
  try {
    // A device or a queue could keep us waiting, or worse.
    if (!fstatSync(place).isFile()) return undefined;
    const fd = openSync(`/proc/self/fd/${place}`, O_RDONLY | O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, limit));
      return bytes.subarray(0, readSync(fd, bytes)).toString("utf8");
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(place);
  }
}

/** Whether there can be nothing at a path. */
function isAbsence(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"].some((code) => hasCode(error, code));
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Whether the root has nothing of that name, or a folder: no link to somewhere. */
export function isFolderOrNothing(sys: Sys, root: number, name: string): boolean {
  let fd: number;
  try {
    fd = sys.openAt(root, name, openFlags.path | O_NOFOLLOW);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return true;
    throw error;
  }
  try {
    return isFolder(fstatSync(fd).mode);
  } finally {
    closeSync(fd);
  }
}
