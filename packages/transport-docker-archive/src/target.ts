import { constants, type Stats } from "node:fs";
import { lstat, open, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
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
  | { readonly kind: "stream"; readonly open: () => Promise<OpenStream> };

export interface OpenStream {
  readonly fd: number;
  close(): Promise<void>;
}

/** Looks what is at the place. Writes nothing. */
export async function findTarget(path: string): Promise<WriteTarget> {
  const descriptor = descriptorOf(path);
  if (descriptor !== undefined) {
    return { kind: "stream", open: async () => ({ fd: descriptor, close: async () => {} }) };
  }
  try {
    const real = await followLinks(path);
    const existing = await statIfThere(real);
    if (existing === undefined || existing.isFile()) return { kind: "file", path: real, existing };
    if (existing.isDirectory()) {
      throw new DrayageError("ERR_DRAYAGE_IO", `cannot write ${JSON.stringify(path)}: it is a directory`, {
        hint: "name a file in it",
      });
    }
    return { kind: "stream", open: () => openStream(real) };
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}

/**
 * The file descriptor that a path such as `/dev/stdout` stands for. The descriptor is written to as it is: opening
 * the path anew fails for sockets, and would start over at the beginning of a file that the shell has opened.
 */
function descriptorOf(path: string): number | undefined {
  if (process.platform === "win32") return undefined;
  const absolute = resolve(path);
  if (absolute === "/dev/stdout") return 1;
  if (absolute === "/dev/stderr") return 2;
  const [, digits] = /^\/(?:dev|proc\/self)\/fd\/(\d{1,6})$/.exec(absolute) ?? [];
  return digits === undefined ? undefined : Number(digits);
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
export async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw ioError(error, "write", { path });
  }
}

async function openStream(path: string): Promise<OpenStream> {
  const handle = await open(path, constants.O_WRONLY);
  return { fd: handle.fd, close: () => handle.close() };
}

/** Whether a file is still the one that was looked at. */
export function isUnchanged(before: Stats | undefined, now: Stats | undefined): boolean {
  if (before === undefined || now === undefined) return before === now;
  return (
    before.dev === now.dev &&
    before.ino === now.ino &&
    before.size === now.size &&
    before.mtimeMs === now.mtimeMs
  );
}
