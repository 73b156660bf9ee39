import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { overrideStatXattr, packTree } from "@drayage/pack";
import { loadSys } from "@drayage/sys";
import { readTar } from "@drayage/tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addToRootfs } from "../src/index.ts";
import { rootfsOwnership } from "../src/rootfs-ownership.ts";

let base: string;
let contextDir: string;
let rootfs: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "drayage-"));
  [contextDir, rootfs] = [join(base, "context"), join(base, "rootfs")];
  mkdirSync(join(contextDir, "t"), { recursive: true });
  mkdirSync(rootfs);
  writeFileSync(join(contextDir, "t/run"), "x");
  chmodSync(join(contextDir, "t/run"), 0o4755);
  chmodSync(join(contextDir, "t"), 0o750);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const isRoot = process.geteuid?.() === 0;
const keep = (path: string, value: string): void =>
  loadSys()?.setXattr(path, overrideStatXattr, Buffer.from(value));

/** Whether files here can have the attribute. */
function lackOfAttributes(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  try {
    if (loadSys() === undefined) return "it needs calls for extended attributes";
    keep(folder, "0:0:0555:dir");
    return undefined;
  } catch {
    return "it needs a file system with user attributes";
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const lack = lackOfAttributes();

describe.skipIf(lack !== undefined)(
  `a root file system that keeps owners in attributes${lack === undefined ? "" : ` [skipped: ${lack}]`}`,
  () => {
    beforeEach(() => {
      keep(rootfs, "0:0:0555:dir");
      chmodSync(rootfs, 0o700);
    });

    /** `name mode uid:gid` of what the layer of the root file system has. */
    async function layer(): Promise<readonly string[]> {
      const lines: string[] = [];
      for await (const { header } of readTar(packTree(rootfs, { overrideStat: true }))) {
        lines.push(`${header.name} ${header.mode.toString(8)} ${header.uid}:${header.gid}`);
        expect(header.xattrs.size).toBe(0);
      }
      return lines;
    }

    it("has the owners that are asked for, those of folders that are made too", async () => {
      await addToRootfs(rootfs, ["t"], "/a/b", { contextDir, chown: "12:34" });
      await expect(layer()).resolves.toEqual(["a/ 755 12:34", "a/b/ 755 12:34", "a/b/run 4755 12:34"]);
      const { mode, uid } = statSync(join(rootfs, "a/b/run"));
      expect([(mode & 0o7777).toString(8), uid]).toEqual(["700", process.geteuid?.()]);
    });

    it("has root as the owner where none is asked for", async () => {
      await addToRootfs(rootfs, ["."], "/", { contextDir });
      await expect(layer()).resolves.toEqual(["t/ 750 0:0", "t/run 4755 0:0"]);
    });

    it("is changed as is asked for where that is said", async () => {
      const owner = `${process.geteuid?.()}:${process.getegid?.()}`;
      await addToRootfs(rootfs, ["t"], "/", { contextDir, chown: owner, ownership: "chown" });
      await expect(layer()).resolves.toEqual([`run 4755 ${owner}`]);
    });

    it("is none for a damaged attribute", () => {
      keep(rootfs, "what?");
      expect(rootfsOwnership(rootfs, {}, undefined).forceMask).toBeUndefined();
    });
  },
);

describe("an owner that the root file system lacks", () => {
  beforeEach(() => {
    mkdirSync(join(rootfs, "etc"));
    writeFileSync(join(rootfs, "etc/passwd"), "nobody:x:65534:65534:nobody:/:/sbin/nologin\n");
    writeFileSync(join(rootfs, "etc/group"), "nogroup:x:65534:\n");
  });

  it.each([
    [
      "nobody:xyz",
      'the container has no group "xyz" in its /etc/group',
      "give its number, or add the group first",
    ],
    [
      "xyz:nogroup",
      'the container has no user "xyz" in its /etc/passwd',
      "give its number, or add the user first",
    ],
    ["xyz", 'the container has no user "xyz" in its /etc/passwd', "give its number, or add the user first"],
  ])("%s is told of, before anything is there", async (chown, message, hint) => {
    await expect(addToRootfs(rootfs, ["t"], "/a", { contextDir, chown })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
      message,
      hint,
    });
    expect(readdirSync(rootfs)).toEqual(["etc"]);
  });

  it("so is a pattern that nothing matches", async () => {
    const adding = addToRootfs(rootfs, ["t/*.none"], "/a/", { contextDir, chown: "nobody" });
    await expect(adding).rejects.toMatchObject({
      code: "ERR_DRAYAGE_FILE_NOT_FOUND",
      message: `nothing in the context ${JSON.stringify(contextDir)} matches "t/*.none"`,
    });
    expect(readdirSync(rootfs)).toEqual(["etc"]);
  });
});

describe.skipIf(isRoot)(`who is not root${isRoot ? " [skipped: root may do all]" : ""}`, () => {
  it("is told that files cannot be given away, before any is there", async () => {
    await expect(addToRootfs(rootfs, ["t"], "/a", { contextDir, chown: "12:34" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message: `the user ${process.geteuid?.()} cannot make files that belong to 12:34`,
      hint: expect.stringContaining("user namespace") as string,
    });
    expect(() => statSync(join(rootfs, "a"))).toThrow("ENOENT");
  });

  it("may ask for himself", async () => {
    const chown = `${process.geteuid?.()}:${process.getegid?.()}`;
    await addToRootfs(rootfs, ["t"], "/a", { contextDir, chown });
    expect(statSync(join(rootfs, "a/run")).uid).toBe(process.geteuid?.());
  });
});
