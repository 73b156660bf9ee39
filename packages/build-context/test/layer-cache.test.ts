import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { digestBytes } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LayerFacts, type LayerKey, layerCache, noLayerCache, treeKey } from "../src/index.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(home, { recursive: true }));

/** Long enough ago for every file to count as left alone. */
async function settle(): Promise<void> {
  await setTimeout(80);
}

const bytes = new TextEncoder();
const facts: LayerFacts = {
  diffId: digestBytes(bytes.encode("tar")),
  tarSize: 3,
  blobs: [{ compression: "gzip", level: undefined, digest: digestBytes(bytes.encode("gz")), size: 2 }],
};
/** A file of the cache. */
const checked = (written: object): string =>
  JSON.stringify({ ...written, check: digestBytes(bytes.encode(JSON.stringify(written))) });
/** What a file of the key `a` says. */
const known = { version: 3, key: "a".repeat(64), ...facts };
const key = (digit: string, settled = true): LayerKey => ({ hash: digit.repeat(64), settled });

describe("treeKey", () => {
  const tree = (): string => {
    const root = join(home, "tree");
    mkdirSync(join(root, "a/b"), { recursive: true });
    writeFileSync(join(root, "a/b/file"), "text");
    symlinkSync("b/file", join(root, "a/link"));
    return root;
  };

  it("is the same for a tree that nothing touched", async () => {
    const root = tree();
    await settle();
    const first = await treeKey(root, { version: 1 });
    expect(first).toEqual(await treeKey(root, { version: 1 }));
    expect(first.settled).toBe(true);
    expect(first.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is another for other settings", async () => {
    const root = tree();
    expect((await treeKey(root, { time: 0 })).hash).not.toBe((await treeKey(root, { time: 1 })).hash);
  });

  const changes: readonly { name: string; change(root: string): void }[] = [
    { name: "the content, size and mtime kept", change: keepingTime },
    { name: "a mode", change: (root) => chmodSync(join(root, "a/b/file"), 0o600) },
    { name: "a name", change: (root) => renameSync(join(root, "a/b/file"), join(root, "a/b/other")) },
    { name: "a link's target", change: relink },
    { name: "a further file", change: (root) => writeFileSync(join(root, "new"), "") },
    { name: "a removed file", change: (root) => rmSync(join(root, "a/link")) },
  ];
  it.each(changes)("is another after a change of $name", async ({ change }) => {
    const root = tree();
    const before = await treeKey(root, {});
    await settle();
    change(root);
    expect((await treeKey(root, {})).hash).not.toBe(before.hash);
  });

  it("is not settled where a file was changed while it was looked at", async () => {
    expect((await treeKey(tree(), {})).settled).toBe(false);
  });

  it("is not settled where a file is of the future", async () => {
    const root = tree();
    utimesSync(join(root, "a/b/file"), new Date(), new Date(Date.now() + 3_600_000));
    await settle();
    expect((await treeKey(root, {})).settled).toBe(false);
  });

  it("ends where it is aborted", async () => {
    const aborted = treeKey(tree(), {}, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toSatisfy((error) => isDrayageError(error, "ERR_DRAYAGE_ABORTED"));
  });
});

function keepingTime(root: string): void {
  const path = join(root, "a/b/file");
  const { atime, mtime } = statSync(path);
  writeFileSync(path, "TEXT");
  utimesSync(path, atime, mtime);
}

function relink(root: string): void {
  rmSync(join(root, "a/link"));
  symlinkSync("b/file", join(root, "a/link"));
}

describe("layerCache", () => {
  const cacheOf = (limit?: number) => layerCache({ folder: join(home, "cache"), limit });
  const fileOf = (digit: string): string => join(home, "cache", digit.repeat(2), `${digit.repeat(64)}.json`);

  it("gives what was recorded, to other processes too", async () => {
    await cacheOf().record(key("a"), facts);
    expect(await cacheOf().find(key("a"))).toEqual(facts);
    expect(await cacheOf().find(key("b"))).toBeUndefined();
  });

  it("keeps nothing under a key that is not settled", async () => {
    await cacheOf().record(key("a", false), facts);
    expect(await cacheOf().find(key("a"))).toBeUndefined();
  });

  it("keeps the blobs of one tar in every compression", async () => {
    const cache = cacheOf();
    const zstd = {
      compression: "zstd",
      level: 3,
      digest: digestBytes(bytes.encode("zst")),
      size: 1,
    } as const;
    await cache.record(key("a"), facts);
    await cache.record(key("a"), { ...facts, blobs: [zstd] });
    expect((await cache.find(key("a")))?.blobs).toEqual([zstd, ...facts.blobs]);
  });

  it("forgets what it knew of another tar", async () => {
    const cache = cacheOf();
    await cache.record(key("a"), facts);
    const other = { diffId: digestBytes(bytes.encode("other")), tarSize: 5, blobs: [] };
    await cache.record(key("a"), other);
    expect(await cache.find(key("a"))).toEqual(other);
  });

  it.each([
    ["empty", ""],
    ["no JSON", "{"],
    ["another version", checked({ ...known, version: 1 })],
    ["a digest that is none", checked({ ...known, diffId: "sha256:x" })],
    ["a size that is none", checked({ ...known, tarSize: -1 })],
    ["a blob that is none", checked({ ...known, blobs: [{}] })],
    ["changed in one digit", checked({ ...known }).replace('"tarSize":3', '"tarSize":2')],
    ["too large", " ".repeat(70_000)],
    ["of another key", checked({ ...known, key: "b".repeat(64) })],
    ["cut off", checked(known).slice(0, -9)],
  ])("ignores and replaces a file that is %s", async (_name, content) => {
    const cache = cacheOf();
    await cache.record(key("a"), facts);
    writeFileSync(fileOf("a"), content);
    expect(await cache.find(key("a"))).toBeUndefined();
    await cache.record(key("a"), facts);
    expect(await cache.find(key("a"))).toEqual(facts);
  });

  it("finds what is written with its digest", async () => {
    const cache = cacheOf();
    await cache.record(key("a"), facts);
    writeFileSync(fileOf("a"), checked({ ...known, tarSize: 7 }));
    expect(await cache.find(key("a"))).toEqual({ ...facts, tarSize: 7 });
  });

  it("forgets what was not asked for the longest, where there is too much", async () => {
    const cache = cacheOf(512);
    const hashes = ["1", "2", "3"].map((digit) => ({ hash: `aa${digit.repeat(62)}`, settled: true }));
    const pathOf = ({ hash }: LayerKey): string => join(home, "cache/aa", `${hash}.json`);
    for (const [index, each] of hashes.slice(0, 2).entries()) {
      await cache.record(each, facts);
      utimesSync(pathOf(each), new Date(index * 1000), new Date(index * 1000));
    }
    // Asked for, it is the newest.
    for (const each of hashes.slice(0, 1)) await cache.find(each);
    for (const each of hashes.slice(2)) await cache.record(each, facts);
    expect(readdirSync(join(home, "cache/aa")).sort()).toEqual(
      [hashes[0], hashes[2]].map((each) => `${each?.hash}.json`),
    );
  });

  it.each(["cache", "cache/aa", `cache/aa/${"a".repeat(64)}.json`])(
    "believes nothing that others may have written: %s",
    async (path) => {
      const cache = cacheOf();
      await cache.record(key("a"), facts);
      chmodSync(join(home, path), 0o777);
      expect(await cache.find(key("a"))).toBeUndefined();
      chmodSync(join(home, path), 0o770);
      expect(await cache.find(key("a"))).toBeUndefined();
      chmodSync(join(home, path), 0o700);
      expect(await cache.find(key("a"))).toEqual(facts);
    },
  );

  it("writes nothing where others may write", async () => {
    mkdirSync(join(home, "cache"));
    chmodSync(join(home, "cache"), 0o777);
    await cacheOf().record(key("a"), facts);
    expect(readdirSync(join(home, "cache/aa"))).toEqual([]);
  });

  const isRoot = process.geteuid?.() === 0;
  it.skipIf(!isRoot)(
    `believes nothing of another user${isRoot ? "" : " [skipped: it needs root]"}`,
    async () => {
      const cache = cacheOf();
      await cache.record(key("a"), facts);
      chownSync(fileOf("a"), 65_534, 65_534);
      expect(await cache.find(key("a"))).toBeUndefined();
      await cache.record(key("a"), facts);
      expect(await cache.find(key("a"))).toEqual(facts);
      chownSync(join(home, "cache"), 65_534, 65_534);
      expect(await cache.find(key("a"))).toBeUndefined();
    },
  );

  it("is whole while many write and read", async () => {
    await cacheOf().record(key("a"), facts);
    const levels = Array.from({ length: 12 }, (_, level) => level);
    const seen = await Promise.all(
      levels.map(async (level) => {
        const blob = { compression: "gzip", level, digest: facts.diffId, size: level } as const;
        await cacheOf().record(key("a"), { ...facts, blobs: [blob] });
        return (await cacheOf().find(key("a")))?.diffId;
      }),
    );
    expect(seen).toEqual(levels.map(() => facts.diffId));
    expect(readdirSync(join(home, "cache/aa"))).toEqual([`${"a".repeat(64)}.json`]);
  });

  it("fails never: not where there can be no folder", async () => {
    writeFileSync(join(home, "file"), "");
    const cache = layerCache({ folder: join(home, "file/cache") });
    await cache.record(key("a"), facts);
    expect(await cache.find(key("a"))).toBeUndefined();
  });

  it("is in the user's folder for caches", async () => {
    await layerCache({ env: { XDG_CACHE_HOME: home } }).record(key("a"), facts);
    const path = join(home, "drayage/layers/aa", `${"a".repeat(64)}.json`);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ version: 3, diffId: facts.diffId });
  });

  it("is off where nothing is to be remembered", async () => {
    await noLayerCache.record(key("a"), facts);
    expect(await noLayerCache.find(key("a"))).toBeUndefined();
  });
});
