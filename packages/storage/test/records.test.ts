import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { bigDataFileName } from "../src/big-data-name.ts";
import { openTestStore, putImage, stage, type TestStore } from "./fixtures.ts";

const id = (digit: string): string => digit.repeat(64);

function write({ root }: TestStore, file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

describe("records", () => {
  it("keep members that are not known, their bytes and their order, when they are changed", async () => {
    const test = await openTestStore();
    const other = `{"id":"${id("b")}","created":"2020-01-01T00:00:00Z","x-list":[1.0,{"y":1e3}]}`;
    const before = `{"x-first":{"b":1,"a":0.10},"id":"${id("a")}","layer":"${id("c")}","x-big":12345678901234567890,"created":"2020-01-01T00:00:00Z","x-last":"\\u0041<"}`;
    write(test, "plain-images/images.json", `[${before},${other}]`);
    await test.store.addNames("image", id("a"), ["docker.io/library/a:latest"]);
    expect(test.text("plain-images/images.json")).toBe(
      `[{"x-first":{"b":1,"a":0.10},"id":"${id("a")}","names":["docker.io/library/a:latest"],` +
        `"names-history":["docker.io/library/a:latest"],"layer":"${id("c")}","x-big":12345678901234567890,` +
        `"created":"2020-01-01T00:00:00Z","x-last":"\\u0041\\u003c"},${other}]`,
    );
  });

  it("are written as Go writes them", async () => {
    const test = await openTestStore();
    const image = await putImage(test.store, ["one"], { names: ["a<b>&c"] });
    await test.store.setFlag("image", image.id, { name: "z", value: { b: 1, a: [true, null] } });
    await test.store.setFlag("image", image.id, { name: "a", value: "text" });
    const text = test.text("plain-images/images.json");
    expect(text).toContain('"names":["a\\u003cb\\u003e\\u0026c"]');
    expect(text).toContain(
      '"created":"2024-02-03T04:05:06.7Z","flags":{"a":"text","z":{"a":[true,null],"b":1}}}]',
    );
    await test.store.deleteImage(image.id);
    expect(test.text("plain-images/images.json")).toBe("[]");
    expect(test.text("plain-layers/layers.json")).toBe("[]");
  });

  it("of volatile files are read, and stay in their files", async () => {
    const test = await openTestStore();
    const layer = `{"id":"${id("a")}","created":"2020-01-01T00:00:00Z"}`;
    const container = `{"id":"${id("d")}","image":"","layer":"${id("a")}","created":"2020-01-01T00:00:00Z"}`;
    write(test, "plain-layers/volatile-layers.json", `[${layer}]`);
    write(test, "plain-containers/volatile-containers.json", `[${container}]`);
    const view = await test.store.read();
    expect(view.container(id("d"))).toMatchObject({ layer: id("a"), volatile: true, image: undefined });
    expect(view.layer(id("a")).volatile).toBe(true);
    await test.store.setNames("container", id("d"), ["name"]);
    expect(test.text("plain-containers/volatile-containers.json")).toBe(
      `[{"id":"${id("d")}","names":["name"],"image":"","layer":"${id("a")}","created":"2020-01-01T00:00:00Z"}]`,
    );
    expect(readdirSync(path.join(test.root, "plain-containers"))).not.toContain("containers.json");
  });

  it("of transient stores are read from the run root", async () => {
    const test = await openTestStore();
    mkdirSync(path.join(test.run, "plain-containers"), { recursive: true });
    const container = `{"id":"${id("d")}","image":"","layer":"${id("a")}","created":"2020-01-01T00:00:00Z"}`;
    writeFileSync(path.join(test.run, "plain-containers/volatile-containers.json"), `[${container}]`);
    expect((await test.store.read()).containers.map((one) => one.id)).toEqual([id("d")]);
  });

  it.each([
    ["", "is empty"],
    ['[{"id":"a"}', "breaks off"],
    ['{"version":2,"layers":[]}', "is not a list of records"],
    ['[{"id":5}]', '"id" should be of the kind string'],
    ['[{"id":"../x"}]', '"id" cannot be the name of a folder'],
    ['[{"id":"a b"}]', '"id" cannot be the name of a folder'],
    ['[{"id":""}]', '"id" cannot be the name of a folder'],
    ['[{"id":".."}]', '"id" cannot be the name of a folder'],
    ['[{"id":"a\\u0000"}]', '"id" cannot be the name of a folder'],
    [`[{"id":"${"a".repeat(300)}"}]`, '"id" cannot be the name of a folder'],
    ['[{"id":"a\\u001b[31m"}]', '"id" cannot be the name of a folder'],
    ['[{"id":"\ufffd"}]', '"id" cannot be the name of a folder'],
    ['[{"id":"a"},{"id":"b"},{"id":"a"}]', "two records of the id a"],
    ['[{"id":"a","names":"b"}]', '"names" should be of the kind array'],
    ['[{"id":"a","created":nul}]', "is damaged"],
    ['[{"id":"a"}]]', "bytes follow"],
    ["[1]", "no whole record"],
  ])("that cannot be understood (%s) are named with their file, and left as they are", async (text, what) => {
    const test = await openTestStore();
    const staged = await stage(test.store, "one");
    const file = path.join(test.root, "plain-layers/layers.json");
    write(test, "plain-layers/layers.json", text);
    for (const attempt of [
      () => test.store.read(),
      () => test.store.commitLayers([staged]),
      () => test.store.check(),
      () => test.store.prune({ layers: true }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: "ERR_DRAYAGE_STORE_INVALID",
        message: expect.stringContaining(JSON.stringify(file)),
      });
      await expect(attempt()).rejects.toThrow(what);
    }
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it.each(["images", "containers"])(
    "of %s with an id that no folder can have are named, too",
    async (kind) => {
      const test = await openTestStore();
      const file = `plain-${kind}/${kind}.json`;
      for (const bad of ["a b", "../x", "", "a\0", "a".repeat(300)]) {
        const text = JSON.stringify([{ id: bad, image: "", layer: "" }]);
        write(test, file, text);
        for (const attempt of [() => test.store.read(), () => test.store.check(), () => test.store.prune()]) {
          await expect(attempt()).rejects.toMatchObject({
            code: "ERR_DRAYAGE_STORE_INVALID",
            message: expect.stringContaining(JSON.stringify(path.join(test.root, file))),
            hint: expect.stringContaining("nothing was changed"),
          });
        }
        expect(test.text(file)).toBe(text);
      }
    },
  );

  it("of null are none, as Go reads it", async () => {
    const test = await openTestStore();
    write(test, "plain-layers/layers.json", "null\n");
    expect((await test.store.read()).layers).toEqual([]);
  });

  it("with one name give it to the last, at once for readers, for good with the next change", async () => {
    const test = await openTestStore();
    const record = (digit: string, names: string): string =>
      `{"id":"${id(digit)}","names":[${names}],"created":"2020-01-01T00:00:00Z"}`;
    write(test, "plain-images/images.json", `[${record("a", '"x","y"')},${record("b", '"x"')}]`);
    const view = await test.store.read();
    expect(view.image("x").id).toBe(id("b"));
    expect(view.image(id("a")).names).toEqual(["y"]);
    expect((await test.store.check()).findings).toMatchObject([
      { code: "name-duplicate", id: id("a"), repair: "mend" },
    ]);
    await test.store.setMetadata("image", id("b"), "m");
    expect(test.text("plain-images/images.json")).toContain(`{"id":"${id("a")}","names":["y"],`);
  });

  it("that others change are read anew, also within one clock tick", async () => {
    const test = await openTestStore();
    const image = await putImage(test.store, ["one"], { names: ["n0"] });
    const other = await openTestStore({ root: test.root });
    for (let round = 1; round < 50; round++) {
      await (round % 2 === 0 ? test : other).store.setNames("image", image.id, [`n${round % 10}`]);
      for (const { store } of [test, other])
        expect((await store.read()).image(image.id).names).toEqual([`n${round % 10}`]);
    }
  });

  it("are the same objects as long as nothing changes", async () => {
    const { store } = await openTestStore();
    await putImage(store, ["one"]);
    expect(await store.read()).toBe(await store.read());
  });
});

describe("the file of big data", () => {
  it.each([
    ["manifest", "manifest"],
    ["a.b9", "a.b9"],
    ["sha256:ab", "=c2hhMjU2OmFi"],
    ["manifest-x", "=bWFuaWZlc3QteA=="],
    ["signature-", "signature-"],
    ["A", "A"],
    ["aB", "aB"],
    ["Ba", "=QmE="],
    ["..", "=Li4="],
    [".", "=Lg=="],
    ["a/", "=YS8="],
  ])("of %s is %s, as in containers/storage", (key, file) => {
    expect(bigDataFileName(key)).toBe(file);
  });
});
