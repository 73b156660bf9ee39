import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { errnoOf } from "@drayage/errors";
import { loadSys } from "@drayage/sys";

/** What a layer on its parents has at a path, as plain data that can be compared. */
export interface TreeNode {
  readonly type: "file" | "folder" | "symlink" | "character" | "block" | "fifo" | "socket";
  /** Permissions, set-id and sticky bits; undefined for a symbolic link. */
  readonly mode?: number | undefined;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  /** Of a file: its bytes as text where that is short, else how many there are and their SHA-256. */
  readonly content?: string | undefined;
  /** Of a symbolic link, with a character for each byte. */
  readonly target?: string | undefined;
  /** Of a device: `1:3`. */
  readonly device?: string | undefined;
  /** As hexadecimal text by name, but for SELinux's, overlay's own, and what stands for owners. */
  readonly xattrs: Readonly<Record<string, string>>;
  /** The first of the names that a file has in this tree, where it has several. */
  readonly sameAs?: string | undefined;
}

/** By path, with a character U+0000 to U+00FF for each byte, without a slash in front; the root is `.`. */
export type LayerTree = ReadonlyMap<string, TreeNode>;

/** Reads a folder as a container would see it. Follows no link. */
export function readLayerTree(root: string): LayerTree {
  const tree = new Map<string, TreeNode>();
  const first = new Map<string, string>();
  function visit(path: string): void {
    const full = fsPath(`${bytesAsText(root)}/${path}`);
    const stats = lstatSync(full, { bigint: true });
    const key = stats.isDirectory() || stats.nlink === 1n ? undefined : `${stats.dev}:${stats.ino}`;
    const sameAs = key === undefined ? undefined : (first.get(key) ?? path);
    if (key !== undefined && sameAs !== undefined) first.set(key, sameAs);
    tree.set(path, { ...nodeOf(full, stats), ...(sameAs !== undefined && { sameAs }) });
    if (!stats.isDirectory()) return;
    for (const name of readdirSync(full, { encoding: "latin1" }).sort())
      visit(path === "." ? name : `${path}/${name}`);
  }
  visit(".");
  return tree;
}

const longestText = 64;

function nodeOf(path: string | Buffer, stats: BigIntStats): TreeNode {
  const { xattrs, override } = readXattrs(path);
  const type = override?.type ?? typeOf(stats);
  return {
    type,
    ...(type !== "symlink" && { mode: override?.mode ?? Number(stats.mode & 0o7777n) }),
    uid: override?.uid ?? Number(stats.uid),
    gid: override?.gid ?? Number(stats.gid),
    mtime: stats.mtimeNs,
    ...(type === "file" && { content: contentOf(readFileSync(path)) }),
    ...(type === "symlink" && { target: readlinkSync(path, { encoding: "latin1" }) }),
    ...((type === "character" || type === "block") && { device: override?.device ?? deviceOf(stats.rdev) }),
    xattrs,
  };
}

export function contentOf(bytes: Uint8Array): string {
  if (bytes.length <= longestText) return Buffer.from(bytes).toString();
  return `${bytes.length} bytes, sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function typeOf(stats: BigIntStats): TreeNode["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isCharacterDevice()) return "character";
  if (stats.isBlockDevice()) return "block";
  return stats.isFIFO() ? "fifo" : "socket";
}

function deviceOf(device: bigint): string {
  return `${(device >> 8n) & 0xfffn}:${(device & 0xffn) | ((device >> 12n) & 0xfff00n)}`;
}

type Override = Pick<TreeNode, "type" | "uid" | "gid" | "device"> & { readonly mode: number };

function readXattrs(path: string | Buffer): {
  readonly xattrs: Readonly<Record<string, string>>;
  readonly override?: Override | undefined;
} {
  const sys = loadSys();
  if (sys === undefined) return { xattrs: {} };
  const xattrs: Record<string, string> = {};
  let override: Override | undefined;
  for (const raw of names()) {
    const name = Buffer.from(raw).toString();
    const value = Buffer.from(sys.getXattr(path, raw) ?? []);
    if (name === "user.containers.override_stat") override = parseOverride(value.toString());
    else if (name !== "security.selinux" && !/^(trusted|user)\.overlay\./.test(name))
      xattrs[name] = value.toString("hex");
  }
  return { xattrs, override };

  function names(): readonly Uint8Array[] {
    try {
      return [...(sys?.listXattrs(path) ?? [])].sort(Buffer.compare);
    } catch (error) {
      if (["ENOTSUP", "EOPNOTSUPP"].includes(errnoOf(error) ?? "")) return [];
      throw error;
    }
  }
}

const kinds: Readonly<Record<string, TreeNode["type"]>> = {
  file: "file",
  dir: "folder",
  symlink: "symlink",
  pipe: "fifo",
  socket: "socket",
  char: "character",
  block: "block",
};

/** `0:6:0660:block-8-1`, as containers/storage writes it. */
function parseOverride(text: string): Override {
  const found = /^(\d+):(\d+):([0-7]+):([a-z]+)(?:-(\d+)-(\d+))?$/.exec(text);
  const type = kinds[found?.[4] ?? ""];
  if (found === null || type === undefined)
    throw new Error(`user.containers.override_stat is ${JSON.stringify(text)}`);
  const [, uid, gid, mode = "", , major, minor] = found;
  return {
    type,
    mode: Number.parseInt(mode, 8),
    uid: Number(uid),
    gid: Number(gid),
    ...(major !== undefined && { device: `${major}:${minor}` }),
  };
}

function fsPath(path: string): Buffer {
  return Buffer.from(path, "latin1");
}

function bytesAsText(text: string): string {
  return Buffer.from(text).toString("latin1");
}
