import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { digestBytes } from "@drayage/digest";
import { describe, expect, it } from "vitest";
import { openTestStore, putImage, shaHex, sorted, stage } from "./fixtures.ts";

describe("images", () => {
  it("have the members of containers/storage, and digests of manifests", async () => {
    const { store, text } = await openTestStore();
    const image = await putImage(store, ["one", "two"], { names: ["docker.io/library/x:1"], config: "{}" });
    const config = digestBytes(Buffer.from("{}"));
    const manifest = Buffer.from(`{"config":"${config}"}`);
    const top = shaHex(`${shaHex("one")}+${shaHex("two")}`);
    expect(text("plain-images/images.json")).toBe(
      `[{"id":"${image.id}","digest":"${digestBytes(manifest)}","names":["docker.io/library/x:1"],` +
        `"names-history":["docker.io/library/x:1"],"layer":"${top}","metadata":"{}","big-data-names":["${config}","manifest"],` +
        `"big-data-sizes":{"manifest":${manifest.length},"${config}":2},` +
        `"big-data-digests":{"manifest":"${digestBytes(manifest)}","${config}":"${config}"},"created":"2024-02-03T04:05:06.7Z"}]`,
    );
    expect(image).toMatchObject({
      digests: [digestBytes(manifest)],
      layer: top,
      namesHistory: ["docker.io/library/x:1"],
    });
    expect((await store.read()).imagesByDigest(digestBytes(manifest))).toEqual([image]);
  });

  it("take a name from whoever had it, and put new ones first", async () => {
    const { store } = await openTestStore();
    const first = await putImage(store, ["one"], { names: ["x", "y"] });
    const second = await putImage(store, ["two"], { names: ["y"] });
    await store.addNames("image", second.id, ["z"]);
    let view = await store.read();
    expect(view.image(first.id).names).toEqual(["x"]);
    expect(view.image(second.id).names).toEqual(["z", "y"]);
    await store.setNames("image", second.id, ["x"]);
    view = await store.read();
    expect(view.image(first.id).names).toEqual([]);
    expect(view.image(first.id).namesHistory).toEqual(["y", "x"]);
    expect(view.image(second.id)).toMatchObject({ names: ["x"], namesHistory: ["x", "y", "z"] });
    await store.removeNames("image", second.id, ["x"]);
    expect((await store.read()).image(second.id).names).toEqual([]);
  });

  it("of the same id and layer become one; with another layer they are refused", async () => {
    const { store } = await openTestStore();
    const first = await putImage(store, ["one"], { names: ["x"], config: "{}" });
    const again = await putImage(store, ["one"], { names: ["y"], config: "{}" });
    expect(again).toMatchObject({ id: first.id, names: ["y", "x"] });
    await expect(putImage(store, ["two"], { config: "{}" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_NAME_TAKEN",
    });
    expect((await store.read()).images).toHaveLength(1);
  });

  it("are shown to whoever commits them once more, whose refusal leaves all as it was", async () => {
    const { store, text } = await openTestStore();
    const bigData = (word: string) => [{ key: "note", bytes: Buffer.from(word) }];
    const seen: unknown[] = [];
    const check = (existing: unknown): void => void seen.push(existing);
    const image = await store.commitImage({ layers: [], names: ["x"], bigData: bigData("one"), check });
    const { id } = image;
    const before = text("plain-images/images.json");
    const refuse = (existing: unknown): never => {
      check(existing);
      throw new Error("no");
    };
    await expect(
      store.commitImage({ id, layers: [], names: ["y"], bigData: bigData("two"), check: refuse }),
    ).rejects.toThrow("no");
    expect(seen).toEqual([undefined, image]);
    expect(text("plain-images/images.json")).toBe(before);
    expect(Buffer.from(await store.bigData("image", id, "note")).toString()).toBe("one");
  });

  it("go with the layers that nothing else needs", async () => {
    const { store, root } = await openTestStore();
    const first = await putImage(store, ["one", "two"]);
    const second = await putImage(store, ["one", "three"]);
    expect(await store.deleteImage(first.id)).toMatchObject({ layers: [first.layer], held: [] });
    expect(existsSync(path.join(root, "plain-images", first.id))).toBe(false);
    expect((await store.deleteImage(second.id)).layers).toEqual([second.layer, shaHex("one")]);
    expect(readdirSync(path.join(root, "plain"))).toEqual([]);
    expect(readdirSync(path.join(root, "plain-staging"))).toEqual([]);
    expect(readdirSync(path.join(root, "plain-layers/tmp"))).toEqual([]);
    await expect(store.deleteImage(first.id)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
  });

  it("that a container uses stay", async () => {
    const { store } = await openTestStore();
    const image = await putImage(store, ["one"]);
    const container = await store.createContainer({ image: image.id, names: ["c"] });
    await expect(store.deleteImage(image.id)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IN_USE",
      message: expect.stringContaining("the container c"),
    });
    await store.deleteContainer(container.id);
    await store.deleteImage(image.id);
    expect((await store.read()).layers).toEqual([]);
  });

  it("that are used by a container are not pruned, dangling ones are, one after the other", async () => {
    const { store } = await openTestStore();
    const base = await putImage(store, ["one"]);
    const built = await putImage(store, ["one", "two"]);
    const named = await putImage(store, ["three"], { names: ["x"] });
    const used = await putImage(store, ["four"]);
    await store.createContainer({ image: used.id });
    expect((await store.prune({ dryRun: true })).images.map(({ id }) => id)).toEqual([built.id, base.id]);
    const report = await store.prune();
    expect(report.images.map(({ id }) => id)).toEqual([built.id, base.id]);
    expect(report.layers).toEqual([built.layer, base.layer]);
    expect(report.bytes).toBe(6);
    expect((await store.read()).images.map(({ id }) => id)).toEqual([named.id, used.id]);
    expect((await store.prune({ images: "unused" })).images).toEqual([{ id: named.id, names: ["x"] }]);
  });

  it("have sizes", async () => {
    const { store } = await openTestStore();
    const first = await putImage(store, ["12345", "123"], { config: "{}" });
    await putImage(store, ["12345"], { config: "[]" });
    expect(await store.imageSize(first.id)).toEqual({ layers: 8, unique: 3, bigData: 2 + 84, total: 8 + 86 });
  });

  it("give the bytes of their data, and say what they lack", async () => {
    const { store } = await openTestStore();
    const image = await putImage(store, ["one"], { config: "{}" });
    const key = digestBytes(Buffer.from("{}"));
    expect(Buffer.from(await store.bigData("image", image.id, key)).toString()).toBe("{}");
    expect(await store.bigDataBlob("image", image.id, key)).toMatchObject({ size: 2, digest: key });
    await expect(store.bigData("image", image.id, "none")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_BLOB_NOT_FOUND",
    });
    await expect(store.bigData("image", image.id, key, { limit: 1 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
  });

  it("can be made as docker had them before there were digests", async () => {
    const { store } = await openTestStore();
    const config = JSON.stringify({
      created: "2024-01-01T00:00:00Z",
      architecture: "amd64",
      os: "linux",
      config: { Cmd: ["sh"] },
      rootfs: { type: "layers", diff_ids: [`sha256:${shaHex("one")}`, `sha256:${shaHex("two")}`] },
      history: [
        { created: "2023-01-01T00:00:00Z", created_by: "add one" },
        { created: "2023-01-02T00:00:00Z", created_by: "env", empty_layer: true },
        { created: "2023-01-03T00:00:00Z", created_by: "add two", comment: "last" },
      ],
    });
    const image = await putImage(store, ["one", "two"], { config });
    const chain = await store.v1Compatibility(image.id);
    expect(chain.map(({ layer, parent }) => [layer, parent])).toEqual([
      [shaHex("one"), undefined],
      [undefined, chain[0]?.id],
      [image.layer, chain[1]?.id],
    ]);
    const first = '{"created":"2023-01-01T00:00:00Z","container_config":{"Cmd":["add one"]}}';
    expect(chain[0]).toEqual({
      id: shaHex(`${first} sha256:${shaHex("one")} `),
      parent: undefined,
      layer: shaHex("one"),
      json: `{"id":"${chain[0]?.id}",${first.slice(1)}`,
    });
    expect(JSON.parse(chain[2]?.json ?? "")).toEqual({
      id: chain[2]?.id,
      parent: chain[1]?.id,
      comment: "last",
      created: "2024-01-01T00:00:00Z",
      container_config: { Cmd: ["add two"] },
      config: { Cmd: ["sh"] },
      architecture: "amd64",
      os: "linux",
    });
    expect(await store.v1Compatibility(image.id)).toEqual(chain);
  });
});

describe("a view", () => {
  it("finds by id, then name, then the beginning of an id, and names the candidates", async () => {
    const { store } = await openTestStore();
    const ids = ["abc1", "abc2", "abd0"].map((start) => start.padEnd(64, "0"));
    for (const [index, id] of ids.entries()) {
      await store.commitImage({ id, layers: [await stage(store, `l${index}`)], names: [`name-${index}`] });
    }
    await store.addNames("image", ids[2] ?? "", ["abc1"]);
    const view = await store.read();
    expect(view.image("name-1").id).toBe(ids[1]);
    expect(view.image("abd").id).toBe(ids[2]);
    // A name counts before the beginning of another's id.
    expect(view.image("abc1").id).toBe(ids[2]);
    expect(() => view.image("abc")).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_AMBIGUOUS",
        message: '"abc" is the beginning of 2 images\' ids: abc100000000 (name-0), abc200000000 (name-1)',
      }),
    );
    expect(view.findImage("x")).toBeUndefined();
    expect(view.findImage("")).toBeUndefined();
    expect(() => view.image("x")).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" }));
  });

  it("knows heads, children, parents, and who is on a layer", async () => {
    const { store } = await openTestStore();
    const base = await putImage(store, ["a"]);
    const middle = await putImage(store, ["a", "b"]);
    const top = await putImage(store, ["a", "b", "c"]);
    const side = await putImage(store, ["a", "d"]);
    const [stray] = await store.commitLayers([await stage(store, "stray")]);
    const view = await store.read();
    expect(
      view
        .heads()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(sorted([top.layer, side.layer, stray?.id]));
    expect(
      view
        .children(base.layer ?? "")
        .map(({ id }) => id)
        .sort(),
    ).toEqual(sorted([middle.layer, side.layer]));
    expect(view.parents(top).map(({ id }) => id)).toEqual([middle.id, base.id]);
    expect(
      view
        .imagesOn(middle.layer ?? "")
        .map(({ id }) => id)
        .sort(),
    ).toEqual([middle.id, top.id].sort());
    expect(view.unreferencedLayers().map(({ id }) => id)).toEqual([stray?.id]);
    expect(
      view
        .dangling()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([top.id, side.id].sort());
  });
});
