import type { LayerChange } from "@drayage/storage";
import type { LayerTree } from "./apply-layer.ts";
import { type ByteString, textOf } from "./byte-string.ts";
import type { Attributes, FolderNode, Node } from "./tree.ts";

export interface TreeChange {
  readonly kind: LayerChange["kind"];
  /** Below the root, without a slash in front. */
  readonly path: ByteString;
  /** Undefined for what is removed. */
  readonly node: Node | undefined;
}

/**
 * What makes `newer` another tree than `older`, sorted by path, byte by byte. Type, mode, owner, device, time, size, link's target,
 * `security.capability` and `user.` attributes count, contents do not: the rules of containers/storage's naive diff. Folders that
 * hold changes are changed. What is removed, or replaced by another type, stands for all that was in it.
 *
 * @param older absent: everything is added
 */
export function compareTrees(newer: FolderNode, older: FolderNode | undefined): readonly TreeChange[] {
  const changes = new Map<ByteString, TreeChange>();
  const ways = new Map<ByteString, Node>();
  const pairs = [{ newer, older, path: "" }];

  function record(change: TreeChange): void {
    changes.set(change.path, change);
    for (let folder = outerOf(change.path); folder !== "" && !changes.has(folder); folder = outerOf(folder)) {
      changes.set(folder, { kind: "changed", path: folder, node: ways.get(folder) });
    }
  }

  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const { children } = pair.newer;
    for (const [name, node] of children) {
      const path = pair.path === "" ? name : `${pair.path}/${name}`;
      const before = pair.older?.children.get(name);
      // Layers share what they have in common.
      if (node === before) continue;
      if (node.type === "directory") ways.set(path, node);
      if (before === undefined) record({ kind: "added", path, node });
      else if (isDifferent(node, before)) record({ kind: "changed", path, node });
      if (node.type === "directory") {
        pairs.push({ newer: node, older: before?.type === "directory" ? before : undefined, path });
      }
    }
    for (const name of pair.older?.children.keys() ?? []) {
      if (children.has(name)) continue;
      record({ kind: "removed", path: pair.path === "" ? name : `${pair.path}/${name}`, node: undefined });
    }
  }
  return [...changes.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function layerChange({ kind, path, node }: TreeChange): LayerChange {
  return { kind, path: `/${textOf(path)}`, size: node === undefined ? 0 : sizeOf(node) };
}

/** The bytes of the regular files that a layer itself has, each counted once. */
export function ownSize({ root, maker }: LayerTree): number {
  const files = new Set<Node>();
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const child of folder.children.values()) {
      if (child.maker !== maker) continue;
      if (child.type === "directory") folders.push(child);
      else files.add(child);
    }
  }
  return [...files].reduce((sum, file) => sum + sizeOf(file), 0);
}

function sizeOf(node: Node): number {
  return node.type === "directory" ? 0 : (node.content?.size ?? 0);
}

function outerOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function isDifferent(newer: Node, older: Node): boolean {
  if (newer.type !== older.type || areDifferent(newer.attributes, older.attributes)) return true;
  if (newer.type === "directory" || older.type === "directory") return false;
  return (
    sizeOf(newer) !== sizeOf(older) ||
    newer.target !== older.target ||
    newer.major !== older.major ||
    newer.minor !== older.minor
  );
}

function areDifferent(newer: Attributes, older: Attributes): boolean {
  return (
    newer.mode !== older.mode ||
    newer.uid !== older.uid ||
    newer.gid !== older.gid ||
    !isSameTime(newer.mtime, older.mtime) ||
    !areSameXattrs(newer.xattrs, older.xattrs)
  );
}

/** What was unpacked from a tar without fractions of seconds is as old as what it was made of. */
function isSameTime(newer: Attributes["mtime"], older: Attributes["mtime"]): boolean {
  if (newer.seconds !== older.seconds) return false;
  return newer.nanoseconds === older.nanoseconds || newer.nanoseconds === 0 || older.nanoseconds === 0;
}

function areSameXattrs(newer: Attributes["xattrs"], older: Attributes["xattrs"]): boolean {
  const names = [...newer.keys(), ...older.keys()].filter(counts);
  return names.every((name) => {
    const [a, b] = [newer.get(name), older.get(name)];
    return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
  });
}

function counts(name: string): boolean {
  return name === "security.capability" || (name.startsWith("user.") && !name.startsWith("user.overlay."));
}
