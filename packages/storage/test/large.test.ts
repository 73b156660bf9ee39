import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openTestStore, type TestStore } from "./fixtures.ts";

/** An image stands on each that many. */
const depth = 20;

const idOf = (prefix: string, index: number): string => prefix + index.toString(16).padStart(63, "0");

/** Records, as of a store that was damaged or grew for years, without files. In images only the `shape` differs. */
async function largeStore(
  layerCount: number,
  shape: "chains" | "one chain" | "circle" = "chains",
): Promise<TestStore> {
  const place = await openTestStore();
  const parentOf = (index: number): string | undefined => {
    if (shape === "circle") return idOf("a", (index + layerCount - 1) % layerCount);
    const isBase = index === 0 || (shape === "chains" && index % depth === 0);
    return isBase ? undefined : idOf("a", index - 1);
  };
  const created = "2024-02-03T04:05:06Z";
  const layers = Array.from({ length: layerCount }, (_, index) => {
    return { id: idOf("a", index), parent: parentOf(index), created };
  });
  const tops =
    shape === "chains" ? layers.filter((_, index) => index % depth === depth - 1) : layers.slice(-1);
  const images = tops.map(({ id }, index) => ({
    id: idOf("b", index),
    names: [`n${index}`],
    layer: id,
    created,
  }));
  for (const [kind, records] of Object.entries({ layers, images })) {
    mkdirSync(path.join(place.root, `plain-${kind}`), { recursive: true });
    writeFileSync(path.join(place.root, `plain-${kind}`, `${kind}.json`), JSON.stringify(records));
  }
  return place;
}

const most = 100_000;
const many = 10_000;

/** Where each record was compared with each other, the first would take minutes. */
describe("a store of very many layers", () => {
  it.each([
    ["chains", most],
    ["one chain", many],
    ["circle", many],
  ] as const)("is read and checked, as %s of %i", { timeout: 60_000 }, async (shape, count) => {
    const { store } = await largeStore(count, shape);
    const { findings, layers } = await store.check({ content: false });
    expect(layers).toBe(count);
    const codes = new Set(findings.map(({ code }) => code));
    const isCircle = shape === "circle";
    expect([...codes].sort()).toEqual([...(isCircle ? ["layer-circle"] : []), "layer-files-missing"]);
    expect(findings.length).toBe(isCircle ? 2 * count : count);
  });

  it("is told of, image by image", async () => {
    const { store } = await largeStore(many);
    const view = await store.read();
    expect(view.images.every((image) => view.imageLayers(image).length === depth)).toBe(true);
    expect(view.images.filter(({ id }) => view.containersOf(id).length > 0)).toEqual([]);
    expect((await store.facts()).layers).toBe(String(many));
    expect(await store.prune({ dryRun: true, images: "unused" })).toMatchObject({
      images: { length: many / depth },
      layers: { length: many },
    });
  });

  it("is repaired", async () => {
    const { store, text } = await largeStore(many / 10);
    const report = await store.check({ content: false });
    const { removed, left, lostImages } = await store.repair(report);
    expect([removed.length, left.length, lostImages.length]).toEqual([many / 10, 0, many / 10 / depth]);
    expect([text("plain-layers/layers.json"), text("plain-images/images.json")]).toEqual(["[]", "[]"]);
  });

  it("is left in the middle of a check when the caller gives up", async () => {
    const { store, root } = await largeStore(many);
    const before = readFileSync(path.join(root, "plain-layers/layers.json"));
    const check = store.check({ content: false, signal: AbortSignal.timeout(1) });
    await expect(check).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    expect(readFileSync(path.join(root, "plain-layers/layers.json")).equals(before)).toBe(true);
  });
});
