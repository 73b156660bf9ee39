import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { acquireFileLock } from "@drayage/sys";
import { afterEach, describe, expect, it } from "vitest";
import { openStore } from "../src/index.ts";
import { openTestStore, putImage, stage, temporaryFolder } from "./fixtures.ts";
import { plainDriver } from "./plain-driver.ts";

describe("a lock that another keeps", () => {
  it("does not keep readers waiting, and is waited for by writers, who say who has it", async () => {
    const { store, root } = await openTestStore({ patience: 30 });
    const image = await putImage(store, ["one"], { names: ["x"] });
    await using lock = await acquireFileLock(path.join(root, "plain-images/images.lock"), "write");
    expect((await store.read()).image("x").id).toBe(image.id);
    await expect(store.setNames("image", image.id, ["y"])).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LOCKED",
      message: expect.stringContaining(path.join(root, "plain-images/images.lock")),
      retryable: true,
    });
    lock.release();
    await store.setNames("image", image.id, ["y"]);
    expect((await store.read()).image("y").id).toBe(image.id);
  });

  it("is no longer waited for once the caller has given up", async () => {
    const { store, root } = await openTestStore();
    const image = await putImage(store, ["one"]);
    await using _lock = await acquireFileLock(path.join(root, "plain-layers/layers.lock"), "write");
    const signal = AbortSignal.timeout(20);
    await expect(store.deleteImage(image.id, { signal })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
  });
});

describe("what is no driver", () => {
  it("is refused, and so is one of another version", async () => {
    const place = { graphRoot: "/nowhere", runRoot: "/nowhere-run" };
    await expect(openStore({ ...place, driver: {} as never })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_PLUGIN_INVALID",
    });
    const later = { ...plainDriver(), apiVersion: 2 as never };
    await expect(openStore({ ...place, driver: later })).rejects.toThrow("version 2 of the contract");
    await expect(
      openStore({ graphRoot: "here", runRoot: "there", driver: plainDriver() }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
  });
});

describe("a mount that cannot be written down", () => {
  it("is undone", async () => {
    const unmounted: string[] = [];
    const driver = plainDriver();
    const root = path.join(temporaryFolder(), "root");
    await using store = await openStore({
      graphRoot: root,
      runRoot: `${root}-run`,
      driver: {
        ...driver,
        async open(place) {
          const files = await driver.open(place);
          return {
            ...files,
            // The place for what is to be written is taken meanwhile.
            async mount(id) {
              mkdirSync(path.join(`${root}-run`, "plain-layers/mountpoints.json"));
              return path.join(root, id);
            },
            unmount: async (id) => void unmounted.push(id),
          };
        },
      },
    });
    const image = await putImage(store, ["one"], { names: ["x"] });
    await expect(store.mount({ image: image.id })).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
    expect(unmounted).toEqual([image.layer]);
  });
});

describe("a damaged list of mounts", () => {
  it("is told of before anything is deleted", async () => {
    const { store, run, text } = await openTestStore();
    const image = await putImage(store, ["one"], { names: ["x"] });
    const files = ["plain-layers/layers.json", "plain-images/images.json"];
    const before = files.map(text);
    const mounts = path.join(run, "plain-layers/mountpoints.json");
    mkdirSync(path.dirname(mounts), { recursive: true });
    writeFileSync(mounts, "[{");
    await expect(store.deleteImage(image.id)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_STORE_INVALID",
      message: expect.stringContaining(mounts),
      hint: expect.stringContaining("delete it"),
    });
    expect(files.map(text)).toEqual(before);
  });
});

/** Modes of files are nothing to root: the whole folder, mounted so that nothing can be written. */
function onReadOnlyDisk(folder: string): string {
  const place = `${folder}-read-only`;
  mkdirSync(place);
  expect(spawnSync("mount", ["--bind", folder, place]).status).toBe(0);
  expect(spawnSync("mount", ["-o", "remount,ro,bind", place]).status).toBe(0);
  return place;
}

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)(
  isRoot ? "a disk that is only read" : "a disk that is only read [skipped: it needs root, to mount one]",
  () => {
    const disks: string[] = [];
    afterEach(() => {
      for (const disk of disks.splice(0)) spawnSync("umount", ["-l", disk]);
    });

    it("is read and checked, holds of the living included, and whoever writes is told", async () => {
      const { store, root } = await openTestStore();
      const image = await putImage(store, ["one"], { names: ["x"] });
      await using _hold = await store.hold([image.layer ?? ""]);
      const disk = onReadOnlyDisk(root);
      disks.push(disk);
      const { store: other } = await openTestStore({ root: disk });
      expect((await other.read()).image("x").id).toBe(image.id);
      expect((await other.holds()).map(({ layers }) => layers)).toEqual([[image.layer]]);
      expect((await other.check()).findings).toEqual([]);
      await expect(other.setNames("image", image.id, ["y"])).rejects.toMatchObject({
        code: "ERR_DRAYAGE_IO",
        message: expect.stringContaining("the file system is read-only"),
      });
    });
  },
);

describe.skipIf(!isRoot)(
  isRoot ? "a full disk" : "a full disk [skipped: it needs root, to mount a small one]",
  () => {
    const disks: string[] = [];
    afterEach(() => {
      for (const disk of disks.splice(0)) spawnSync("umount", ["-l", disk]);
    });

    it("is a clear error, and the store is as it was", async () => {
      const disk = path.join(temporaryFolder(), "disk");
      mkdirSync(disk);
      expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "none", disk]).status).toBe(0);
      disks.push(disk);
      const { store, root } = await openTestStore({ root: path.join(disk, "root") });
      const image = await putImage(store, ["one"], { names: ["x"] });
      const files = ["plain-layers/layers.json", "plain-images/images.json"].map((file) =>
        path.join(root, file),
      );
      const before = files.map((file) => readFileSync(file, "utf8"));
      const staged = await stage(store, "two");
      // All but what one page holds.
      const rest = spawnSync("sh", ["-c", `df --output=avail "$0" | tail -1`, disk]).stdout.toString().trim();
      writeFileSync(path.join(disk, "fill"), Buffer.alloc(Number(rest) * 1024));
      await expect(store.commitImage({ layers: [staged], names: ["y"] })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_IO",
        message: expect.stringContaining("no space left on the device"),
      });
      await expect(store.setNames("image", image.id, ["z"])).rejects.toMatchObject({
        code: "ERR_DRAYAGE_IO",
      });
      expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(before);
      await staged.discard();
      spawnSync("rm", [path.join(disk, "fill")]);
      expect((await store.check()).findings).toEqual([]);
      expect(readdirSync(path.join(root, "plain"))).toEqual([image.layer]);
      await putImage(store, ["two"], { names: ["y"] });
      expect((await store.read()).image("y").names).toEqual(["y"]);
    });
  },
);
