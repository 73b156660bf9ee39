import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { requireSys } from "@drayage/sys";

/**
 * All that a folder holds that a container could see: type, mode, owner, time, content, attributes, links; by path, names with a character for
 * each byte. The times of the root and of whiteouts are left out, which nobody sets.
 */
export function fullTree(root: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const names = new Map<bigint, string>();
  const sys = requireSys("test");
  function visit(path: string): void {
    const full = Buffer.from(`${root}/${path}`, "latin1");
    const stats = lstatSync(full, { bigint: true });
    const first = stats.isDirectory() ? path : (names.get(stats.ino) ?? path);
    names.set(stats.ino, first);
    const xattrs = sys
      .listXattrs(full)
      .map((name) => `${Buffer.from(name)}=${Buffer.from(sys.getXattr(full, name) ?? []).toString("hex")}`);
    const untimed = path === "." || (stats.isCharacterDevice() && stats.rdev === 0n);
    const facts = [
      stats.mode.toString(8),
      stats.uid,
      stats.gid,
      stats.rdev,
      untimed ? "" : stats.mtimeNs,
      first,
    ];
    found.set(path, [...facts, ...xattrs.sort(), contentOf(full, stats)].join(" "));
    if (!stats.isDirectory()) return;
    for (const name of readdirSync(full, { encoding: "latin1" }).sort())
      visit(path === "." ? name : `${path}/${name}`);
  }
  visit(".");
  return found;
}

function contentOf(path: Buffer, stats: { isFile(): boolean; isSymbolicLink(): boolean }): string {
  if (stats.isSymbolicLink()) return readlinkSync(path, { encoding: "latin1" });
  return stats.isFile() ? createHash("sha256").update(readFileSync(path)).digest("hex") : "";
}
