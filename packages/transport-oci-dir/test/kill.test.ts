import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { digestBytes, digestHex } from "@drayage/digest";
import { readImage } from "@drayage/testkit";
import { HandMadeLayout, named, putImage, treeOf } from "@drayage-internal/fixtures/layouts";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { ociDir } from "../src/index.ts";

const transport = ociDir();
let folder: string;
let worker: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  worker = await bundleForNode(join(import.meta.dirname, "kill-worker.ts"), folder);
  const layout = new HandMadeLayout(join(folder, "in"));
  const layers = Array.from({ length: 12 }, (_, number) => String(number).repeat(300_000));
  layout.index([layout.image(layers, named("v1"))]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const start = (to: string, rounds: string): ChildProcess =>
  spawn(process.execPath, [worker, join(folder, "in"), to, rounds], { stdio: ["ignore", "pipe", "inherit"] });

async function copy(to: string): Promise<void> {
  await using input = await transport.openSource?.(transport.parse(join(folder, "in")));
  await using output = await transport.openDestination?.(transport.parse(to));
  if (!input || !output) throw new Error("it should read and write");
  await putImage(input, output);
  await output.commit();
}

async function readAll(place: string): Promise<readonly string[]> {
  if (!existsSync(join(place, "index.json"))) return [];
  const names = (await transport.listTags?.(transport.parse(place))) ?? [];
  for (const name of names) {
    const source = await transport.openSource?.(transport.parse(`${place}:${name}`));
    if (source) await readImage(source);
  }
  return names;
}

describe("a process that is killed in the midst of a copy", () => {
  it("leaves a layout whose images are whole, and that takes the next one", async () => {
    const place = join(folder, "killed");
    for (let round = 0; round < 6; round++) {
      const child = start(`${place}:round${round}-`, "1000");
      await once(child.stdout as Readable, "data");
      await delay(round * 24);
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
      await readAll(place);
    }
    await copy(`${place}:last`);
    expect(await readAll(place)).toContain("last");
    expect(readdirSync(place).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
  });

  it("leaves a layout where it made one that the next copy completes to the same tree", async () => {
    await copy(join(folder, "whole"));
    for (let round = 0; round < 6; round++) {
      const place = join(folder, `partial${round}`);
      const child = start(place, "1");
      await once(child.stdout as Readable, "data");
      await delay(round * 4);
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
      await copy(place);
      expect(treeOf(place)).toEqual(treeOf(join(folder, "whole")));
    }
  });

  it("leaves bytes that the next copy resumes", async () => {
    const place = join(folder, "resumed");
    mkdirSync(place);
    const output = await transport.openDestination?.(transport.parse(place));
    const bytes = new TextEncoder().encode("0".repeat(300_000));
    const digest = digestBytes(bytes);
    const { createStagedFile, drain, fileBlob } = await import("@drayage/blob");
    // The partial file of a process that has gone, with its first half.
    const staged = await createStagedFile(place, { key: digest });
    const whole = join(folder, "in", "blobs", "sha256", digestHex(digest));
    await drain(fileBlob(whole), staged.sink);
    truncateSync(staged.path, 150_000);
    const gone = staged.path.replace(`.${process.pid}.`, ".4194399.");
    execFileSync("mv", [staged.path, gone]);
    await output?.putBlob(fileBlob(whole, { digest }), { kind: "layer", mediaType: "" });
    expect(existsSync(gone)).toBe(false);
    expect(readFileSync(join(place, "blobs", "sha256", digestHex(digest))).equals(bytes)).toBe(true);
    await output?.close();
    expect(readdirSync(place)).toEqual([]);
    await staged.discard();
  });
});

describe("two processes that write one layout", () => {
  it("lose none of each other's images", async () => {
    const place = join(folder, "shared");
    const children = ["a", "b", "c"].map((name) => start(`${place}:${name}`, "6"));
    const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0] as number));
    expect(codes).toEqual([0, 0, 0]);
    const names = ["a", "b", "c"].flatMap((name) => [0, 1, 2, 3, 4, 5].map((round) => `${name}${round}`));
    expect([...(await readAll(place))].sort((a, b) => (a < b ? -1 : 1))).toEqual(names);
    expect(readdirSync(place).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
  });
});

describeWithPeers("a full disk", ["root"], () => {
  it("ends a copy with an error, and leaves the layout as it was", async () => {
    const disk = join(folder, "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]);
    try {
      const small = new HandMadeLayout(join(folder, "small"));
      small.index([small.image(["small"], named("small"))]);
      await using input = await transport.openSource?.(transport.parse(join(folder, "small")));
      await using output = await transport.openDestination?.(transport.parse(join(disk, "out:small")));
      if (!input || !output) throw new Error("it should read and write");
      await putImage(input, output);
      await output.commit();
      const before = treeOf(join(disk, "out"));
      await expect(copy(join(disk, "out:large"))).rejects.toMatchObject({
        code: "ERR_DRAYAGE_IO",
        hint: "free some space and run the command again",
      });
      expect(treeOf(join(disk, "out"))).toEqual(before);
      await expect(copy(join(disk, "other"))).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
      expect(readdirSync(disk)).toEqual(["out"]);
    } finally {
      execFileSync("umount", [disk]);
    }
  });
});
