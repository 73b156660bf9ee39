import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { digestBytes } from "@drayage/digest";
import { acquireFileLock } from "@drayage/sys";
import { describe, expect, it } from "vitest";
import { layerIdOf, openStore } from "../src/index.ts";
import { openTestStore, putImage, shaHex, sorted, stage } from "./fixtures.ts";
import { plainDriver } from "./plain-driver.ts";

describe("holds", () => {
  it("keep layers and all below from prune, deletion and the end of their image", async () => {
    const { store } = await openTestStore();
    const image = await putImage(store, ["one", "two"]);
    const [stray] = await store.commitLayers([await stage(store, "stray")]);
    const hold = await store.hold([image.layer ?? ""], { why: "a test" });
    await hold.add([stray?.id ?? ""]);
    expect(await store.holds()).toMatchObject([
      { layers: [image.layer, stray?.id], why: "a test", pid: process.pid },
    ]);
    await expect(store.deleteLayer(stray?.id ?? "")).rejects.toMatchObject({ code: "ERR_DRAYAGE_IN_USE" });
    expect(await store.deleteImage(image.id)).toMatchObject({ layers: [], held: [image.layer] });
    const report = await store.prune({ layers: true });
    const all = sorted([image.layer, stray?.id, shaHex("one")]);
    expect(report.layers).toEqual([]);
    expect([...report.held].sort()).toEqual(all);
    expect((await store.check({ unreferencedAge: -1 })).findings).toEqual([]);
    await hold.release();
    expect(await store.holds()).toEqual([]);
    const after = await store.prune({ layers: true });
    expect([...after.layers].sort()).toEqual(all);
    expect((await store.read()).layers).toEqual([]);
  });

  it("of processes that are gone hold nothing, and are removed", async () => {
    const { store, root } = await openTestStore();
    const [stray] = await store.commitLayers([await stage(store, "stray")]);
    const folder = path.join(root, "drayage/holds");
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      path.join(folder, "dead.json"),
      JSON.stringify({ layers: [stray?.id], why: "", pid: 1, since: "" }),
    );
    writeFileSync(path.join(folder, "dead.lock"), "");
    writeFileSync(path.join(folder, "torn.json"), "");
    writeFileSync(path.join(folder, ".tmp-dead.json123"), "");
    writeFileSync(path.join(folder, "lone.lock"), "");
    expect(await store.holds()).toEqual([]);
    const report = await store.prune({ layers: true });
    expect(report.layers).toEqual([stray?.id]);
    expect(report.leftovers).toEqual(
      ["dead.json", "torn.json", ".tmp-dead.json123", "lone.lock"].map((name) => path.join(folder, name)),
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a prune", () => {
  it("leaves an image alone that another tool is making, and takes one that it has left", async () => {
    const { store, root } = await openTestStore();
    const bigData = [{ key: "manifest", bytes: Buffer.from("{}") }];
    const image = await store.commitImage({ layers: [await stage(store, "one")], bigData });
    expect((await store.prune()).images).toEqual([]);
    expect((await store.prune({ images: "unused", dryRun: true })).images).toEqual([]);
    const before = new Date(Date.now() - 61_000);
    utimesSync(path.join(root, "plain-images", image.id), before, before);
    expect((await store.prune()).images.map(({ id }) => id)).toEqual([image.id]);
  });

  it("ends where layers stand on themselves", async () => {
    const { store, root, text } = await openTestStore();
    await store.commitLayers([await stage(store, "one"), await stage(store, "two")]);
    const [one, two] = (await store.read()).layers.map(({ id }) => id);
    const layers = path.join(root, "plain-layers/layers.json");
    const records = JSON.parse(text("plain-layers/layers.json")) as { readonly id: string }[];
    const circle = records.map((record) => ({ ...record, parent: record.id === one ? two : one }));
    writeFileSync(layers, JSON.stringify(circle));
    expect((await store.prune({ images: "unused", dryRun: true })).layers).toEqual([]);
  });
});

describe("a commit of layers that are there already", () => {
  it.each(["layers", "an image"])("of %s outlives a prune that comes between", async (what) => {
    const { store, root } = await openTestStore();
    const before = await putImage(store, ["one", "two"], { config: "{}" });
    const staged = [await stage(store, "one"), await stage(store, "two")];
    const lock = await acquireFileLock(path.join(root, "plain-layers/layers.lock"), "write");
    const images = (await store.read()).dangling();
    expect(images.map(({ id }) => id)).toEqual([before.id]);
    // Both wait for the lock, having looked at what is there; the one that has waited longer gets it first.
    const pruned = store.prune({ layers: true });
    await delay(20);
    const committed =
      what === "layers" ? store.commitLayers(staged) : store.commitImage({ layers: staged, names: ["new"] });
    await delay(20);
    await lock[Symbol.asyncDispose]();
    await Promise.all([pruned, committed]);
    expect((await pruned).images.map(({ id }) => id)).toEqual([before.id]);
    expect(sorted((await store.read()).layers.map(({ id }) => id))).toEqual(
      sorted([shaHex("one"), layerIdOf(shaHex("one"), digestBytes(Buffer.from("two")))]),
    );
    expect(await store.holds()).toEqual([]);
    expect((await store.check()).findings).toEqual([]);
  });
});

describe("check and repair", () => {
  it("find nothing in a sound store", async () => {
    const { store } = await openTestStore();
    await putImage(store, ["one", "two"], { names: ["x"] });
    expect(await store.check()).toEqual({
      findings: [],
      layers: 2,
      images: 1,
      containers: 0,
      bytes: 6,
      unverifiable: [],
    });
  });

  it("find notes of the driver that do not fit the records, and have them written anew", async () => {
    const notes = new Map<string, readonly string[]>();
    const { store, root } = await openTestStore({ notes });
    const { layer: top = "" } = await putImage(store, ["one", "two", "three"]);
    await store.createLayer({ id: "stubborn", parent: top });
    const { layers } = await store.read();
    const parents = layers.slice(0, 2).map(({ id }) => id);
    notes.set(top, [shaHex("one")]);
    notes.set("stubborn", []);
    const report = await store.check();
    const shared = { code: "layer-parents-wrong", kind: "layer", repair: "mend" };
    const place = path.join(root, "plain", top);
    expect(report.findings).toMatchObject([
      { ...shared, id: top, path: place, message: `${place} says ${shaHex("one")}` },
      { ...shared, id: "stubborn", path: path.join(root, "plain", "stubborn") },
    ]);
    const { mended, left, removed } = await store.repair(report);
    expect([mended, left, removed]).toEqual([[report.findings[0]], [report.findings[1]], []]);
    expect(notes.get(top)).toEqual(parents.reverse());
    expect(notes.get(shaHex("one"))).toEqual([]);
    expect((await store.check()).findings).toEqual([report.findings[1]]);
  });

  it("find a changed layer, say what it costs, and remove what cannot be used", async () => {
    const { store, root } = await openTestStore();
    const image = await putImage(store, ["one", "two"], { names: ["x"] });
    const sound = await putImage(store, ["three"], { names: ["y"] });
    writeFileSync(path.join(root, "plain", shaHex("one"), "layer.tar"), "eno");
    const report = await store.check();
    expect(report.findings).toMatchObject([
      { code: "layer-content", id: shaHex("one"), repair: "remove", images: [image.id], containers: [] },
    ]);
    expect(await store.repair(report, { images: false })).toMatchObject({
      lostImages: [],
      left: report.findings,
    });
    expect((await store.read()).images).toHaveLength(2);
    expect(await store.repair(report)).toMatchObject({
      lostImages: [{ id: image.id, names: ["x"] }],
      left: [],
    });
    expect((await store.read()).images.map(({ id }) => id)).toEqual([sound.id]);
    expect((await store.read()).layers.map(({ id }) => id)).toEqual([sound.layer]);
    expect((await store.check()).findings).toEqual([]);
  });

  it("leave containers alone unless they may go", async () => {
    const { store, root } = await openTestStore();
    const image = await putImage(store, ["one"], { names: ["x"] });
    const container = await store.createContainer({ image: image.id });
    rmSync(path.join(root, "plain", shaHex("one")), { recursive: true });
    const report = await store.check();
    expect(report.findings).toMatchObject([
      { code: "layer-files-missing", images: [image.id], containers: [container.id] },
    ]);
    expect(await store.repair(report)).toMatchObject({
      removed: [],
      lostImages: [],
      left: [{ code: "layer-files-missing" }],
    });
    expect((await store.read()).containers).toHaveLength(1);
    expect(await store.repair(report, { containers: true })).toMatchObject({
      lostContainers: [container.id],
    });
    expect((await store.check()).findings).toEqual([]);
    expect(await store.read()).toMatchObject({ layers: [], images: [], containers: [] });
  });

  it("find and remove what no record knows, and what was left over", async () => {
    const { store, root } = await openTestStore();
    const id = "e".repeat(64);
    mkdirSync(path.join(root, "plain", id));
    mkdirSync(path.join(root, "plain-layers/tmp/temp-dir-1"), { recursive: true });
    mkdirSync(path.join(root, "plain-images", id), { recursive: true });
    mkdirSync(path.join(root, "plain-containers", id), { recursive: true });
    writeFileSync(path.join(root, "plain-layers", `${id}.tar-split.gz`), "");
    writeFileSync(path.join(root, "plain-images/.tmp-images.json123"), "[");
    const report = await store.check();
    expect(report.findings.map(({ code, id: what }) => [code, what.replace(root, "")])).toEqual([
      ["unaccounted", id],
      ["unaccounted", `/plain-layers/${id}.tar-split.gz`],
      ["unaccounted", `/plain-images/${id}`],
      ["unaccounted", `/plain-containers/${id}`],
      ["leftover", "/plain-layers/tmp/temp-dir-1"],
      ["leftover", "/plain-images/.tmp-images.json123"],
    ]);
    expect(await store.repair(report)).toMatchObject({ removed: report.findings, left: [] });
    expect((await store.check()).findings).toEqual([]);
    expect(existsSync(path.join(root, "plain", id))).toBe(false);
  });

  it("have nothing to do after the next layer was begun: what was left over is removed then", async () => {
    const first = await openTestStore();
    await putImage(first.store, ["one"], { names: ["x"] });
    const folder = path.join(first.root, "plain-layers/tmp/temp-dir-1");
    mkdirSync(folder);
    writeFileSync(path.join(folder, "large"), "");
    const { store } = await openTestStore({ root: first.root });
    expect((await store.check()).findings).toMatchObject([{ code: "leftover", id: folder }]);
    await using _stage = await store.stageLayer();
    expect(existsSync(folder)).toBe(false);
    expect((await store.check()).findings).toEqual([]);
  });

  it("find missing and changed data of images, and wrong sizes of layers", async () => {
    const { store, root, text } = await openTestStore();
    const image = await putImage(store, ["one"], { names: ["x"] });
    const other = await putImage(store, ["two"], { names: ["y"] });
    unlinkSync(path.join(root, "plain-images", image.id, "manifest"));
    writeFileSync(path.join(root, "plain-images", other.id, "manifest"), "x".repeat(88));
    const layers = path.join(root, "plain-layers/layers.json");
    writeFileSync(layers, text("plain-layers/layers.json").replace('"diff-size":3', '"diff-size":4'));
    const report = await store.check();
    expect(report.findings).toMatchObject([
      { code: "layer-size", id: shaHex("one"), size: 3 },
      { code: "image-data-missing", images: [image.id] },
      { code: "image-data-changed", images: [other.id] },
    ]);
    const { lostImages, mended } = await store.repair(report);
    expect(lostImages.map(({ id }) => id)).toEqual([image.id, other.id]);
    expect(mended.map(({ code }) => code)).toEqual(["layer-size"]);
    expect((await store.read()).layer(shaHex("one")).diffSize).toBe(3);
  });

  it("take what a killed process wrote to a list or a container, and not yet to its record", async () => {
    const { store, root } = await openTestStore();
    const bigData = [{ key: "manifest", bytes: Buffer.from("{}") }];
    const list = await store.commitImage({ layers: [], names: ["list"], bigData });
    const container = await store.createContainer({ names: ["work"], image: undefined });
    await store.setBigData("container", container.id, { key: "state", bytes: Buffer.from("{}") });
    const [longer, torn] = ['{"manifests":[]}', '{"manifests":['];
    const files = [
      path.join(root, "plain-images", list.id, "manifest"),
      path.join(root, "plain-containers", container.id, "state"),
    ];
    for (const file of files) writeFileSync(file, longer);
    const report = await store.check();
    expect(report.findings).toMatchObject([
      { code: "image-data-changed", id: list.id, repair: "mend" },
      { code: "container-data-changed", id: container.id, repair: "mend" },
    ]);
    expect(await store.repair(report)).toMatchObject({ lostImages: [], lostContainers: [], left: [] });
    expect((await store.check()).findings).toEqual([]);
    expect((await store.read()).image(list.id).bigData.get("manifest")?.size).toBe(longer.length);
    for (const file of files) writeFileSync(file, torn);
    expect((await store.check()).findings).toMatchObject([{ repair: "remove" }, { repair: "none" }]);
  });

  it("take it where other data is missing, too, and not for what an artifact's digest names", async () => {
    const { store, root } = await openTestStore();
    const json = (text: string) => Buffer.from(`{"is":"${text}"}`);
    const container = await store.createContainer({ names: ["work"] });
    for (const key of ["state", "more"]) {
      await store.setBigData("container", container.id, { key, bytes: json(key) });
    }
    const digest = digestBytes(json("manifest"));
    const bigData = ["manifest", `manifest-${digest}`].map((key) => ({ key, bytes: json("manifest") }));
    const artifact = await store.commitImage({ layers: [], names: ["artifact"], bigData });
    const ofContainer = path.join(root, "plain-containers", container.id);
    writeFileSync(path.join(ofContainer, "state"), json("other"));
    unlinkSync(path.join(ofContainer, "more"));
    writeFileSync(path.join(root, "plain-images", artifact.id, "manifest"), json("other"));
    const report = await store.check();
    expect(report.findings).toMatchObject([
      { code: "image-data-changed", id: artifact.id, repair: "remove" },
      { code: "container-data-changed", repair: "mend" },
      { code: "container-data-missing", repair: "none" },
    ]);
    const repaired = await store.repair(report);
    expect(repaired.mended.map(({ code }) => code)).toEqual(["container-data-changed"]);
    expect(repaired.lostImages.map(({ id }) => id)).toEqual([artifact.id]);
    expect((await store.check()).findings.map(({ code }) => code)).toEqual(["container-data-missing"]);
  });

  it("find a tar-split that is larger than any can be", async () => {
    const { store, root } = await openTestStore();
    const image = await putImage(store, ["one"], { names: ["x"] });
    const line = gzipSync(Buffer.alloc(40 * 1024 * 1024, "A"));
    writeFileSync(path.join(root, `plain-layers/${image.layer}.tar-split.gz`), line);
    const report = await store.check();
    expect(report.findings.map(({ code }) => code)).toEqual(["layer-content"]);
    expect((await store.repair(report)).lostImages).toEqual([{ id: image.id, names: ["x"] }]);
  });

  it("find a missing parent", async () => {
    const { store, root, text } = await openTestStore();
    const image = await putImage(store, ["one", "two"], { names: ["x"] });
    const layers = path.join(root, "plain-layers/layers.json");
    writeFileSync(
      layers,
      JSON.stringify((JSON.parse(text("plain-layers/layers.json")) as object[]).slice(1)),
    );
    const report = await store.check();
    expect(report.findings.map(({ code }) => code)).toEqual(["unaccounted", "layer-parent-missing"]);
    expect((await store.repair(report)).lostImages).toEqual([{ id: image.id, names: ["x"] }]);
    await expect(store.read().then((view) => view.chain(image.layer ?? ""))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LAYER_NOT_FOUND",
    });
    expect(await store.check()).toMatchObject({ findings: [], layers: 0 });
  });
});

describe("additional stores", () => {
  it("are read, built upon, and not changed", async () => {
    const other = await openTestStore();
    const image = await putImage(other.store, ["one", "two"], { names: ["shared"] });
    const { store, root } = await openTestStore({ additionalStores: [other.root] });
    const view = await store.read();
    expect(view.image("shared")).toMatchObject({ id: image.id, readOnly: true, graphRoot: other.root });
    expect(view.imageLayers(view.image("shared")).map(({ readOnly }) => readOnly)).toEqual([true, true]);
    const built = await store.commitImage({
      layers: [...view.imageLayers(view.image("shared")).map(({ id }) => id), await stage(store, "three")],
      names: ["mine"],
    });
    expect((await store.read()).imageLayers(built).map(({ readOnly }) => readOnly)).toEqual([
      true,
      true,
      false,
    ]);
    await expect(store.deleteImage(image.id)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IN_USE",
      message: expect.stringContaining(JSON.stringify(other.root)),
    });
    await expect(store.setNames("image", image.id, ["x"])).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IN_USE",
    });
    expect(Buffer.from(await store.bigData("image", image.id, "manifest")).toString()).toContain("config");
    expect((await store.check()).findings).toEqual([]);
    expect((await store.deleteImage(built.id)).layers).toEqual([built.layer]);
    expect(readdirSync(path.join(root, "plain"))).toEqual([]);
    expect((await other.store.read()).images).toHaveLength(1);
  });
});

