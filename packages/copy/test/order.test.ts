import { setImmediate } from "node:timers/promises";
import type { ImageDestination, ImageSource } from "@drayage/transport";
import { describe, expect, it } from "vitest";
import { copyImage } from "../src/index.ts";
import { addImage, addIndex, bytesOf, type TestImage } from "./support/images.ts";
import { type MemoryStore, memoryDestination, memorySource, memoryStore } from "./support/memory-store.ts";

const layers = (...seeds: readonly number[]): TestImage => ({
  layers: seeds.map((seed) => ({ content: bytesOf(seed, 1000 + seed) })),
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

/** A source that takes the longer to find a blob, the earlier it is asked. */
function slowSource(store: MemoryStore): ImageSource {
  const source = memorySource(store);
  let patience = 15;
  return {
    ...source,
    async blob(descriptor, options) {
      patience -= 3;
      await turns(Math.max(0, patience));
      return source.blob(descriptor, options);
    },
  };
}

/** A destination that logs when puts begin and end. It says at once that layers of an even index have their places. */
function ordered(log: string[]): ImageDestination {
  const inner = memoryDestination(memoryStore(), { accepts: { parallelBlobs: 4, keepsOrder: true } });
  return {
    ...inner,
    async putBlob(blob, options) {
      const name = `${options.kind} ${options.layerIndex ?? ""}`.trim();
      log.push(`+ ${name}`);
      if ((options.layerIndex ?? 1) % 2 === 0) options.onPlace?.();
      await turns(40);
      const result = await inner.putBlob(blob, options);
      log.push(`- ${name}`);
      return result;
    },
    async putManifest(bytes, options) {
      log.push("manifest");
      await inner.putManifest(bytes, options);
    },
  };
}

describe("a destination that keeps the order of blobs", () => {
  it("gets the layers in their order: each once the one before has its place, or is there", async () => {
    const from = memoryStore();
    addImage(from, layers(1, 2, 3, 4, 2));
    const log: string[] = [];
    await copyImage({ source: slowSource(from), destination: ordered(log) });
    expect(log.filter((line) => line.startsWith("+"))).toEqual([
      ...["+ layer 0", "+ layer 1", "+ layer 2", "+ layer 3"],
      "+ config",
    ]);
    const at = (line: string): number => log.indexOf(line);
    expect(at("+ layer 1")).toBeLessThan(at("- layer 0"));
    expect(at("+ layer 2")).toBeGreaterThan(at("- layer 1"));
    expect(at("+ layer 3")).toBeLessThan(at("- layer 2"));
  });

  it("gets one image after the other", async () => {
    const from = memoryStore();
    const images = [layers(1, 2), layers(3, 4)].map((image) => addImage(from, image));
    addIndex(from, images);
    const log: string[] = [];
    await copyImage({ source: slowSource(from), destination: ordered(log), platforms: "all" });
    const image = ["+ layer 0", "+ layer 1", "+ config", "manifest"];
    expect(log.filter((line) => !line.startsWith("-"))).toEqual([...image, ...image, "manifest"]);
  });

  it("gets no further layer after one that failed", async () => {
    const from = memoryStore();
    addImage(from, layers(1, 2, 3));
    const log: string[] = [];
    const destination = ordered(log);
    const failing: ImageDestination = {
      ...destination,
      async putBlob(blob, options) {
        if (options.layerIndex === 1) throw new Error("no room");
        return destination.putBlob(blob, options);
      },
    };
    await expect(copyImage({ source: slowSource(from), destination: failing })).rejects.toThrow("no room");
    expect(log.filter((line) => line.startsWith("+"))).toEqual(["+ layer 0"]);
  });
});
