import type { EdgeFile, EdgeTree } from "../edge-layers/types.ts";
import { createRandom } from "../random.ts";
import { type LayerEntry, sampleTime } from "./tar-of.ts";

/** More than one buffer of whoever copies it. */
export const largeContent: Uint8Array = createRandom("a large file").bytes(300_001);

/** A layer with files of the kinds that need no privilege. */
export const lowerLayer: readonly LayerEntry[] = [
  { name: "bin/", mode: 0o755 },
  { name: "bin/tool", mode: 0o4755, content: "a tool" },
  { name: "bin/tool-link", type: "link", linkname: "bin/tool", mode: 0o4755 },
  { name: "empty/", mode: 0o1777, uid: 5, gid: 6 },
  { name: "etc/", mode: 0o755 },
  { name: "etc/hosts", content: "127.0.0.1 localhost\n", uid: 1000, gid: 1001 },
  { name: "etc/old", content: "old" },
  { name: "fifo", type: "fifo", mode: 0o600 },
  { name: "large", content: largeContent, mode: 0o640 },
  { name: "lib", type: "symlink", linkname: "usr/lib", mode: 0o777 },
  { name: "opt/", mode: 0o755 },
  { name: "opt/gone/", mode: 0o755 },
  { name: "opt/gone/inner", content: "inner" },
  { name: "usr/", mode: 0o755 },
  { name: "usr/lib/", mode: 0o2750 },
  { name: "usr/lib/a.so", content: "library a" },
  { name: "usr/lib/b.so", content: "library b" },
];

/** What the layer {@link lowerLayer} is seen as. */
export const lowerTree: EdgeTree = treeOf({
  bin: folder(0o755),
  "bin/tool": { ...file("a tool", 0o4755), sameAs: "bin/tool" },
  "bin/tool-link": { ...file("a tool", 0o4755), sameAs: "bin/tool" },
  empty: { ...folder(0o1777), uid: 5, gid: 6 },
  etc: folder(0o755),
  "etc/hosts": { ...file("127.0.0.1 localhost\n"), uid: 1000, gid: 1001 },
  "etc/old": file("old"),
  fifo: node({ kind: "pipe", mode: 0o600 }),
  large: file(largeContent, 0o640),
  lib: node({ kind: "link", target: "usr/lib" }),
  opt: folder(0o755),
  "opt/gone": folder(0o755),
  "opt/gone/inner": file("inner"),
  usr: folder(0o755),
  "usr/lib": folder(0o2750),
  "usr/lib/a.so": file("library a"),
  "usr/lib/b.so": file("library b"),
});

/** A layer to stand on {@link lowerLayer}: it changes, adds, removes, and hides what a folder had. */
export const upperLayer: readonly LayerEntry[] = [
  { name: "etc/", mode: 0o755 },
  { name: "etc/.wh.old" },
  { name: "etc/hosts", content: "127.0.0.1 other\n", mode: 0o600 },
  { name: "etc/new", content: "new" },
  { name: "opt/", mode: 0o750 },
  { name: "opt/.wh.gone" },
  { name: "usr/", mode: 0o755 },
  { name: "usr/lib/", mode: 0o755 },
  { name: "usr/lib/.wh..wh..opq" },
  { name: "usr/lib/c.so", content: "library c" },
];

export const upperTree: EdgeTree = treeOf({
  ...Object.fromEntries([...lowerTree].filter(([path]) => !/^(etc\/old|opt|usr)/.test(path))),
  "etc/hosts": file("127.0.0.1 other\n", 0o600),
  "etc/new": file("new"),
  opt: folder(0o750),
  usr: folder(0o755),
  "usr/lib": folder(0o755),
  "usr/lib/c.so": file("library c"),
});

/** What {@link upperLayer} changes, as the contract tells it. */
export const upperChanges: readonly { kind: string; path: string; size: number }[] = [
  { kind: "changed", path: "/etc", size: 0 },
  { kind: "changed", path: "/etc/hosts", size: 16 },
  { kind: "added", path: "/etc/new", size: 3 },
  { kind: "removed", path: "/etc/old", size: 0 },
  { kind: "changed", path: "/opt", size: 0 },
  { kind: "removed", path: "/opt/gone", size: 0 },
  { kind: "changed", path: "/usr", size: 0 },
  { kind: "changed", path: "/usr/lib", size: 0 },
  { kind: "removed", path: "/usr/lib/a.so", size: 0 },
  { kind: "removed", path: "/usr/lib/b.so", size: 0 },
  { kind: "added", path: "/usr/lib/c.so", size: 9 },
];

/** A file of the samples: root's, and changed when all of them were. */
function node(given: EdgeFile): EdgeFile {
  return { uid: 0, gid: 0, mtime: sampleTime, xattrs: new Map(), ...given };
}

function folder(mode: number): EdgeFile {
  return node({ kind: "folder", mode });
}

export function file(content: string | Uint8Array, mode = 0o644): EdgeFile {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return node({ kind: "file", mode, content: bytes });
}

function treeOf(nodes: Readonly<Record<string, EdgeFile>>): EdgeTree {
  return new Map(Object.entries(nodes));
}
