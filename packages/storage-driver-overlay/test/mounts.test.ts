import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { requireSys } from "@drayage/sys";
import { describe, expect, it } from "vitest";
import { idOf } from "./support/ids.ts";
import { named, whyNoOverlay } from "./support/machine.ts";
import { mountsBelow, openTestStore } from "./support/store.ts";
import { listTree, makeTree } from "./support/tree.ts";

const sys = requireSys("test");
const [a, b, c] = [idOf("a"), idOf("b"), idOf("c")];

function mountLine(point: string): string {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.find((line) => line.split(" ")[4] === point) ?? "";
}

describe.skipIf(whyNoOverlay !== undefined)(named("mounts"), () => {
  it("show a layer on its parents, and what is written is the layer's", async () => {
    const { files, at } = await openTestStore();
    await files.create(a, undefined);
    makeTree(at(a, "diff"), { below: "a", "d/one": "1", "d/two": "2" });
    await files.create(b, a);
    const merged = await files.mount(b);
    expect(merged).toBe(at(b, "merged"));
    expect(readFileSync(join(merged, "below"), "utf8")).toBe("a");
    writeFileSync(join(merged, "new"), "b");
    rmSync(join(merged, "d/one"));
    expect(await files.mount(b)).toBe(merged);
    await files.unmount(b);
    await files.unmount(b);
    expect(readdirSync(merged)).toEqual([]);
    expect(Object.keys(listTree(at(b, "diff")))).toEqual(["d", "d/one", "new"]);
    expect(listTree(at(b, "diff"))["d/one"]).toBe("whiteout");
  });

  it("are in a private mount of the home, which goes with the last of them", async () => {
    const { files, at, graphRoot } = await openTestStore();
    await files.create(a, undefined);
    await files.create(b, a);
    await files.mount(a, { readOnly: true });
    await files.mount(b);
    expect(mountsBelow(graphRoot)).toEqual([at(), at(a, "merged"), at(b, "merged")]);
    expect(mountLine(at())).not.toMatch(/shared:|master:/);
    await files.unmount(a);
    expect(mountsBelow(graphRoot)).toEqual([at(), at(b, "merged")]);
    await files.unmount(b);
    expect(mountsBelow(graphRoot)).toEqual([]);
  });

  it("leave the home as it is where that is wanted, or where another file system is mounted there", async () => {
    const store = await openTestStore({ options: { skip_mount_home: "true" } });
    await store.files.create(a, undefined);
    await store.files.mount(a);
    expect(mountsBelow(store.graphRoot)).toEqual([store.at(a, "merged")]);
    await store.files.unmount(a);

    const other = await openTestStore();
    for (const path of [join(other.graphRoot, "disk"), other.at()]) mkdirSync(path, { recursive: true });
    sys.bindMount(join(other.graphRoot, "disk"), other.at());
    await other.files.create(a, undefined).catch(() => {});
    const { files } = await openTestStore({ folder: join(other.graphRoot, "..") });
    await files.create(a, undefined);
    await files.mount(a);
    await files.unmount(a);
    expect(mountsBelow(other.graphRoot)).toEqual([other.at()]);
  });

  it("are read-only where that is wanted, also of a layer without parents", async () => {
    const { files, at } = await openTestStore();
    await files.create(a, undefined);
    makeTree(at(a, "diff"), { file: "a" });
    for (const options of [{ readOnly: true }, { options: ["ro"] }]) {
      const merged = await files.mount(a, options);
      expect(readdirSync(merged)).toEqual(["file"]);
      expect(() => writeFileSync(join(merged, "new"), "")).toThrow(
        expect.objectContaining({ code: "EROFS" }),
      );
      await files.unmount(a);
    }
  });

  it("have the options of the store, or others", async () => {
    const { files, at } = await openTestStore({ options: { mountopt: "nodev,noatime" } });
    await files.create(a, undefined);
    await files.mount(a);
    expect(mountLine(at(a, "merged"))).toMatch(/ rw,nodev,noatime /);
    await files.unmount(a);
    await files.mount(a, { options: ["volatile", "nosuid"] });
    expect(mountLine(at(a, "merged"))).toMatch(/ rw,nosuid,relatime .*volatile/);
    expect(readdirSync(at(a, "work", "work", "incompat"))).toEqual(["volatile"]);
    await files.unmount(a);
    await files.mount(a);
    await files.unmount(a);
  });

  it("name lower layers by their links, the nearest first", async () => {
    const { files, at } = await openTestStore();
    for (const [id, parent] of [[a], [b, a], [c, b]] as const) await files.create(id, parent);
    await files.mount(c);
    const links = [b, a].map((id) => at("l", readFileSync(at(id, "link"), "utf8")));
    const line = mountLine(at(c, "merged"));
    for (const link of links) expect(line).toContain(link);
    expect(line.indexOf(links[0] ?? "?")).toBeLessThan(line.indexOf(links[1] ?? "?"));
  });

  it("may have more layers than mount(2) takes", async () => {
    const { files, at } = await openTestStore();
    let parent: string | undefined;
    for (let number = 0; number < 200; number++) {
      const id = number.toString(16).padStart(64, "0");
      await files.create(id, parent);
      writeFileSync(at(id, "diff", `file-${number}`), "");
      parent = id;
    }
    const merged = await files.mount(parent ?? "");
    expect(readdirSync(merged).length).toBe(200);
    writeFileSync(join(merged, "new"), "");
  });

  it("have what a layer was before its owners were mapped", async () => {
    const { files, at } = await openTestStore();
    await files.create(a, undefined);
    mkdirSync(at(a, "diff1"));
    writeFileSync(at(a, "diff1", "older"), "");
    await files.create(b, a);
    for (const id of [a, b]) expect(readdirSync(await files.mount(id))).toEqual(["older"]);
  });

  it("are made where the folder for them is gone, and leave it empty", async () => {
    const { files, at } = await openTestStore();
    await files.create(a, undefined);
    rmSync(at(a, "merged"), { recursive: true });
    await files.mount(a);
    await files.unmount(a);
    expect(lstatSync(at(a, "merged")).mode & 0o7777).toBe(0o700);
    expect(readdirSync(at(a)).sort()).toEqual(["diff", "empty", "link", "merged", "work"]);
  });

  it("do not keep a layer from being removed", async () => {
    const { files, at, temporary } = await openTestStore();
    await files.create(a, undefined);
    makeTree(at(a, "diff"), { file: "a" });
    await files.create(b, a);
    const merged = await files.mount(b);
    const fd = openSync(join(merged, "file"), "r");
    await (await files.remove([b]))();
    closeSync(fd);
    expect([existsSync(at(b)), readFileSync(at(a, "diff/file"), "utf8")]).toEqual([false, "a"]);
    expect(temporary()).toEqual([]);
  });

  it("are refused for layers that are not there", async () => {
    const { files } = await openTestStore();
    await expect(files.mount(a)).rejects.toMatchObject({ code: "ERR_DRAYAGE_LAYER_NOT_FOUND" });
    await expect(files.unmount(a)).rejects.toMatchObject({ code: "ERR_DRAYAGE_LAYER_NOT_FOUND" });
  });

  it("name what failed", async () => {
    const { files, at } = await openTestStore({ options: { mountopt: "nonsense" } });
    await files.create(a, undefined);
    await expect(files.mount(a)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
      message: expect.stringContaining(`cannot mount layer ${a}`),
    });
    expect(mountsBelow(at())).toEqual([]);
  });
});
