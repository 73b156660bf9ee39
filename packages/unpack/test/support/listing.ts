import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { loadSys } from "@drayage/sys";

/**
 * All that can be seen of what is below a folder, a line for each name; of the folder itself nothing, which is each tool's own
 * affair.
 */
export function listing(root: string): readonly string[] {
  const lines: string[] = [];
  function walk(folder: Buffer, prefix: string): void {
    for (const name of readdirSync(folder, { encoding: "buffer" })) {
      const path = Buffer.concat([folder, Buffer.from("/"), name]);
      const key = `${prefix}${name.toString("latin1")}`;
      const stats = lstatSync(path, { bigint: true });
      lines.push([key, ...facts(path, stats)].join(" "));
      if (stats.isDirectory()) walk(path, `${key}/`);
    }
  }
  walk(Buffer.from(root), "");
  return lines.sort();
}

function facts(path: Buffer, stats: BigIntStats): readonly string[] {
  const { mode, uid, gid, rdev, mtimeNs, nlink } = stats;
  const found = [mode.toString(8), `${uid}:${gid}`, `${mtimeNs}`, `×${nlink}`];
  if (stats.isCharacterDevice() || stats.isBlockDevice()) found.push(`device ${rdev}`);
  if (stats.isSymbolicLink()) found.push(`→ ${readlinkSync(path, "latin1")}`);
  if (stats.isFile()) found.push(createHash("sha256").update(readFileSync(path)).digest("hex"));
  return [...found, ...xattrs(path)];
}

function xattrs(path: Buffer): readonly string[] {
  const sys = loadSys();
  if (sys === undefined) return [];
  return sys
    .listXattrs(path)
    .map((name) => {
      const value = Buffer.from(sys.getXattr(path, name) ?? []).toString("latin1");
      return `${Buffer.from(name).toString()}=${JSON.stringify(value)}`;
    })
    .sort();
}
