import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";
import type { Sys } from "@drayage/sys";
import { removeTree } from "./remove-tree.ts";

const folderPrefix = "temp-dir-";
const lockPrefix = "lock-";

/**
 * A folder in `<home>/tempdirs` for what is made or removed, and beside it a locked file that tells that its process lives:
 * the way of containers/storage 1.59 and later, which removes what nobody has locked. Earlier ones leave the folder alone.
 */
export interface TemporaryPlace {
  readonly path: string;
  /** Removes the folder, whatever is in it, and its lock. May be called again. */
  remove(): Promise<void>;
  /** The same where the folder is empty, and at once; false where it is not. */
  removeIfEmpty(): boolean;
}

export function temporaryPlaces(home: string): string {
  return join(home, "tempdirs");
}

/** @throws `ERR_DRAYAGE_IO` */
export function createTemporaryPlace(sys: Sys, home: string): TemporaryPlace {
  return createPlaceIn(sys, temporaryPlaces(home));
}

/** The same in any folder. */
export function createPlaceIn(sys: Sys, places: string): TemporaryPlace {
  try {
    mkdirSync(places, { recursive: true, mode: 0o700 });
    const { name, fd } = createLock(sys, places);
    const path = join(places, `${folderPrefix}${name}`);
    mkdirSync(path, 0o700);
    chmodSync(path, 0o700);
    return placeOf(path, { path: join(places, `${lockPrefix}${name}`), fd });
  } catch (error) {
    throw ioError(error, "write", { path: places });
  }
}

interface LockFile {
  readonly path: string;
  readonly fd: number;
}

function placeOf(path: string, lock: LockFile): TemporaryPlace {
  let state: "there" | "gone" = "there";

  /** The file goes while it is locked, so that nobody locks one that has no name any more. */
  function unlock(): void {
    state = "gone";
    try {
      unlinkSync(lock.path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw ioError(error, "delete", { path: lock.path });
    } finally {
      closeSync(lock.fd);
    }
  }

  return {
    path,
    async remove() {
      if (state === "gone") return;
      await removeTree(path);
      // Two calls may have met in the wait.
      if ((state as string) !== "gone") unlock();
    },
    removeIfEmpty() {
      if (state === "gone") return true;
      try {
        rmdirSync(path);
      } catch (error) {
        if (errnoOf(error) === "ENOTEMPTY" || errnoOf(error) === "EEXIST") return false;
        if (errnoOf(error) !== "ENOENT") throw ioError(error, "delete", { path });
      }
      unlock();
      return true;
    },
  };
}

/** Between its creation and its being locked, a file looks like that of a dead process: it may be gone by then. */
function createLock(sys: Sys, places: string): { readonly name: string; readonly fd: number } {
  for (;;) {
    const name = randomBytes(8).toString("hex");
    const fd = openSync(
      join(places, `${lockPrefix}${name}`),
      constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
      0o600,
    );
    if (sys.tryLock(fd, "write") && fstatSync(fd).nlink > 0) return { name, fd };
    closeSync(fd);
  }
}

export interface AbandonedPlace {
  readonly path: string;
  remove(): Promise<void>;
}

/** The temporary places of processes that died: what each had begun, and how to remove it. */
export function abandonedPlaces(sys: Sys, home: string): readonly AbandonedPlace[] {
  return abandonedPlacesIn(sys, temporaryPlaces(home));
}

/** The same of any folder. */
export function abandonedPlacesIn(sys: Sys, places: string): readonly AbandonedPlace[] {
  return placeNames(places)
    .filter((name) => isAbandoned(sys, join(places, `${lockPrefix}${name}`)))
    .map((name) => ({
      path: join(places, `${folderPrefix}${name}`),
      remove: () => removeAbandoned(sys, places, name),
    }));
}

function placeNames(places: string): readonly string[] {
  const names = new Set<string>();
  for (const entry of namesIn(places)) {
    if (entry.startsWith(folderPrefix)) names.add(entry.slice(folderPrefix.length));
    else if (entry.startsWith(lockPrefix)) names.add(entry.slice(lockPrefix.length));
  }
  return [...names].sort();
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw ioError(error, "read", { path: folder });
  }
}

function isAbandoned(sys: Sys, lockPath: string): boolean {
  let fd: number;
  try {
    fd = openSync(lockPath, constants.O_RDWR);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return true;
    throw ioError(error, "read", { path: lockPath });
  }
  try {
    return !sys.isLocked(fd, "write");
  } finally {
    closeSync(fd);
  }
}

/** Nothing is done where somebody has it locked: another process removes it, or had only just made it. */
async function removeAbandoned(sys: Sys, places: string, name: string): Promise<void> {
  const path = join(places, `${lockPrefix}${name}`);
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (error) {
    throw ioError(error, "write", { path });
  }
  if (sys.tryLock(fd, "write") && fstatSync(fd).nlink > 0) {
    await placeOf(join(places, `${folderPrefix}${name}`), { path, fd }).remove();
  } else closeSync(fd);
}
