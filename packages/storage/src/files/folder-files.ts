import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fdatasyncSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { syncDirectory } from "@drayage/blob";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { acquireFileLock, requireSys } from "@drayage/sys";
import { removeTree } from "../remove-tree.ts";
import { abandonedPlacesIn, createPlaceIn } from "../temporary-place.ts";
import type { LockKind, StoreFiles } from "./store-files.ts";

/** Files of a store in folders, with the modes that the Go tools give them. */
export function folderFiles(): StoreFiles {
  return {
    onDisk: true,
    read: readWhole,
    stamp: stampOf,
    size: (file) => statsOf(file)?.size,
    changed(file) {
      const stats = statsOf(file);
      return stats && Number(stats.mtimeNs / 1_000_000n);
    },
    exists: (file) => statsOf(file) !== undefined,
    list,
    write: replaceFile,
    writeNew: (file, bytes) => doing("write", file, () => writeNew(file, bytes)),
    overwrite,
    makeFolder,
    rename,
    remove: removeTree,
    syncFile: (file) => doing("sync", file, () => syncFile(file)),
    syncFolder: syncDirectory,
    makeArea: (root) => createPlaceIn(requireSys(`write to ${JSON.stringify(root)}`), root),
    abandonedAreas: (root) => abandonedPlacesIn(requireSys("find what is left over"), root),
    acquire(file, kind, options) {
      makeFolder(path.dirname(file));
      return acquireFileLock(file, kind, options);
    },
    tryAcquire,
  };
}

function tryAcquire(file: string, kind: LockKind): Disposable | undefined {
  const sys = requireSys(`lock ${JSON.stringify(file)}`);
  const fd = kind === "read" ? openLockToRead(file) : openLockToWrite(file);
  // Nobody has ever locked it.
  if (fd === undefined) return { [Symbol.dispose]: () => undefined };
  try {
    if (sys.tryLock(fd, kind)) return { [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw ioError(error, "lock", { path: file });
  }
  closeSync(fd);
  return undefined;
}

/** Where nothing can be written, a check has to work, too. */
function openLockToRead(file: string): number | undefined {
  try {
    return openSync(file, constants.O_RDONLY);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw ioError(error, "lock", { path: file });
  }
}

function openLockToWrite(file: string): number {
  makeFolder(path.dirname(file));
  try {
    return openSync(file, constants.O_RDWR | constants.O_CREAT, 0o644);
  } catch (error) {
    throw ioError(error, "lock", { path: file });
  }
}

function readWhole(file: string, limit: number): Uint8Array | undefined {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw ioError(error, "read", { path: file });
  }
  try {
    const { size } = fstatSync(fd);
    if (size > limit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `${JSON.stringify(file)} has ${size} bytes, where at most ${limit} are accepted`,
      );
    }
    const bytes = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      const count = readSync(fd, bytes, filled, size - filled, filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } catch (error) {
    throw ioError(error, "read", { path: file });
  } finally {
    closeSync(fd);
  }
}

function stampOf(file: string): string {
  const stats = statsOf(file);
  return stats === undefined ? "" : `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
}

function statsOf(file: string): { ino: bigint; size: number; mtimeNs: bigint; ctimeNs: bigint } | undefined {
  try {
    const stats = lstatSync(file, { bigint: true, throwIfNoEntry: false });
    return (
      stats && { ino: stats.ino, size: Number(stats.size), mtimeNs: stats.mtimeNs, ctimeNs: stats.ctimeNs }
    );
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw ioError(error, "look at", { path: file });
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw ioError(error, "list", { path: folder });
  }
}

function replaceFile(
  file: string,
  bytes: Uint8Array,
  { volatile = false }: { readonly volatile?: boolean | undefined } = {},
): void {
  const folder = path.dirname(file);
  // The name that the Go tools give such a file.
  const beside = path.join(folder, `.tmp-${path.basename(file)}${randomBytes(5).readUIntBE(0, 5)}`);
  makeFolder(folder);
  try {
    const fd = openSync(beside, "wx", 0o600);
    try {
      writeAll(fd, bytes);
      if (!volatile) fdatasyncSync(fd);
      fchmodSync(fd, 0o600);
    } finally {
      closeSync(fd);
    }
    renameSync(beside, file);
  } catch (error) {
    removeQuietly(beside);
    throw ioError(error, "write", { path: file });
  }
}

function overwrite(file: string, bytes: Uint8Array): void {
  try {
    const fd = openSync(file, "r+");
    try {
      writeAll(fd, bytes);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw ioError(error, "write", { path: file });
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, written);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw ioError(error, "make the folder", { path: folder });
  }
}

function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" && statsOf(from) === undefined) return false;
    throw ioError(error, "move", { path: from });
  }
}

/** After a failure that is worth telling about; a second one is not. */
function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It was not made, or cannot be removed: the next check finds it.
  }
}

async function writeNew(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.chmod(0o600);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, "r");
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function doing(op: string, file: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw ioError(error, op, { path: file });
  }
}

function isMissing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "ENOENT" || errno === "ENOTDIR";
}
