import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { requireSys } from "@drayage/sys";
import { describe, expect, it } from "vitest";
import { idOf } from "./support/ids.ts";
import { named, whyNoOverlay } from "./support/machine.ts";
import { mountsBelow, newFolder, openTestStore } from "./support/store.ts";

const [a, b, c] = [idOf("a"), idOf("b"), idOf("c")];

function modeOf(path: string): string {
  const { mode, uid, gid } = lstatSync(path);
  return `${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
}

describe.skipIf(whyNoOverlay !== undefined)(named("layers"), () => {
  it("lie in the folders of containers/storage", async () => {
    const umask = process.umask(0o077);
    try {
      const store = await openTestStore();
      await store.files.create(a, undefined);
      await store.files.create(b, a);
      await store.files.create(c, b);
      expect(readdirSync(store.at()).sort()).toEqual([".has-mount-program", a, b, c, "l", "tempdirs"]);
      expect(readFileSync(store.at(".has-mount-program"), "utf8")).toBe("false");
      expect([modeOf(store.at()), modeOf(store.at("l")), modeOf(store.at("tempdirs"))]).toEqual([
        "700 0:0",
        "755 0:0",
        "700 0:0",
      ]);
      expect(store.temporary()).toEqual([]);
      expect(readdirSync(store.at(a)).sort()).toEqual(["diff", "empty", "link", "merged", "work"]);
      expect(readdirSync(store.at(c)).sort()).toEqual(["diff", "link", "lower", "merged", "work"]);
      const modes = ["", "diff", "link", "lower", "merged", "work"].map((name) => modeOf(store.at(c, name)));
      expect(modes).toEqual(["700 0:0", "555 0:0", "644 0:0", "644 0:0", "700 0:0", "700 0:0"]);
      expect(modeOf(store.at(a, "empty"))).toBe("700 0:0");
      const links = [a, b, c].map((id) => readFileSync(store.at(id, "link"), "utf8"));
      for (const link of links) expect(link).toMatch(/^[A-Z2-7]{26}$/);
      expect(links.map((link) => readlinkSync(store.at("l", link)))).toEqual(
        [a, b, c].map((id) => `../${id}/diff`),
      );
      expect(readFileSync(store.at(b, "lower"), "utf8")).toBe(`l/${links[0]}`);
      expect(readFileSync(store.at(c, "lower"), "utf8")).toBe(`l/${links[1]}:l/${links[0]}`);
    } finally {
      process.umask(umask);
    }
  });

  it("take owner and mode of their root from their parent's", async () => {
    const store = await openTestStore();
    await store.files.create(a, undefined, { uidMap: [{ containerId: 0, hostId: 1000, size: 10 }] });
    expect(["", "diff", "work", "merged"].map((name) => modeOf(store.at(a, name)))).toEqual([
      "700 1000:0",
      "555 1000:0",
      "700 1000:0",
      "700 1000:0",
    ]);
    chownSync(store.at(a, "diff"), 7, 8);
    chmodSync(store.at(a, "diff"), 0o1777);
    await store.files.create(b, a);
    expect(["diff", "work"].map((name) => modeOf(store.at(b, name)))).toEqual(["1777 7:8", "700 7:8"]);
  });

  it("are found by their ids, and gone once they are removed", async () => {
    const { files, at, temporary } = await openTestStore();
    await files.create(a, undefined);
    await files.create(b, a);
    expect([await files.exists(a), await files.exists(c)]).toEqual([true, false]);
    expect([...(await files.ids())].sort()).toEqual([a, b]);
    writeFileSync(at(b, "diff", "file"), "text");
    const link = readFileSync(at(b, "link"), "utf8");
    const finish = await files.remove([b]);
    expect(await files.ids()).toEqual([a]);
    expect([existsSync(at(b)), existsSync(at("l", link)), readdirSync(at("l")).length]).toEqual([
      false,
      false,
      1,
    ]);
    expect(temporary().length).toBe(2);
    await finish();
    await finish();
    expect(temporary()).toEqual([]);
    await (await files.remove([b]))();
    expect(temporary()).toEqual([]);
  });

  it("are not made of ids that lead elsewhere, nor on parents that are not there", async () => {
    const { files } = await openTestStore();
    for (const id of ["..", "a/b", "", "l", "staging", "tempdirs", ".has-mount-program"]) {
      await expect(files.create(id, undefined)).rejects.toMatchObject({ code: "ERR_DRAYAGE_NAME_INVALID" });
    }
    await expect(files.create(b, a)).rejects.toMatchObject({ code: "ERR_DRAYAGE_LAYER_NOT_FOUND" });
    expect(await files.ids()).toEqual([]);
    expect(await files.leftovers()).toEqual([]);
  });

  it("replace what is left of others of their id", async () => {
    const { files, at, temporary } = await openTestStore();
    await files.create(a, undefined);
    writeFileSync(at(a, "diff", "old"), "");
    await files.create(a, undefined);
    expect(readdirSync(at(a, "diff"))).toEqual([]);
    expect(readdirSync(at("l"))).toEqual([readFileSync(at(a, "link"), "utf8")]);
    expect(temporary()).toEqual([]);
  });

  it("are as many as the kernel takes, and no more", async () => {
    const { files, at } = await openTestStore();
    await files.create(idOf("0"), undefined);
    await files.create(a, undefined);
    const base = readFileSync(at(idOf("0"), "link"), "utf8");
    writeFileSync(at(a, "lower"), Array(499).fill(`l/${base}`).join(":"));
    await files.create(b, a);
    expect(readFileSync(at(b, "lower"), "utf8").split(":").length).toBe(500);
    await expect(files.create(c, b)).rejects.toMatchObject({ code: "ERR_DRAYAGE_STORE_UNSUPPORTED" });
  });

  it("get back the links that a crash took away", async () => {
    const { files, at } = await openTestStore();
    for (const [id, parent] of [[a], [b, a], [c, b]] as const) await files.create(id, parent);
    writeFileSync(at(a, "diff", "file"), "text");
    const [first = "", second = ""] = [a, b].map((id) => readFileSync(at(id, "link"), "utf8"));
    rmSync(at("l", first));
    writeFileSync(at(b, "link"), "");
    const file = await files.openFile(c, Buffer.from("file"));
    file?.close();
    expect(file?.size).toBe(4);
    expect(readlinkSync(at("l", first))).toBe(`../${a}/diff`);
    expect(readFileSync(at(b, "link"), "utf8")).toBe(second);
    rmSync(at("l", second));
    rmSync(at(b, "link"));
    await expect(files.create(idOf("d"), b)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_STORE_INVALID",
      message: expect.stringContaining(join(b, "link")),
    });
    await expect(async () => files.openFile(c, Buffer.from("nothing"))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_STORE_INVALID",
      message: expect.stringContaining(second),
    });
  });

  it("are damaged where their list of parents is empty, or leads elsewhere", async () => {
    const { files, at } = await openTestStore();
    await files.create(a, undefined);
    await files.create(b, a);
    for (const text of ["", "l/..", "../x", "l/A:l/B/C"]) {
      writeFileSync(at(b, "lower"), text);
      await expect(async () => files.openFile(b, Buffer.from("x"))).rejects.toMatchObject({
        code: "ERR_DRAYAGE_STORE_INVALID",
        message: expect.stringContaining(join(b, "lower")),
      });
    }
  });

  it("may have parents in additional stores", async () => {
    const other = await openTestStore();
    await other.files.create(a, undefined);
    writeFileSync(other.at(a, "diff", "file"), "there");
    const store = await openTestStore({ additionalStores: [other.graphRoot] });
    expect([await store.files.exists(a), await store.files.ids()]).toEqual([true, []]);
    await store.files.create(b, a);
    expect(readFileSync(store.at(b, "lower"), "utf8")).toBe(`l/${readFileSync(other.at(a, "link"), "utf8")}`);
    const merged = await store.files.mount(b);
    expect(readFileSync(join(merged, "file"), "utf8")).toBe("there");
    const alone = await store.files.mount(a);
    expect(alone).toBe(join(store.runRoot, "overlay", a, "merged"));
    expect(() => writeFileSync(join(alone, "new"), "")).toThrow(expect.objectContaining({ code: "EROFS" }));
    await store.files.unmount(a);
    await store.files.unmount(b);
    expect(existsSync(join(store.runRoot, "overlay", a))).toBe(false);
    expect([...mountsBelow(store.graphRoot), ...mountsBelow(store.runRoot)]).toEqual([]);
  });
});

describe.skipIf(whyNoOverlay !== undefined)(named("what is left over"), () => {
  it("is told of and removed, if nobody uses it", async () => {
    const { files, at, temporary } = await openTestStore();
    await files.create(a, undefined);
    const staged = await files.stage();
    expect(await files.leftovers()).toEqual([]);
    // What a process that was killed leaves: a folder, its lock that nobody holds; and what has lost one of them.
    mkdirSync(at("tempdirs", "temp-dir-killed", "0-addition"), { recursive: true });
    writeFileSync(at("tempdirs", "lock-killed"), "");
    mkdirSync(at("tempdirs", "temp-dir-lockless"));
    writeFileSync(at("tempdirs", "lock-folderless"), "");
    symlinkSync(`../${b}/diff`, at("l", "A".repeat(26)));
    mkdirSync(at("staging", "dead"), { recursive: true });
    writeFileSync(at("staging", "dead", "staging.lock"), "");
    mkdirSync(at("staging", "unknown"));
    const found = await files.leftovers();
    expect(found.map(({ path }) => path)).toEqual([
      at("tempdirs", "temp-dir-folderless"),
      at("tempdirs", "temp-dir-killed"),
      at("tempdirs", "temp-dir-lockless"),
      at("staging", "dead"),
      at("l", "A".repeat(26)),
    ]);
    for (const leftover of found) await leftover.remove();
    expect(await files.leftovers()).toEqual([]);
    expect(readdirSync(at("staging"))).toEqual(["unknown"]);
    expect(temporary().length).toBe(2);
    await staged.discard();
    expect(temporary()).toEqual([]);
    expect(readdirSync(at("l")).length).toBe(1);
  });

  it("is nothing that somebody has locked meanwhile", async () => {
    const { files, at, temporary } = await openTestStore();
    mkdirSync(at("tempdirs", "temp-dir-x"), { recursive: true });
    writeFileSync(at("tempdirs", "lock-x"), "");
    const [leftover] = await files.leftovers();
    const sys = requireSys("test");
    const fd = sys.openAt(-100, at("tempdirs", "lock-x"), 2);
    expect(sys.tryLock(fd, "write")).toBe(true);
    await leftover?.remove();
    expect(temporary()).toEqual(["lock-x", "temp-dir-x"]);
    sys.unlock(fd);
    await leftover?.remove();
    expect(temporary()).toEqual([]);
  });
});

describe.skipIf(whyNoOverlay !== undefined)(named("staged layers"), () => {
  it("are seen by nobody before they are committed, in their order", async () => {
    const { files, at, temporary } = await openTestStore();
    const base = await files.stage();
    const top = await files.stage();
    await base.settle(undefined);
    await top.settle(base);
    expect([await files.ids(), readdirSync(at("l"))]).toEqual([[], []]);
    await base.commit(a);
    await top.commit(b);
    expect(readFileSync(at(b, "lower"), "utf8")).toBe(`l/${readFileSync(at(a, "link"), "utf8")}`);
    expect(temporary()).toEqual([]);
    await base.discard();
    await top[Symbol.asyncDispose]();
    expect([...(await files.ids())].sort()).toEqual([a, b]);
  });

  it("leave nothing when they are discarded", async () => {
    const { files, temporary } = await openTestStore();
    {
      await using staged = await files.stage();
      await staged.settle(undefined);
    }
    expect(temporary()).toEqual([]);
  });

  it("are used in one order only", async () => {
    const { files } = await openTestStore();
    await using staged = await files.stage();
    await expect(staged.commit(a)).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    await using other = await files.stage();
    await expect(other.settle(staged)).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    await staged.settle(undefined);
    await expect(staged.settle(undefined)).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    await expect(other.settle({ ...staged })).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
  });
});

describe.skipIf(whyNoOverlay !== undefined)(named("opening"), () => {
  it("refuses what this driver cannot do, in a sentence", async () => {
    for (const options of [
      { mount_program: "/usr/bin/fuse-overlayfs" },
      { use_composefs: "true" },
      { size: "10G" },
    ]) {
      await expect(openTestStore({ options })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_STORE_UNSUPPORTED",
        message: expect.stringContaining(Object.keys(options)[0] ?? ""),
      });
    }
    await expect(openTestStore({ options: { skip_mount_home: "perhaps" } })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
    });
    await openTestStore({ options: { use_composefs: "false", size: "", unknown: "x" } });
  });

  it("reads the files of a store that a program mounts, and no more", async () => {
    const folder = newFolder();
    const before = await openTestStore({ folder });
    await before.files.create(a, undefined);
    writeFileSync(before.at(a, "diff", "file"), "text");
    writeFileSync(before.at(".has-mount-program"), "true");
    const { files } = await openTestStore({ folder });
    const file = await files.openFile(a, Buffer.from("file"));
    file?.close();
    expect(file?.size).toBe(4);
    for (const call of [() => files.stage(), () => files.create(b, a), () => files.mount(a)]) {
      await expect(call()).rejects.toMatchObject({
        code: "ERR_DRAYAGE_STORE_UNSUPPORTED",
        message: expect.stringContaining(".has-mount-program"),
      });
    }
  });

  it("tells what a person may want to know", async () => {
    const { files } = await openTestStore({ options: { mountopt: "nodev,metacopy=on" } });
    expect(await files.facts()).toMatchObject({ "Using metacopy": "true", "Supports d_type": "true" });
  });
});
