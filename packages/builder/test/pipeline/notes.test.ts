import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type LayerCache, layerCache, noLayerCache } from "@drayage/build-context";
import { memoryTransport } from "@drayage/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createPipeline } from "../../src/index.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "drayage-"));
  writeFileSync(join(home, "file"), "content");
});
afterEach(() => rmSync(home, { recursive: true }));

it("what the history says of files is read from them where the cache knows their layer alone", async () => {
  const transport = memoryTransport();
  const to = { transport, reference: transport.parse("out"), text: "memory:out" };
  const run = async (cache: LayerCache): Promise<string> => {
    await using pipeline = await createPipeline({ from: "scratch", platform: { os: "linux" } });
    await pipeline.copy(["file"], "/file", { contextDir: home, addHistory: true });
    const options = { env: {}, layerCache: cache, sourceDateEpoch: new Date(0) };
    return (await pipeline.commit(to, options)).manifestDigest;
  };
  const expected = await run(noLayerCache);
  await setTimeout(80);
  const cache = layerCache({ folder: join(home, "cache") });
  expect(await run(cache)).toBe(expected);
  let found = 0;
  const forgetful: LayerCache = {
    ...cache,
    async find(key) {
      const facts = await cache.find(key);
      if (facts === undefined) return undefined;
      found += 1;
      return { ...facts, note: undefined };
    },
  };
  expect(await run(forgetful)).toBe(expected);
  expect(found).toBe(1);
});
