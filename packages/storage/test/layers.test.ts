import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { layerIdOf } from "../src/index.ts";
import { openTestStore, putImage, shaHex, stage } from "./fixtures.ts";

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk.slice());
  return Buffer.concat(parts).toString();
}

describe("layers", () => {
  it("get the ids that containers/image gives, and records with the members and order of containers/storage", async () => {
    const { store, text } = await openTestStore();
    const [base, top] = await store.commitLayers([await stage(store, "one"), await stage(store, "two")]);
    const ids = [shaHex("one"), shaHex(`${shaHex("one")}+${shaHex("two")}`)];
    expect([base?.id, top?.id]).toEqual(ids);
    expect(layerIdOf(ids[0], `sha256:${shaHex("two")}` as never)).toBe(ids[1]);
    const file = text("plain-layers/layers.json");
    const records = JSON.parse(file) as Record<string, unknown>[];
    expect(Object.keys(records[1] ?? {})).toEqual([
      "id",
      "parent",
      "created",
      "compressed-diff-digest",
      "compressed-size",
      "diff-digest",
      "diff-size",
      "compression",
      "uidset",
      "gidset",
    ]);
    expect(records[1]).toMatchObject({
      parent: ids[0],
      "compressed-size": gzipSync("two").length,
      "diff-digest": `sha256:${shaHex("two")}`,
      "diff-size": 3,
      compression: 2,
      uidset: [0, 1000],
      gidset: [0],
    });
    expect(file).toBe(JSON.stringify(records));
    expect(top).toMatchObject({ compression: "gzip", diffSize: 3, parent: ids[0], incomplete: false });
  });

  it("are files and folders with the modes of the Go tools", async () => {
    const { store, root } = await openTestStore();
    await putImage(store, ["one"], { names: ["docker.io/library/one:latest"] });
    const mode = (file: string): string => (statSync(path.join(root, file)).mode & 0o7777).toString(8);
    expect(mode(".")).toBe("700");
    expect(mode("plain-layers")).toBe("700");
    expect(mode("plain-layers/layers.json")).toBe("600");
    expect(mode("plain-layers/layers.lock")).toBe("644");
    expect(mode("plain-images/images.json")).toBe("600");
    expect(statSync(path.join(root, "plain-layers/layers.lock")).size).toBe(64);
  });

  it("come back as they went in", async () => {
    const { store } = await openTestStore();
    const [layer] = await store.commitLayers([await stage(store, "the tar")]);
    expect(await textOf(store.openDiff(layer?.id ?? ""))).toBe("the tar");
    expect(await store.layerSize(layer?.id ?? "")).toBe(7);
  });

  it("that changed on the disk are told of, by their digest", async () => {
    const { store, root } = await openTestStore();
    const [layer] = await store.commitLayers([await stage(store, "the tar")]);
    writeFileSync(path.join(root, "plain", layer?.id ?? "", "layer.tar"), "the rat");
    await expect(textOf(store.openDiff(layer?.id ?? ""))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
    });
  });

  it("that are there already are taken, and the staged ones discarded", async () => {
    const { store, root } = await openTestStore();
    const [first] = await store.commitLayers([await stage(store, "same")]);
    const [second] = await store.commitLayers([await stage(store, "same")]);
    expect(second).toEqual(first);
    expect(readdirSync(path.join(root, "plain"))).toEqual([first?.id]);
    expect(readdirSync(path.join(root, "plain-staging"))).toEqual([]);
    expect(readdirSync(path.join(root, "plain-layers/tmp"))).toEqual([]);
  });

  it("that two stages make at once are there once", async () => {
    const { store, root } = await openTestStore();
    const stages = await Promise.all([stage(store, "same"), stage(store, "same"), stage(store, "same")]);
    const all = await Promise.all(stages.map((one) => store.commitLayers([one])));
    expect(new Set(all.flat().map((layer) => layer.id))).toEqual(new Set([shaHex("same")]));
    expect((await store.read()).layers).toHaveLength(1);
    expect(readdirSync(path.join(root, "plain-staging"))).toEqual([]);
  });

  it("whose parent is gone are refused, to be tried again", async () => {
    const { store } = await openTestStore();
    const [base] = await store.commitLayers([await stage(store, "base")]);
    const top = await stage(store, "top", base?.id);
    await store.deleteLayer(base?.id ?? "");
    await expect(store.commitLayers([top])).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LAYER_NOT_FOUND",
      retryable: true,
    });
    expect((await store.read()).layers).toEqual([]);
  });

  it("are all there or none, when the driver fails in their midst", async () => {
    const failing = shaHex(`${shaHex("one")}+${shaHex("two")}`);
    const { store, root, text } = await openTestStore({
      onCommit(id) {
        if (id === failing) throw new Error("the disk is full");
      },
    });
    await putImage(store, ["before"], { names: ["kept"] });
    const before = text("plain-layers/layers.json");
    const stages = [await stage(store, "one"), await stage(store, "two"), await stage(store, "three")];
    await expect(store.commitLayers(stages)).rejects.toThrow("the disk is full");
    expect(text("plain-layers/layers.json")).toBe(before);
    expect(readdirSync(path.join(root, "plain"))).toEqual([shaHex("before")]);
    for (const one of stages) await one.discard();
    expect(readdirSync(path.join(root, "plain-staging"))).toEqual([]);
    expect(readdirSync(path.join(root, "plain-layers/tmp"))).toEqual([]);
  });

  it("without a record make way for those with one", async () => {
    const { store, root } = await openTestStore();
    mkdirSync(path.join(root, "plain", shaHex("one")), { recursive: true });
    writeFileSync(path.join(root, "plain", shaHex("one"), "stale"), "");
    await store.commitLayers([await stage(store, "one")]);
    expect(readdirSync(path.join(root, "plain", shaHex("one")))).toEqual(["layer.tar"]);
  });

  it("are settled in any order of commits, and committed once", async () => {
    const { store } = await openTestStore();
    const [base, top] = [await stage(store, "one"), await stage(store, "two")];
    const [first] = await store.commitLayers([base]);
    await top.settle(base);
    const [, second] = await store.commitLayers([first?.id ?? "", top]);
    expect(second?.parent).toBe(first?.id);
    await expect(store.commitLayers([base])).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    const third = await stage(store, "three");
    await expect(store.commitLayers([second?.id ?? "", first?.id ?? "", third])).rejects.toThrow(
      "stands on nothing",
    );
    await third.discard();
    await expect(
      third.unpack({ origin: { kind: "bytes", bytes: new Uint8Array() }, steps: [] }),
    ).rejects.toThrow("discarded");
  });

  it("keep big data that was staged with them", async () => {
    const { store, root } = await openTestStore();
    const staged = await stage(store, "one");
    writeFileSync(staged.bigDataFile("blob") ?? "", "compressed");
    staged.keep({ key: "note:1", bytes: Buffer.from("hello") });
    const [layer] = await store.commitLayers([staged]);
    expect(layer?.bigDataNames).toEqual(["blob", "note:1"]);
    expect(readdirSync(path.join(root, "plain-layers", layer?.id ?? "")).sort()).toEqual([
      "=bm90ZTox",
      "blob",
    ]);
    expect(Buffer.from(await store.bigData("layer", layer?.id ?? "", "note:1")).toString()).toBe("hello");
    await store.deleteLayer(layer?.id ?? "");
    expect(existsSync(path.join(root, "plain-layers", layer?.id ?? ""))).toBe(false);
  });

  it("left incomplete are not seen, and go with the next change", async () => {
    const { store, root, text } = await openTestStore();
    const [good] = await store.commitLayers([await stage(store, "good")]);
    const bad = "b".repeat(64);
    const records = JSON.parse(text("plain-layers/layers.json")) as object[];
    const incomplete = { id: bad, created: "2020-01-01T00:00:00Z", flags: { incomplete: true } };
    writeFileSync(path.join(root, "plain-layers/layers.json"), JSON.stringify([...records, incomplete]));
    mkdirSync(path.join(root, "plain", bad));
    expect((await store.read()).layers.map(({ id }) => id)).toEqual([good?.id]);
    await store.setMetadata("layer", good?.id ?? "", "changed");
    expect(text("plain-layers/layers.json")).not.toContain(bad);
    expect(existsSync(path.join(root, "plain", bad))).toBe(false);
  });

  it("that are needed are not deleted, and it is said by what", async () => {
    const { store } = await openTestStore();
    const image = await putImage(store, ["one", "two"], { names: ["app"] });
    const [base, top] = (await store.read()).imageLayers(image);
    await expect(store.deleteLayer(top?.id ?? "")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IN_USE",
      message: expect.stringContaining("the image app stands on it"),
    });
    await expect(store.deleteLayer(base?.id ?? "")).rejects.toMatchObject({ code: "ERR_DRAYAGE_IN_USE" });
    await expect(store.deleteLayer("nothing")).rejects.toMatchObject({ code: "ERR_DRAYAGE_LAYER_NOT_FOUND" });
  });
});
