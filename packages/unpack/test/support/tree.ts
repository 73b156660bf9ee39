import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * What is below a folder: `etc/passwd` → `file root:x`. Modes only where they are not the usual ones.
 *
 * @param lists whether a folder may list names that are not there. overlayfs lists whiteouts in folders that only one layer has.
 */
export function tree(
  root: string,
  lists: "what is there" | "more" = "what is there",
): Record<string, string> {
  const found: Record<string, string> = {};
  function walk(folder: Buffer, prefix: string): void {
    for (const name of readdirSync(folder, { encoding: "buffer" })) {
      const path = Buffer.concat([folder, Buffer.from("/"), name]);
      const key = `${prefix}${name.toString("latin1")}`;
      if (lists === "more" && lstatSync(path, { throwIfNoEntry: false }) === undefined) continue;
      found[key] = describeFile(path);
      if (found[key].startsWith("dir")) walk(path, `${key}/`);
    }
  }
  walk(Buffer.from(root), "");
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function describeFile(path: Buffer): string {
  const stats = lstatSync(path);
  const mode = (stats.mode & 0o7777).toString(8);
  if (stats.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  if (stats.isDirectory()) return mode === "755" ? "dir" : `dir ${mode}`;
  if (stats.isCharacterDevice()) return stats.rdev === 0 ? "whiteout" : `char ${stats.rdev}`;
  if (stats.isBlockDevice()) return `block ${stats.rdev}`;
  if (stats.isFIFO()) return `fifo ${mode}`;
  // Empty files may be such that nobody may read them.
  const content =
    stats.size > 1000 ? `${stats.size} bytes` : stats.size > 0 ? readFileSync(path, "utf8") : "";
  return mode === "644" ? `file ${content}` : `file ${content} ${mode}`;
}

/** A folder for a test, with one to unpack into and one that is nobody's business. */
export interface Playground {
  readonly folder: string;
  readonly root: string;
  readonly outside: string;
  remove(): void;
}

export function playground(): Playground {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  const [root, outside] = [join(folder, "root"), join(folder, "outside")];
  mkdirSync(root);
  mkdirSync(outside);
  function remove(): void {
    // A layer may have folders that keep their own owner out.
    if (process.geteuid?.() !== 0) execFileSync("chmod", ["--recursive", "u+rwx", folder]);
    rmSync(folder, { recursive: true, force: true });
  }
  return { folder, root, outside, remove };
}
