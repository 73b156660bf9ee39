import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { requireSys } from "@drayage/sys";

/**
 * All that a store keeps of layers and images, in the driver's folders and its own, as lines by path: kinds, modes, owners, xattrs,
 * contents, devices, which names are one file, and times where those are the layer's, not the tool's.
 */
export function storeTree(graphRoot: string, driver: string): Readonly<Record<string, string>> {
  const links = driver === "overlay" ? linkNames(join(graphRoot, driver)) : new Map<string, string>();
  const lines: Record<string, string> = {};
  const files = new Map<bigint, string>();
  function visit(path: string): void {
    const full = join(graphRoot, path);
    const stats = lstatSync(full, { bigint: true });
    const name = renamed(path, links);
    if (!isPassing(name)) lines[name] = lineOf(full, { stats, name, links, files });
    if (!stats.isDirectory()) return;
    for (const entry of readdirSync(full).sort()) visit(join(path, entry));
  }
  for (const entry of readdirSync(graphRoot).sort()) if (entry.startsWith(driver)) visit(entry);
  return lines;
}

/** The layers by the random names that the overlay driver gives them. */
function linkNames(home: string): ReadonlyMap<string, string> {
  const names = readdirSync(join(home, "l")).map((link) => {
    const [, id = ""] = readlinkSync(join(home, "l", link)).split("/");
    return [link, `link-of-${id.slice(0, 8)}`] as const;
  });
  return new Map(names);
}

function renamed(text: string, links: ReadonlyMap<string, string>): string {
  return [...links].reduce((changed, [link, name]) => changed.replaceAll(link, name), text);
}

/** What is there only while a tool works, or as its memory; records and compressed files, of which others compare the content. */
function isPassing(path: string): boolean {
  return (
    /\.(?:json|lock|gz)$/.test(path) ||
    /^[a-z]+-layers\/tmp(?:\/|$)/.test(path) ||
    /^[a-z]+\/(?:tempdirs|staging)(?:\/|$)/.test(path) ||
    /^[a-z]+-containers$/.test(path) ||
    /^overlay\/[^/]+\/merged/.test(path)
  );
}

const recently = BigInt(Date.now() - 24 * 60 * 60 * 1000) * 1_000_000n;

interface Entry {
  readonly stats: BigIntStats;
  readonly name: string;
  readonly links: ReadonlyMap<string, string>;
  readonly files: Map<bigint, string>;
}

function lineOf(path: string, { stats, name, links, files }: Entry): string {
  const parts = [(stats.mode & 0o177777n).toString(8), `${stats.uid}:${stats.gid}`];
  // The folders that drivers make have the time at which they were made.
  if (
    /^(?:vfs\/dir|overlay)\/[0-9a-f]{64}\/(?:diff\/)?(?!diff$|work|empty)./.test(name) &&
    !/\/(?:link|lower)$/.test(name)
  ) {
    // Folders that a layer only implies have the time at which it was unpacked.
    parts.push(stats.mtimeNs > recently ? "now" : `${stats.mtimeNs}`);
  }
  if (stats.isSymbolicLink()) parts.push(renamed(readlinkSync(path), links));
  if (stats.isCharacterDevice() || stats.isBlockDevice()) parts.push(`device ${stats.rdev}`);
  if (stats.isFile()) {
    const bytes = readFileSync(path);
    const content = /\/(?:link|lower)$/.test(name) ? Buffer.from(renamed(bytes.toString(), links)) : bytes;
    parts.push(`${content.length}`, createHash("sha256").update(content).digest("hex").slice(0, 16));
    if (stats.nlink > 1n) {
      const first = files.get(stats.ino) ?? name;
      files.set(stats.ino, first);
      parts.push(`same as ${first}`);
    }
  }
  if (!stats.isSymbolicLink()) parts.push(...xattrsOf(path));
  return parts.join(" ");
}

function xattrsOf(path: string): readonly string[] {
  const sys = requireSys("read extended attributes");
  return sys
    .listXattrs(path)
    .map(
      (name) =>
        `${Buffer.from(name).toString()}=${Buffer.from(sys.getXattr(path, name) ?? []).toString("hex")}`,
    )
    .filter((text) => !text.startsWith("security.selinux"))
    .sort();
}

type JsonRecord = Readonly<Record<string, unknown>>;

/** The records of a store, without what is different each time: when layers were made. */
export function storeRecords(
  graphRoot: string,
  driver: string,
): { readonly images: readonly JsonRecord[]; readonly layers: readonly JsonRecord[] } {
  const read = (kind: string): readonly JsonRecord[] =>
    JSON.parse(readFileSync(join(graphRoot, `${driver}-${kind}`, `${kind}.json`), "utf8")) as JsonRecord[];
  const layers = read("layers").map(({ created: _, ...record }) => record);
  return { images: read("images"), layers: layers.sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1)) };
}

/** The names of members in the order in which they stand in the file. */
export function memberOrder(graphRoot: string, driver: string, kind: "images" | "layers"): readonly string[] {
  const text = readFileSync(join(graphRoot, `${driver}-${kind}`, `${kind}.json`), "utf8");
  return (JSON.parse(text) as JsonRecord[]).map((record) => Object.keys(record).join(" "));
}
