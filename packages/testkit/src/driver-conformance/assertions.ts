import assert from "node:assert/strict";
import type { LayerChange } from "@drayage/storage";
import type { DriverBench } from "./bench.ts";
import type { LayerTree, TreeNode } from "./layer-tree.ts";

/** Fails unless a layer on its parents is seen as `expected`; the root itself is not compared unless it is in there. */
export function assertTree(bench: DriverBench, actual: LayerTree, expected: LayerTree): void {
  assert.deepEqual(comparable(bench, actual, expected.has(".")), comparable(bench, expected, true));
}

function comparable(
  { traits }: DriverBench,
  tree: LayerTree,
  withRoot: boolean,
): Readonly<Record<string, Partial<TreeNode>>> {
  const nodes = [...tree]
    .filter(([path]) => path !== "." || withRoot)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, each]) => [path, traits.owners === "attribute" ? withoutLost(each) : each] as const);
  return Object.fromEntries(nodes);
}

/** Symbolic links have no attributes that users may set: there is no place for their owners. */
function withoutLost(each: TreeNode): Partial<TreeNode> {
  if (each.type !== "symlink") return each;
  const { uid, gid, ...kept } = each;
  return kept;
}

/** Sorted by path, byte by byte. */
export async function sortedChanges(changes: AsyncIterable<LayerChange>): Promise<readonly LayerChange[]> {
  const all: LayerChange[] = [];
  for await (const { kind, path, size } of changes) all.push({ kind, path, size });
  return all.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Uint8Array.from(chunk));
  return Buffer.concat(all);
}
