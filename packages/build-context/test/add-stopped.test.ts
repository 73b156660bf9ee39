import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { addToRootfs } from "../src/index.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "drayage-"));
  mkdirSync(join(base, "context"));
  mkdirSync(join(base, "rootfs/there"), { recursive: true });
  writeFileSync(join(base, "context/file"), "content");
});
afterEach(() => rmSync(base, { recursive: true }));

/** A signal that is aborted as soon as something is at this path. */
function abortedAt(path: string): AbortSignal {
  const { signal } = new AbortController();
  return Object.defineProperty(signal, "aborted", { get: () => existsSync(path) });
}

it.each(["there/new/deep", "new"])(
  "what is stopped leaves no folder of /%s that was not there",
  async (to) => {
    const rootfs = join(base, "rootfs");
    const signal = abortedAt(join(rootfs, to));
    const added = addToRootfs(rootfs, ["file"], `/${to}/`, { contextDir: join(base, "context"), signal });
    await expect(added).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    expect(readdirSync(rootfs, { encoding: "utf8", recursive: true })).toEqual(["there"]);
  },
);

it("what is done leaves its folders", async () => {
  const rootfs = join(base, "rootfs");
  await addToRootfs(rootfs, ["file"], "/there/new/", { contextDir: join(base, "context") });
  expect(new Set(readdirSync(rootfs, { encoding: "utf8", recursive: true }))).toEqual(
    new Set(["there", "there/new", "there/new/file"]),
  );
});