describe("containers", () => {
  it("have the members of containers/storage, folders, and a layer of their own", async () => {
    const { store, root, text } = await openTestStore();
    const image = await putImage(store, ["one"]);
    const container = await store.createContainer({
      image: image.id,
      names: ["c"],
      metadata: "{}",
      flags: { Volatile: true },
      bigData: [{ key: "k", bytes: Buffer.from("v") }],
    });
    const [record] = JSON.parse(text("plain-containers/containers.json")) as Record<string, unknown>[];
    expect(text("plain-containers/containers.json")).toBe(
      `[{"id":"${container.id}","names":["c"],"image":"${image.id}","layer":"${container.layer}","metadata":"{}",` +
        `"big-data-names":["k"],"big-data-sizes":{"k":1},"big-data-digests":{"k":"sha256:${shaHex("v")}"},` +
        `"created":"${String(record?.created)}","flags":{"MountLabel":"","ProcessLabel":"","Volatile":true}}]`,
    );
    const layers = JSON.parse(text("plain-layers/layers.json")) as Record<string, unknown>[];
    expect(Object.keys(layers[1] ?? {})).toEqual(["id", "parent", "created"]);
    expect(await store.containerFolder(container.id)).toBe(
      path.join(root, "plain-containers", container.id, "userdata"),
    );
    await expect(store.createContainer({ names: ["c"] })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_NAME_TAKEN",
    });
    expect((await store.read()).layers).toHaveLength(2);
    const view = await store.read();
    expect(view.container(container.layer)).toEqual(container);
    const mounted = await store.mount({ container: container.id });
    await store.mount({ container: container.id });
    expect(await store.mounts()).toEqual([{ layer: container.layer, path: mounted, count: 2 }]);
    expect(await store.unmount({ container: container.id })).toBe(true);
    await store.deleteContainer(container.id);
    expect(await store.mounts()).toEqual([]);
    expect((await store.read()).layers).toHaveLength(1);
    expect(readdirSync(path.join(root, "plain-containers"))).toEqual(["containers.json", "containers.lock"]);
    await expect(store.unmount({ layer: image.layer ?? "" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
  });
});

describe("a store of somebody else", () => {
  const asNobody = async (work: () => Promise<unknown>): Promise<unknown> => {
    process.seteuid?.(65534);
    try {
      return await work().then(
        () => undefined,
        (error: unknown) => error,
      );
    } finally {
      process.seteuid?.(0);
    }
  };

  // To be somebody else for a while is for root.
  it.skipIf(process.getuid?.() !== 0)(
    "is told of by its root and whose it is, unless it can be read",
    async () => {
      const { root, run, store } = await openTestStore();
      await putImage(store, ["one"]);
      const open = (): Promise<unknown> =>
        openStore({ graphRoot: root, runRoot: run, driver: plainDriver() });
      for (let folder = root; folder !== tmpdir(); folder = path.dirname(folder)) chmodSync(folder, 0o755);
      const foreign = {
        code: "ERR_DRAYAGE_IO",
        message: `the store at ${JSON.stringify(root)} belongs to root`,
        hint: expect.stringContaining("--root and --runroot"),
      };
      const images = path.join(root, `${store.driver}-images`);
      chmodSync(images, 0o700);
      expect(await asNobody(open)).toMatchObject(foreign);
      chmodSync(images, 0o755);
      chmodSync(root, 0o700);
      expect(await asNobody(open)).toMatchObject(foreign);
      chownSync(root, 1234, 0);
      expect(await asNobody(open)).toMatchObject({
        message: `the store at ${JSON.stringify(root)} belongs to the user with the number 1234`,
      });
      chmodSync(root, 0o755);
      for (const name of readdirSync(root)) chmodSync(path.join(root, name), 0o755);
      expect(await asNobody(open)).toBeUndefined();
      chmodSync(path.dirname(root), 0o700);
      expect(await asNobody(open)).toMatchObject({
        message: `cannot open the store ${JSON.stringify(root)}: permission denied (EACCES)`,
      });
    },
  );
});
