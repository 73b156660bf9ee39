import { closeSync, constants, openSync } from "node:fs";
import { ioError } from "@drayage/errors";
import { createBreather, type Folder, openRoot } from "@drayage/pack";
import type { Sys } from "@drayage/sys";
import { type AttributeCopier, attributeCopier } from "./copy-attributes.ts";
import { type ContentCopier, contentCopier } from "./copy-content.ts";
import { deviceParts } from "./device.ts";
import { nameBytes, textOf } from "./names.ts";
import type { Ownership } from "./ownership.ts";

export interface CopyTreeOptions {
  readonly sys: Sys;
  readonly ownership: Ownership;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes an empty folder a copy of another one: contents (sharing their blocks where the file system can), hard links, owners, modes,
 * attributes but for SELinux's, and times to the nanosecond, of the folder itself too. No symbolic link is followed.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export async function copyTree(from: string, to: string, options: CopyTreeOptions): Promise<void> {
  const { sys, ownership, signal } = options;
  const breathe = createBreather(signal, "copy the files of a layer");
  await breathe();
  const copier: Copier = {
    sys,
    content: contentCopier(sys, breathe),
    attributes: attributeCopier(sys, ownership),
    isReal: ownership.kind === "real",
    linked: new Map(),
  };
  const levels: Level[] = [];
  try {
    levels.push(rootLevel(from, to));
    const root = levels[0]?.target ?? -1;
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const { value: name, done } = level.names.next();
      if (done === true) {
        copier.attributes.toFolder(level.source, level.target);
        close(level);
        levels.pop();
        continue;
      }
      const inner = await copyName(copier, { level, name, root });
      if (inner !== undefined) levels.push(inner);
      await breathe();
    }
  } finally {
    for (const level of levels) close(level);
  }
}

/** A folder that is being copied. */
interface Level {
  readonly source: Folder;
  /** The copy, open. */
  readonly target: number;
  /** Below the root, with a slash at its end; empty for the root. */
  readonly prefix: string;
  readonly names: Iterator<string>;
}

interface Copier {
  readonly sys: Sys;
  readonly content: ContentCopier;
  readonly attributes: AttributeCopier;
  /** Whether device nodes are made. */
  readonly isReal: boolean;
  /** Where the copy of a file with several names is, below the root. */
  readonly linked: Map<string, string>;
}

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const newFileFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const typeMask = 0o170000n;

function rootLevel(from: string, to: string): Level {
  const source = openRoot(from);
  try {
    return levelOf(source, openSync(to, folderFlags), "");
  } catch (error) {
    source.close();
    throw ioError(error, "write", { path: to });
  }
}

function levelOf(source: Folder, target: number, prefix: string): Level {
  return { source, target, prefix, names: source.names().values() };
}

function close({ source, target }: Level): void {
  source.close();
  closeSync(target);
}

interface Place {
  readonly level: Level;
  readonly name: string;
  /** The root of the copy, open. */
  readonly root: number;
}

/** Copies one file; of a folder, gives what is to be copied next. */
async function copyName(copier: Copier, place: Place): Promise<Level | undefined> {
  try {
    return await copyFound(copier, place);
  } catch (error) {
    throw ioError(error, "copy", { path: textOf(`${place.level.source.path}/${place.name}`) });
  }
}

async function copyFound(copier: Copier, { level, name, root }: Place): Promise<Level | undefined> {
  const { sys, attributes, linked } = copier;
  const { source, target, prefix } = level;
  const stats = source.stat(name);
  if (stats === undefined) return undefined;
  const own = nameBytes(name);
  if (stats.isDirectory()) {
    const inner = source.folder(name);
    if (inner === undefined) return undefined;
    try {
      sys.mkdirAt(target, own, 0o700);
      return levelOf(inner, sys.openAt(target, own, folderFlags), `${prefix}${name}/`);
    } catch (error) {
      inner.close();
      throw error;
    }
  }
  const key = stats.nlink === 1n ? undefined : `${stats.dev}:${stats.ino}`;
  const earlier = key === undefined ? undefined : linked.get(key);
  if (earlier !== undefined) {
    sys.linkAt(root, nameBytes(earlier), target, own);
    return undefined;
  }
  if (stats.isFile()) {
    if (!(await copyFile(copier, level, name))) return undefined;
  } else if (stats.isSymbolicLink()) {
    const link = source.link(name);
    if (link === undefined) return undefined;
    sys.symlinkAt(nameBytes(link), target, own);
    attributes.toName(source, target, { name, stats });
  } else {
    makeSpecial(copier, level, { name, type: Number(stats.mode & typeMask), device: stats.rdev });
    attributes.toName(source, target, { name, stats });
  }
  if (key !== undefined) linked.set(key, `${prefix}${name}`);
  return undefined;
}

/** False where the file is gone meanwhile. */
async function copyFile({ sys, content, attributes }: Copier, level: Level, name: string): Promise<boolean> {
  const { source, target } = level;
  const file = source.file(name);
  if (file === undefined) return false;
  try {
    const copy = sys.openAt(target, nameBytes(name), newFileFlags, 0o600);
    try {
      if (file.stats.size > 0n) await content.copy(file.fd, copy);
    } finally {
      closeSync(copy);
    }
    attributes.toName(source, target, { name, stats: file.stats });
  } finally {
    closeSync(file.fd);
  }
  return true;
}

/** Devices, pipes and sockets. Where they cannot be made, an empty file is to have the attribute that says what it would be. */
function makeSpecial(
  { sys, isReal }: Copier,
  { target }: Level,
  { name, type, device }: { readonly name: string; readonly type: number; readonly device: bigint },
): void {
  const own = nameBytes(name);
  if (isReal) sys.mknodAt(target, own, type | 0o600, deviceParts(device));
  else closeSync(sys.openAt(target, own, newFileFlags, 0o600));
}
