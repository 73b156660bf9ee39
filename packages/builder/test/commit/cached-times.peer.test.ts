import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { type LayerCache, layerCache, noLayerCache } from "@drayage/build-context";
import { memoryTransport } from "@drayage/testkit";
import { describeWithPeers } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { type CommitOptions, createWorkingContainer } from "../../src/index.ts";
import { sharedStore } from "../support/shared-store.ts";

describeWithPeers("a container whose layer is in the cache", ["root"], () => {
  it("is committed with the times that are asked for, squashed and not", async () => {
    await using shared = await sharedStore("overlay");
    const { store, at } = shared;
    mkdirSync(at("context"));
    writeFileSync(at("context", "file"), "content");
    const container = await createWorkingContainer(store, { from: "scratch" });
    await container.copy(["file"], "/d/", { contextDir: at("context") });
    await setTimeout(80);
    const transport = memoryTransport();
    const to = { transport, reference: transport.parse("out"), text: "memory:out" };
    const run = async (options: CommitOptions, cache: LayerCache): Promise<readonly string[]> =>
      (await container.commit(to, { ...options, env: {}, layerCache: cache })).diffIds;
    const cache = layerCache({ folder: at("cache") });
    const found: boolean[] = [];
    const watched: LayerCache = {
      ...cache,
      async find(key) {
        const facts = await cache.find(key);
        found.push(facts !== undefined);
        return facts;
      },
    };
    const wishes = [false, true].flatMap((squash): readonly CommitOptions[] => [
      { squash },
      { squash, timestamp: new Date(0) },
      { squash, timestamp: new Date(1_600_000_000_000) },
      { squash, sourceDateEpoch: new Date(1_000_000_000_000), rewriteTimestamp: true },
    ]);
    // At the second time each is known.
    for (const wish of [...wishes, ...wishes]) {
      expect(await run(wish, watched)).toEqual(await run(wish, noLayerCache));
    }
    expect(found).toEqual([...wishes.map(() => false), ...wishes.map(() => true)]);
  });
});
