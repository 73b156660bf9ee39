import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { thisOwner } from "@drayage/blob";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { acquireLock } from "../src/index.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  path = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

const token = (place: string, pid: number): string => `${place}.${pid}.1.${randomBytes(6).toString("hex")}`;
/** A number that was this process's own before it was started. */
const deadToken = (): string => token(thisOwner().place, process.pid);
const foreignToken = (): string => token("000000000000", process.pid);

describe("a lock", () => {
  it("is held by one at a time, and leaves nothing", async () => {
    const order: string[] = [];
    const first = await acquireLock(path);
    const second = acquireLock(path).then(async (lock) => {
      order.push("second");
      await lock.release();
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    order.push("first");
    await first.release();
    await second;
    expect(order).toEqual(["first", "second"]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("of a dead process does not block, and only one of many takes it at a time", async () => {
    let inside = 0;
    let most = 0;
    let count = 0;
    for (let round = 0; round < 3; round++) {
      symlinkSync(deadToken(), path);
      await Promise.all(
        Array.from({ length: 12 }, async () => {
          await using _lock = await acquireLock(path);
          inside++;
          most = Math.max(most, inside);
          await new Promise((resolve) => setTimeout(resolve, 1));
          inside--;
          count++;
        }),
      );
    }
    expect({ most, count }).toEqual({ most: 1, count: 36 });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves nothing of those that died while they broke one", async () => {
    let [place, dead] = [path, deadToken()];
    for (let breaker = 0; breaker < 3; breaker++) {
      symlinkSync(dead, place);
      place = `${place}.${createHash("sha256").update(dead).digest("hex").slice(0, 16)}`;
      dead = deadToken();
    }
    const lock = await acquireLock(path);
    expect(readdirSync(folder)).toEqual(["lock"]);
    expect(await lock.isHeld()).toBe(true);
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("of another machine is broken after silence", async () => {
    symlinkSync(foreignToken(), path);
    const lock = await acquireLock(path, { silence: 60 });
    expect(await lock.isHeld()).toBe(true);
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("as an empty file, of a process that died between two steps, is broken after silence", async () => {
    writeFileSync(path, "");
    await (await acquireLock(path, { silence: 60 })).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("of a living process that holds it for too long is refused by its number", async () => {
    const lock = await acquireLock(path);
    await expect(acquireLock(path, { patience: 30 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DESTINATION_REFUSED",
      retryable: true,
      message: `${JSON.stringify(path)} is held by the process ${process.pid}`,
    });
    await lock.release();
  });

  it("is waited for until the signal aborts", async () => {
    const lock = await acquireLock(path);
    const controller = new AbortController();
    const waiting = acquireLock(path, { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    await lock.release();
  });

  it("that another took is not released", async () => {
    const lock = await acquireLock(path);
    rmSync(path);
    const other = await acquireLock(path);
    expect(await lock.isHeld()).toBe(false);
    await lock.release();
    expect(await other.isHeld()).toBe(true);
    expect(readlinkSync(path)).toContain(`.${process.pid}.`);
    await other.release();
  });

  it("names the path where the folder is absent", async () => {
    await expect(acquireLock(join(folder, "no", "lock"))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
      message: expect.stringContaining("no such file or directory (ENOENT)") as string,
    });
  });

  it("guards a counter among processes of which some are killed", async () => {
    const counter = join(folder, "counter");
    writeFileSync(counter, "0");
    const worker = await bundleForNode(join(import.meta.dirname, "lock-worker.ts"), folder);
    const start = (rounds: number): ChildProcess =>
      spawn(process.execPath, [worker, path, counter, String(rounds)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
    for (let wave = 0; wave < 3; wave++) {
      const steady = [start(30), start(30)];
      const exits = steady.map(async (child) => (await once(child, "exit"))[0] as number);
      const victims = [start(100_000), start(100_000)];
      await Promise.all(victims.map(({ stdout }) => once(stdout as Readable, "data")));
      for (const victim of victims) victim.kill("SIGKILL");
      expect(await Promise.all(exits)).toEqual([0, 0]);
    }
    await (await acquireLock(path)).release();
    expect(readdirSync(folder).filter((name) => name === "lock")).toEqual([]);
  });
});
