import { describeWithPeers } from "@drayage-internal/peers";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type EdgeLayer,
  edgeDifferences,
  edgeLayers,
  isRefusal,
  readEdgeFolder,
} from "../src/edge-layers.ts";
import { type GoStore, goStore } from "./support/go-store.ts";

/** What Go makes of a layer otherwise than the image-spec has it. */
async function goDifferences(
  store: GoStore,
  { below, tar, expected }: EdgeLayer,
): Promise<readonly string[]> {
  let parent: string | undefined;
  for (const lower of below) {
    parent = await store.importLayer(lower, parent);
    expect(parent).toBeDefined();
  }
  const id = await store.importLayer(tar, parent);
  if (isRefusal(expected)) return id === undefined ? [] : ["it is taken"];
  if (id === undefined) return ["it is refused"];
  const lines = await store.withFolder(id, (folder) => {
    try {
      return edgeDifferences(readEdgeFolder(folder), expected);
    } catch (error) {
      // A mount may show names that cannot be opened.
      return [String(error)];
    }
  });
  const back = await store.diff(id);
  return back !== undefined && Buffer.compare(back, tar) === 0 ? lines : [...lines, "it is not given back"];
}

/** Every layer's, by its name. Most of the time is spent waiting for the disk, so that several stores are filled at a time. */
async function allDifferences(newStore: () => GoStore): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  const left = [...edgeLayers];
  const fill = async (): Promise<void> => {
    const store = newStore();
    try {
      for (let layer = left.pop(); layer !== undefined; layer = left.pop()) {
        found.set(layer.name, await goDifferences(store, layer));
      }
    } finally {
      await store.close();
    }
  };
  await Promise.all(Array.from({ length: storesAtATime }, fill));
  return found;
}

const storesAtATime = 8;

describeWithPeers("layers that tools disagree about", ["containers-storage", "root"], (peers) => {
  describe.each(["vfs", "overlay"] as const)("in containers/storage on %s", (driver) => {
    let all: ReadonlyMap<string, readonly string[]>;
    beforeAll(async () => {
      all = await allDifferences(() => goStore(peers["containers-storage"], driver));
    });

    for (const { name, go } of edgeLayers) {
      const note = go?.[driver];
      it(note === undefined ? `${name}: as expected` : `${name}: ${note}`, () => {
        if (note === undefined) expect(all.get(name)).toEqual([]);
        else expect(all.get(name)).not.toEqual([]);
      });
    }
  });
});
