import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { bytesBlob } from "@drayage/blob";
import { type LayerFiles, removeTree } from "@drayage/storage";
import { loadSys } from "@drayage/sys";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openByWalking } from "../src/open-by-walking.ts";
import { openFile } from "../src/open-file.ts";
import { parseOptions } from "../src/options.ts";
import { ownershipFor, rootId } from "../src/ownership.ts";
import { vfsFixture } from "./support/fixture.ts";
import { tarOf } from "./support/tar.ts";

let fixture: ReturnType<typeof vfsFixture>;
let files: LayerFiles;
beforeEach(async () => {
  fixture = vfsFixture();
  files = await fixture.driver.open(fixture);
});
afterEach(() => fixture.dispose());

const isRoot = process.geteuid?.() === 0;

describe("options", () => {
  it("are those of storage.conf", () => {
    expect(parseOptions({})).toEqual({ ignoreChownErrors: false, forceMask: undefined, sync: "none" });
    expect(
      parseOptions({
        ignore_chown_errors: "true",
        force_mask: "0711",
        sync: "filesystem",
        mountopt: "nodev",
        size: "",
      }),
    ).toEqual({ ignoreChownErrors: true, forceMask: 0o711, sync: "filesystem" });
    expect(parseOptions({ force_mask: "shared" }).forceMask).toBe(0o755);
    expect(parseOptions({ force_mask: "private" }).forceMask).toBe(0o700);
  });

  it.each([{ ignore_chown_errors: "maybe" }, { force_mask: "9" }, { force_mask: "rwx" }, { sync: "always" }])(
    "%j are refused",
    async (options) => {
      const place = { ...fixture, options: { ...options } as Record<string, string> };
      await expect(fixture.driver.open(place)).rejects.toMatchObject({
        code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
      });
    },
  );

  it("decide how owners are kept", () => {
    const options = parseOptions({});
    expect(ownershipFor(options).kind).toBe(isRoot ? "real" : "attribute");
    expect(ownershipFor({ ...options, forceMask: 0o755 })).toEqual({ kind: "attribute", mode: 0o755 });
  });
});

describe("the root of a container", () => {
  it("is owned by whom the map says", () => {
    expect(rootId()).toBe(0);
    expect(rootId([])).toBe(0);
    expect(rootId([{ containerId: 0, hostId: 100_000, size: 65_536 }])).toBe(100_000);
    expect(
      rootId([
        { containerId: 1, hostId: 5, size: 10 },
        { containerId: 0, hostId: 1000, size: 1 },
      ]),
    ).toBe(1000);
  });

  it.skipIf(!isRoot)("has its files mapped with it", async () => {
    const map = [{ containerId: 0, hostId: 100_000, size: 10 }];
    const staged = await files.stage({ uidMap: map, gidMap: map });
    const tar = tarOf([{ name: "file", uid: 3, gid: 4 }]);
    const { uids, gids } = await staged.unpack(bytesBlob(tar));
    await staged.settle(undefined);
    await staged.commit("layer");
    expect([uids, gids]).toEqual([[3], [4]]);
    const root = await files.mount("layer");
    const of = (path: string): number[] => [lstatSync(path).uid, lstatSync(path).gid];
    expect([of(root), of(join(root, "file"))]).toEqual([
      [100_000, 100_000],
      [100_003, 100_004],
    ]);
  });
});

describe("the folders", () => {
  it("are those of containers/storage, and for their owner alone", async () => {
    await files.create("layer", undefined);
    const home = join(fixture.graphRoot, "vfs");
    expect(readdirSync(home).sort()).toEqual(["dir", "tempdirs"]);
    expect(readdirSync(join(home, "dir"))).toEqual(["layer"]);
    expect(readdirSync(join(home, "tempdirs"))).toEqual([]);
    for (const path of [fixture.graphRoot, home, join(home, "dir"), join(home, "tempdirs")])
      expect((lstatSync(path).mode & 0o777).toString(8)).toBe("700");
  });

  it("are removed though their owner may not write to them", async () => {
    await files.create("layer", undefined);
    const layer = join(fixture.graphRoot, "vfs/dir/layer");
    mkdirSync(join(layer, "closed/inner"), { recursive: true });
    writeFileSync(join(layer, "closed/inner/file"), "");
    for (const path of ["closed/inner", "closed", ""]) chmodSync(join(layer, path), 0o555);
    await (await files.remove(["layer"]))();
    expect(existsSync(layer)).toBe(false);
    expect(readdirSync(join(fixture.graphRoot, "vfs/tempdirs"))).toEqual([]);
  });

  it("are read-only in additional stores", async () => {
    await files.create("layer", undefined);
    const graphRoot = join(fixture.folder, "other");
    const other = await fixture.driver.open({ ...fixture, graphRoot, additionalStores: [fixture.graphRoot] });
    await (await other.remove(["layer"]))();
    expect(await files.exists("layer")).toBe(true);
  });
});

