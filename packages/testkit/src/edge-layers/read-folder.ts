import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { loadSys } from "@drayage/sys";
import type { FoundFile, FoundTree } from "./compare.ts";

export interface ReadEdgeFolderOptions {
  /** Owners, modes and kinds are those that `user.containers.override_stat` tells, as where a store has no privileges. */
  readonly overrideStat?: boolean | undefined;
}

const second = 1_000_000_000n;

/** What a folder holds. Extended attributes are only known where `@drayage/sys` can be loaded. */
export function readEdgeFolder(folder: string, options: ReadEdgeFolderOptions = {}): FoundTree {
  const found = new Map<string, FoundFile>();
  const read = (path: string): void => {
    // The folder's own path is text, what is below it bytes.
    const place = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, "latin1")]);
    const file = fileAt(place, options);
    found.set(path, file);
    if (file.kind !== "folder") return;
    for (const name of readdirSync(place, { encoding: "buffer" })) {
      const inner = name.toString("latin1");
      read(path === "" ? inner : `${path}/${inner}`);
    }
  };
  read("");
  return found;
}

function fileAt(path: Buffer, { overrideStat }: ReadEdgeFolderOptions): FoundFile {
  const stats = lstatSync(path, { bigint: true });
  const all = xattrsOf(path);
  const real: FoundFile = {
    kind: kindOf(stats),
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtime: timeOf(stats.mtimeNs),
    identity: `${stats.dev}:${stats.ino}`,
    xattrs: all && new Map([...all].filter(([name]) => isTold(name))),
    ...deviceOf(stats),
  };
  const override = overrideStat === true ? all?.get("user.containers.override_stat") : undefined;
  const file = override === undefined ? real : { ...real, ...overridden(Buffer.from(override).toString()) };
  if (file.kind === "link") return { ...file, target: readlinkSync(path, "buffer").toString("latin1") };
  return file.kind === "file" ? { ...file, content: readFileSync(path) } : file;
}

function kindOf(stats: BigIntStats): FoundFile["kind"] {
  if (stats.isDirectory()) return "folder";
  if (stats.isSymbolicLink()) return "link";
  if (stats.isFIFO()) return "pipe";
  if (stats.isCharacterDevice()) return "character";
  return stats.isBlockDevice() ? "block" : "file";
}

function timeOf(nanoseconds: bigint): { seconds: number; nanoseconds: number } {
  const rest = ((nanoseconds % second) + second) % second;
  return { seconds: Number((nanoseconds - rest) / second), nanoseconds: Number(rest) };
}

/** Linux's way to put two numbers into one (makedev(3)). */
function deviceOf(stats: BigIntStats): { major?: number; minor?: number } {
  if (!stats.isCharacterDevice() && !stats.isBlockDevice()) return {};
  const device = stats.rdev;
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}

function xattrsOf(path: Buffer): Map<string, Uint8Array> | undefined {
  const sys = loadSys();
  if (sys === undefined) return undefined;
  const found = new Map<string, Uint8Array>();
  for (const name of sys.listXattrs(path)) {
    const value = sys.getXattr(path, name);
    if (value !== undefined) found.set(Buffer.from(name).toString(), value);
  }
  return found;
}

function isTold(name: string): boolean {
  if (name === "security.capability" || name === "security.selinux") return true;
  return (
    name.startsWith("user.") && !name.startsWith("user.overlay.") && !name.startsWith("user.containers.")
  );
}

const kinds: Readonly<Record<string, FoundFile["kind"]>> = {
  file: "file",
  dir: "folder",
  symlink: "link",
  pipe: "pipe",
  char: "character",
  block: "block",
};

/** `uid:gid:mode:kind`, the kind of a device followed by its numbers. */
function overridden(value: string): Partial<FoundFile> {
  const [uid, gid, mode = "", type = ""] = value.split(":");
  const [name = "", major, minor] = type.split("-");
  const kind = kinds[name];
  return {
    uid: Number(uid),
    gid: Number(gid),
    mode: Number.parseInt(mode, 8),
    ...(kind === undefined ? {} : { kind }),
    ...(major === undefined ? {} : { major: Number(major), minor: Number(minor) }),
  };
}
