import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sysUnavailable } from "@drayage/sys";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseMounts } from "../src/index.ts";
import { lockMounts } from "../src/mounts/lock.ts";
import type { RunMount } from "../src/mounts/mount.ts";

const whyNot = sysUnavailable();
const note = whyNot === undefined ? "" : ` [skipped: ${whyNot}]`;
const isRoot = process.geteuid?.() === 0;

describe.skipIf(whyNot !== undefined)(`caches${note}`, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "drayage-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const parse = () => parseMounts({ mounts: ["type=cache,target=/c"] }, { env: { TMPDIR: folder } });
  const denied = { code: "ERR_DRAYAGE_DENIED", hint: expect.stringContaining("TMPDIR") as string };

  it("are in no folder that a link leads to", async () => {
    mkdirSync(path.join(folder, "elsewhere"));
    symlinkSync("elsewhere", path.join(folder, "buildah-cache"));
    await expect(parse()).rejects.toMatchObject(denied);
    expect(readdirSync(path.join(folder, "elsewhere"))).toEqual([]);
  });

  it.skipIf(!isRoot)(
    `are in no folder of somebody else${isRoot ? "" : " [skipped: it needs root]"}`,
    async () => {
      mkdirSync(path.join(folder, "buildah-cache"));
      chownSync(path.join(folder, "buildah-cache"), 65_534, 65_534);
      await expect(parse()).rejects.toMatchObject(denied);
      expect(readdirSync(path.join(folder, "buildah-cache"))).toEqual([]);
    },
  );

  const locked = (...names: readonly string[]): readonly RunMount[] =>
    names.map((name) => ({
      ...{ type: "bind", source: folder, destination: `/${name}`, options: [] },
      lock: path.join(folder, name),
    }));

  it("that two ask for, each in another order, are locked by one after the other", async () => {
    const order: string[] = [];
    const use = async (...names: readonly string[]): Promise<void> => {
      await using _ = await lockMounts(locked(...names), undefined);
      order.push(`${names} from`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${names} to`);
    };
    await Promise.all([use("a", "b", "a"), use("b", "a")]);
    expect(order.map((one) => one.split(" ")[1])).toEqual(["from", "to", "from", "to"]);
  });

  it("are left to others where one of them cannot be locked", async () => {
    symlinkSync("a", path.join(folder, "b"));
    await expect(lockMounts(locked("a", "b"), undefined)).rejects.toThrow();
    await using again = await lockMounts(locked("a"), undefined);
    expect(again).toBeDefined();
  });
});
