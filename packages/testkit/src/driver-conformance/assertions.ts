import assert from "node:assert/strict";
import type { LayerChange } from "@drayage/storage";
import { type EdgeConcern, edgeDifferences, type FoundTree } from "../edge-layers/compare.ts";
import type { EdgeTree } from "../edge-layers/types.ts";
import type { DriverBench } from "./bench.ts";

/** Fails unless a layer on its parents is seen as `expected`; the root itself is not compared unless it is in there. */
export function assertTree({ traits }: DriverBench, found: FoundTree, expected: EdgeTree): void {
  // Only root may set them.
  const ignore: readonly EdgeConcern[] = process.geteuid?.() === 0 ? [] : ["security-xattrs"];
  const wanted = traits.owners === "attribute" ? withoutLost(expected) : expected;
  assert.deepEqual(edgeDifferences(found, wanted, { ignore }), []);
}

/** Symbolic links have no attributes that users may set: there is no place for their owners. */
function withoutLost(tree: EdgeTree): EdgeTree {
  return new Map(
    [...tree].map(([path, file]) =>
      file.kind === "link" ? [path, { ...file, uid: undefined, gid: undefined }] : [path, file],
    ),
  );
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
