import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { randomImage, randomLayer, readImage, writeImage } from "@drayage/testkit";
import { putImage, treeOf } from "@drayage-internal/fixtures/layouts";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { dir } from "../src/index.ts";

const transport = dir();
let folder: string;
let worker: string;
const at = (...names: string[]): string => join(folder, ...names);

async function copy(from: string, to: string): Promise<void> {
  await using input = await transport.openSource?.(transport.parse(from));
  await using output = await transport.openDestination?.(transport.parse(to));
  if (!input || !output) throw new Error("it should read and write");
  await putImage(input, output);
  await output.commit();
}

async function read(place: string): Promise<void> {
  await using source = await transport.openSource?.(transport.parse(place));
  if (!source) throw new Error("it should read");
  await readImage(source);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  worker = await bundleForNode(join(import.meta.dirname, "copy-worker.ts"), folder);
  for (const [name, layers] of [
    ["a", 6],
    ["b", 3],
  ] as const) {
    const sample = await randomImage({ seed: name, format: "oci", compression: "gzip", layers });
    await using output = await transport.openDestination?.(transport.parse(at(name)));
    if (!output) throw new Error("it should write");
    await writeImage(output, sample);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const start = (to: string, rounds: string): ChildProcess =>
  spawn(process.execPath, [worker, at("a"), at("b"), to, rounds], { stdio: ["ignore", "pipe", "inherit"] });

describe("a process that is killed while it replaces images", () => {
  it("leaves the one or the other whole, and the next copy leaves nothing of it", async () => {
    const place = at("killed");
    await copy(at("a"), place);
    const [a, b] = ["a", "b"].map((name) => readFileSync(at(name, "manifest.json"), "latin1"));
    for (let round = 0; round < 7; round++) {
      const child = start(place, "100000");
      await once(child.stdout as Readable, "data");
      await delay(round * 10);
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
      await read(place);
      const found = readFileSync(join(place, "manifest.json"), "latin1");
      expect([a, b]).toContain(found);
    }
    for (const name of ["a", "b"]) {
      await copy(at(name), place);
      expect(treeOf(place)).toEqual(treeOf(at(name)));
    }
  });

  it("in a folder that it made leaves what the next copy completes", async () => {
    for (let round = 0; round < 4; round++) {
      const place = at(`made${round}`);
      const child = start(place, "1");
      await once(child.stdout as Readable, "data");
      await delay(round * 3);
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
      await copy(at("a"), place);
      expect(treeOf(place)).toEqual(treeOf(at("a")));
    }
  });
});

describe("processes that write one folder at the same time", () => {
  it("leave the image of one of them, whole", async () => {
    const place = at("contended");
    const children = [1, 2, 3].map(() => start(place, "8"));
    const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0] as number));
    expect(codes).toEqual([0, 0, 0]);
    await read(place);
    expect(treeOf(place)).toEqual(treeOf(at("b")));
  });
});

describeWithPeers("dir: a full disk, a mount point", ["root"], () => {
  it("ends a copy with an error and leaves the earlier image; a mount point is replaced in place", async () => {
    mkdirSync(at("disk"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", at("disk")]);
    try {
      await copy(at("b"), at("disk"));
      const before = treeOf(at("disk"));
      expect(before).toEqual(treeOf(at("b")));
      const layer = await randomLayer({ seed: "large", files: 1, fileSize: 2_000_000, compression: "none" });
      const large = await randomImage({ seed: "large", format: "oci", layers: [layer] });
      const writing = async (): Promise<void> => {
        await using output = await transport.openDestination?.(transport.parse(at("disk")));
        if (output) await writeImage(output, large);
      };
      await expect(writing()).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
      expect(treeOf(at("disk"))).toEqual(before);
      await copy(at("a"), at("disk"));
      expect(treeOf(at("disk"))).toEqual(treeOf(at("a")));
    } finally {
      execFileSync("umount", [at("disk")]);
    }
  });
});
