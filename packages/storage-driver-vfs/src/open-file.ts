import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf, ioError } from "@drayage/errors";
import type { LayerFile } from "@drayage/storage";
import { loadSys, type Sys } from "@drayage/sys";
import { openByWalking } from "./open-by-walking.ts";

/**
 * Opens a regular file of a tree; links are followed as if the tree's folder were the root. Undefined where there is none.
 *
 * @throws `ERR_DRAYAGE_IO`
 */
export function openFile(root: string, name: Uint8Array): LayerFile | undefined {
  const fd = openInTree(root, name);
  if (fd === undefined) return undefined;
  const stats = fstatSync(fd);
  if (!stats.isFile()) {
    closeSync(fd);
    return undefined;
  }
  return {
    size: stats.size,
    read: (buffer, position) => readFully(fd, buffer, position),
    close: () => closeSync(fd),
  };
}

function readFully(fd: number, buffer: Uint8Array, position: number): number {
  let done = 0;
  while (done < buffer.length) {
    const count = readSync(fd, buffer, done, buffer.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

function openInTree(root: string, name: Uint8Array): number | undefined {
  const sys = loadSys();
  try {
    return sys === undefined ? openByWalking(root, name) : openByKernel(sys, root, name);
  } catch (error) {
    if (absent.has(errnoOf(error) ?? "")) return undefined;
    throw ioError(error, "read", { path: `${root}/${Buffer.from(name).toString()}` });
  }
}

/** `ENXIO`: a socket. */
const absent: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EISDIR"]);

/** A pipe is not waited for. */
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK;

function openByKernel(sys: Sys, root: string, name: Uint8Array): number {
  const folder = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return sys.openInRoot(folder, name, readFlags);
  } finally {
    closeSync(folder);
  }
}
