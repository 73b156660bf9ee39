import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeWithPeers, temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { readWhole, whole } from "./archives.ts";
import { image, layerA, layerB, layerC, listTags, open, put, tar } from "./fixtures.ts";

const two = image([layerA, layerB]);

describe("a process that is killed while it adds images", () => {
  it("leaves an archive whose images are whole, and which takes the next one", async () => {
    const folder = temporaryDirectory();
    const worker = await bundleForNode(path.join(import.meta.dirname, "kill-worker.ts"), folder);
    const place = path.join(folder, "place");
    mkdirSync(place);
    const file = path.join(place, "a.tar");
    for (let round = 0; round < 5; round += 1) {
      const child = spawn(process.execPath, [worker, file], { stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      await delay(round * 20);
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
      const names = existsSync(file) ? await listTags(file) : [];
      for (const name of names) expect((await readWhole(`${file}:${name}`)).layers).toHaveLength(4);
    }
    await using destination = await open(`${file}:last:1`, { append: true });
    await put(destination, two);
    await destination.commit();
    expect(await readWhole(`${file}:last:1`)).toEqual(whole(two));
    expect(readdirSync(place)).toEqual(["a.tar"]);
  });
});

describeWithPeers("a full disk", ["root"], () => {
  it("ends the writing with an error, and leaves the archive as it was", async () => {
    const disk = path.join(temporaryDirectory(), "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
    try {
      const file = path.join(disk, "a.tar");
      const write = async (text: string, of: typeof two): Promise<void> => {
        await using destination = await open(text, { append: true });
        await put(destination, of, "nothing");
        await destination.commit();
      };
      await write(`${file}:small:1`, two);
      const before = readFileSync(file);
      const large = image([layerC, tar([{ name: "noise", data: "?".repeat(2_000_000) }])]);
      for (const text of [`${file}:large:1`, path.join(disk, "other.tar")]) {
        await expect(write(text, large)).rejects.toMatchObject({
          code: "ERR_DRAYAGE_IO",
          message: expect.stringContaining("ENOSPC"),
          hint: "free some space and run the command again",
        });
        expect(Buffer.compare(readFileSync(file), before)).toBe(0);
        expect(readdirSync(disk)).toEqual(["a.tar"]);
      }
    } finally {
      execFileSync("umount", [disk]);
    }
  });
});