describe("mounting", () => {
  it("knows no options", async () => {
    await files.create("layer", undefined);
    await expect(files.mount("layer", { options: ["volatile"] })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_STORE_UNSUPPORTED",
      message: expect.stringContaining('"volatile"'),
    });
    expect(await files.mount("layer", { options: ["ro"] })).toBe(join(fixture.graphRoot, "vfs/dir/layer"));
  });
});

describe("files are found through links", () => {
  const inside = [
    "file",
    "folder/file",
    "to-folder/file",
    "absolute/file",
    "up/file",
    "../file",
    "/file",
    "folder/../file",
  ];
  const links = ["to-file", "folder/to-file", "chain-0"];
  const outside = [
    "",
    ".",
    "folder",
    "missing",
    "file/x",
    "circle",
    "to-proc/version",
    "chain-9/x",
    "dangling",
    "too-long",
  ];

  function writeTree(root: string): void {
    mkdirSync(join(root, "folder"), { recursive: true });
    writeFileSync(join(root, "file"), "inside");
    writeFileSync(join(root, "folder/file"), "inside");
    symlinkSync("folder", join(root, "to-folder"));
    symlinkSync("/folder", join(root, "absolute"));
    symlinkSync("../../../../../folder/..", join(root, "up"));
    symlinkSync("file", join(root, "to-file"));
    symlinkSync("/to-file", join(root, "folder/to-file"));
    symlinkSync("circle", join(root, "circle"));
    symlinkSync("/proc", join(root, "to-proc"));
    symlinkSync("/nowhere", join(root, "dangling"));
    for (let index = 0; index < 30; index++) symlinkSync(`chain-${index + 1}`, join(root, `chain-${index}`));
    symlinkSync("file", join(root, "chain-30"));
    for (let index = 0; index < 45; index++) symlinkSync(`long-${index + 1}`, join(root, `long-${index}`));
    symlinkSync("file", join(root, "long-45"));
    symlinkSync("long-0", join(root, "too-long"));
  }

  const name = (path: string): Uint8Array => Buffer.from(path);

  function walk(root: string, path: string): boolean {
    const fd = openByWalking(root, name(path));
    if (fd === undefined) return false;
    closeSync(fd);
    return true;
  }

  it.each([...inside, ...links])("%j by walking", (path) => {
    writeTree(join(fixture.folder, "tree"));
    expect(walk(join(fixture.folder, "tree"), path)).toBe(true);
  });

  it.each(outside)("not %j by walking", (path) => {
    writeTree(join(fixture.folder, "tree"));
    expect(walk(join(fixture.folder, "tree"), path)).toBe(false);
  });

  it.skipIf(loadSys() === undefined)("by the kernel as by walking", () => {
    const root = join(fixture.folder, "tree");
    writeTree(root);
    const found = [...inside, ...links, ...outside].filter((path) => {
      const file = openFile(root, name(path));
      file?.close();
      return file !== undefined;
    });
    expect(found).toEqual([...inside, ...links]);
  });
});

describe("removeTree", () => {
  it("takes what is gone, and names that are no UTF-8", async () => {
    const path = join(fixture.folder, "tree");
    await removeTree(path);
    mkdirSync(path);
    writeFileSync(Buffer.concat([Buffer.from(`${path}/bad`), Buffer.of(0xff)]), "");
    await removeTree(path);
    expect(existsSync(path)).toBe(false);
  });
});
