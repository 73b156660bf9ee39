import type { Stats } from "node:fs";
import { lstat, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { descriptorOf } from "@drayage/blob";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";

/** A regular file, or none yet. */
export interface FileTarget {
  readonly kind: "file";
  /** The file itself, symbolic links followed: it is replaced by name. */
  readonly path: string;
  readonly existing: Stats | undefined;
}

/** Where an archive is to be written. */
export type WriteTarget =
  | FileTarget
  /** A pipe, a device, or an open file of this process. */
  | { readonly kind: "stream" };

/** Looks what is at the place. Writes nothing. */
export async function findTarget(path: string): Promise<WriteTarget> {
  // A descriptor that leads to a file is written to from where it stands: whoever opened it holds it, not its name.
  if (descriptorOf(resolve(path)) !== undefined) return { kind: "stream" };
  try {
    const real = await followLinks(path);
    const existing = await statIfThere(real);
    if (existing?.isDirectory() === true || path.endsWith("/")) {
      throw new DrayageError("ERR_DRAYAGE_IO", `cannot write ${JSON.stringify(path)}: it is a directory`, {
        hint: "name a file in it",
      });
    }
    if (existing === undefined || existing.isFile()) return { kind: "file", path: real, existing };
    return { kind: "stream" };
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}

/** The path with symbolic links followed, also where the last one leads to a file that is not there yet. */
async function followLinks(path: string): Promise<string> {
  let current = resolve(path);
  for (let hops = 0; hops < 40; hops += 1) {
    const real = join(await realpath(dirname(current)), basename(current));
    if (!(await isSymbolicLink(real))) return real;
    current = resolve(dirname(real), await readlink(real));
  }
  throw new DrayageError("ERR_DRAYAGE_IO", `cannot write ${JSON.stringify(path)}: too many symbolic links`);
}

async function isSymbolicLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** What is at the path; undefined where nothing is. Throws ERR_DRAYAGE_IO. */
async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw ioError(error, "write", { path });
  }
}
