import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";

/** A tree with what the formats of tar differ in: long, deep and foreign names, links, a fifo, modes, a late date. */
export function makeTree(root: string, options: { readonly short?: boolean } = {}): void {
  const deep = path.join(root, "d".repeat(90), "e".repeat(90));
  mkdirSync(path.join(root, "empty"), { recursive: true });
  writeFileSync(path.join(root, "file"), "content\n");
  writeFileSync(path.join(root, "block"), new Uint8Array(512).fill(0x62));
  writeFileSync(path.join(root, "large"), new Uint8Array(200_001).fill(0x6c));
  writeFileSync(path.join(root, "nothing"), "");
  writeFileSync(path.join(root, "sp ace\nline"), "x");
  linkSync(path.join(root, "file"), path.join(root, "hard"));
  symlinkSync("../file", path.join(root, "empty", "symbolic"));
  execFileSync("mkfifo", [path.join(root, "fifo")]);
  chmodSync(path.join(root, "large"), 0o4750);
  chmodSync(path.join(root, "empty"), 0o1777);
  utimesSync(path.join(root, "nothing"), 5, 1);
  if (options.short === true) return;
  mkdirSync(deep, { recursive: true });
  writeFileSync(path.join(deep, "f".repeat(90)), "deep");
  writeFileSync(path.join(root, "n".repeat(150)), "long");
  writeFileSync(path.join(root, "ünïcödé-\u{1f600}"), "foreign");
  symlinkSync("t".repeat(150), path.join(root, "long-target"));
  utimesSync(path.join(root, "block"), 5, 4_102_444_800.25);
  lutimesSync(path.join(root, "long-target"), 5, 2);
}

/** A file with data at its start, somewhere within, and at its end, and holes between. */
export function makeSparseFile(file: string): void {
  writeFileSync(file, "start");
  truncateSync(file, 3_000_000);
  const fd = openSync(file, "r+");
  for (let offset = 100_000; offset < 2_000_000; offset += 50_000) writeSync(fd, "within", offset);
  writeSync(fd, "end", 2_999_997);
  closeSync(fd);
}

export interface TreeEntry {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly target: string;
  readonly inode: number;
  readonly data: Uint8Array;
}

/** What is in a tree, by name, the root itself left out. */
export function listTree(root: string): Map<string, TreeEntry> {
  const found = new Map<string, TreeEntry>();
  for (const name of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    const file = path.join(root, name);
    const stat = lstatSync(file, { bigint: true });
    const type = stat.isDirectory()
      ? "directory"
      : stat.isSymbolicLink()
        ? "symlink"
        : stat.isFIFO()
          ? "fifo"
          : "file";
    found.set(name, {
      name,
      type,
      mode: Number(stat.mode) & 0o7777,
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      size: type === "file" ? Number(stat.size) : 0,
      seconds: Number(stat.mtimeNs / 1_000_000_000n),
      nanoseconds: Number(stat.mtimeNs % 1_000_000_000n),
      target: type === "symlink" ? readlinkSync(file) : "",
      inode: Number(stat.ino),
      data: type === "file" ? readFileSync(file) : new Uint8Array(),
    });
  }
  return found;
}
