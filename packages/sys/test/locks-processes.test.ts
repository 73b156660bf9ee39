import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { acquireFileLock, requireSys, sysBase } from "../src/index.ts";
import { useFolder } from "./support/folder.ts";

const at = useFolder();
let bundle = "";
let program = "";
beforeAll(async () => {
  bundle = mkdtempSync(join(tmpdir(), "drayage-"));
  program = await bundleForNode(join(import.meta.dirname, "support", "counter-worker.ts"), bundle);
});
afterAll(() => rmSync(bundle, { recursive: true }));

function start(rounds: number, then = "end"): ChildProcess {
  const args = [program, sysBase(), at("lock"), at("counter"), String(rounds), then];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}

async function raiseHere(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await using _lock = await acquireFileLock(at("lock"), "write");
    const before = Number(readFileSync(at("counter"), "utf8"));
    await new Promise((resolve) => setImmediate(resolve));
    writeFileSync(at("counter"), String(before + 1));
  }
}

describe("locks among processes", () => {
  it("lose no change that several make at once", async () => {
    writeFileSync(at("counter"), "0");
    const children = [start(100), start(100), start(100)];
    const ends = children.map((child) => once(child, "exit"));
    await Promise.all([raiseHere(50), raiseHere(50)]);
    expect(await Promise.all(ends)).toEqual([
      [0, null],
      [0, null],
      [0, null],
    ]);
    expect(readFileSync(at("counter"), "utf8")).toBe("400");
  });

  it("end with a process that is killed", async () => {
    const child = start(0, "stay");
    const ended = once(child, "exit");
    if (child.stdout !== null) await once(child.stdout, "data");
    const fd = openSync(at("lock"), "r+");
    expect(requireSys("test").isLocked(fd, "read")).toBe(true);
    await expect(acquireFileLock(at("lock"), "read", { patience: 20 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LOCKED",
    });
    child.kill("SIGKILL");
    await ended;
    await using lock = await acquireFileLock(at("lock"), "write", { patience: 1000 });
    expect(lock.held).toBe(true);
  });
});
