import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noLayerCache } from "@drayage/build-context";
import { memoryTransport } from "@drayage/testkit";
import type { ImageSource, Location } from "@drayage/transport";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createPipeline } from "../../src/index.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "drayage-"));
  writeFileSync(join(home, "file"), "content");
});
afterEach(() => rmSync(home, { recursive: true }));

it("a base whose config names other layers than its manifest is refused", async () => {
  const transport = memoryTransport();
  const reference = transport.parse("base");
  const to: Location = { transport, reference, text: "memory:base" };
  await using pipeline = await createPipeline({ from: "scratch", platform: { os: "linux" } });
  await pipeline.copy(["file"], "/file", { contextDir: home });
  await pipeline.commit(to, { layerCache: noLayerCache, env: {} });
  const openSource = async (): Promise<ImageSource> => {
    const source = await transport.openSource?.(reference);
    if (source === undefined) throw new Error("it cannot be read");
    return {
      ...source,
      async manifest(...asked) {
        const { bytes, mediaType } = await source.manifest(...asked);
        const document = JSON.parse(Buffer.from(bytes).toString()) as { layers: unknown[] };
        const layers = [...document.layers, ...document.layers];
        return { bytes: new Uint8Array(Buffer.from(JSON.stringify({ ...document, layers }))), mediaType };
      },
    };
  };
  const from = { ...to, transport: { ...transport, openSource } };
  await expect(createPipeline({ from, platform: { os: "linux" } })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_CONFIG_INVALID",
    message: "memory:base: the config names 1 layers, and the manifest 2",
  });
});
