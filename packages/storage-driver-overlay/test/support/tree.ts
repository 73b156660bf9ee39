import {
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { requireSys, workingFolder } from "@drayage/sys";

export interface Wish {
  readonly text?: string;
  readonly link?: string;
  readonly sameAs?: string;
  readonly whiteout?: true;
  readonly opaque?: true;
  readonly fifo?: true;
  readonly mode?: number;
  readonly owner?: readonly [uid: number, gid: number];
  /** In nanoseconds. */
  readonly mtime?: bigint;
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** Fills a folder: names that end in `/` are folders, a text is a file's content. Times are set last, parents' after their children's. */
export function makeTree(folder: string, wishes: Readonly<Record<string, string | Wish>>): void {
  for (const [name, wish] of Object.entries(wishes)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    make(folder, { path, name }, typeof wish === "string" ? { text: wish } : wish);
  }
  for (const [name, wish] of Object.entries(wishes).reverse()) {
    if (typeof wish === "string" || wish.mtime === undefined) continue;
    const time = {
      seconds: Number(wish.mtime / 1_000_000_000n),
      nanoseconds: Number(wish.mtime % 1_000_000_000n),
    };
    requireSys("test").utimesAt(workingFolder, join(folder, name).replace(/\/$/, ""), time, time);
  }
}

function make(folder: string, { path, name }: { path: string; name: string }, wish: Wish): void {
  if (name.endsWith("/")) mkdirSync(path, { recursive: true });
  else if (wish.link !== undefined) symlinkSync(wish.link, path);
  else if (wish.sameAs !== undefined) linkSync(join(folder, wish.sameAs), path);
  else if (wish.whiteout) requireSys("test").mknodAt(workingFolder, path, 0o020000, { major: 0, minor: 0 });
  else if (wish.fifo) requireSys("test").mknodAt(workingFolder, path, 0o010644);
  else writeFileSync(path, wish.text ?? "");
  const bare = path.replace(/\/$/, "");
  if (wish.owner !== undefined) lchownSync(bare, ...wish.owner);
  if (wish.mode !== undefined) chmodSync(bare, wish.mode);
  if (wish.opaque) requireSys("test").setXattr(bare, "trusted.overlay.opaque", Buffer.from("y"));
  for (const [key, value] of Object.entries(wish.xattrs ?? {}))
    requireSys("test").setXattr(bare, key, Buffer.from(value));
}

/** What a folder holds, but for times: each path with its kind, mode, owner, content and attributes. */
export function listTree(folder: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of pathsIn(folder)) found[path] = describe(join(folder, path));
  return found;
}

/** Sorted; follows no link. */
export function pathsIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => [
      entry.name,
      ...(entry.isDirectory()
        ? pathsIn(join(folder, entry.name)).map((path) => `${entry.name}/${path}`)
        : []),
    ])
    .sort();
}

function describe(path: string): string {
  const stats = lstatSync(path);
  const sys = requireSys("test");
  const xattrs = sys
    .listXattrs(path)
    .map((name) => `${Buffer.from(name)}=${Buffer.from(sys.getXattr(path, name) ?? [])}`);
  const rest = [`${stats.uid}:${stats.gid}`, ...xattrs.sort()].join(" ");
  const mode = (stats.mode & 0o7777).toString(8);
  if (stats.isDirectory()) return `folder ${mode} ${rest}`;
  if (stats.isSymbolicLink()) return `-> ${readlinkSync(path)} ${rest}`;
  if (stats.isFile()) return `file ${mode} ${rest} ${JSON.stringify(readFileSync(path, "utf8"))}`;
  if (stats.isCharacterDevice() && stats.rdev === 0) return "whiteout";
  return `special ${stats.mode.toString(8)} ${stats.rdev} ${rest}`;
}

export function mtimeOf(path: string): bigint {
  return lstatSync(path, { bigint: true }).mtimeNs;
}
