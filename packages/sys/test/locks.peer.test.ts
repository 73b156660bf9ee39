import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { describeWithPeers } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { acquireFileLock, requireSys, workingFolder } from "../src/index.ts";
import { useFolder } from "./support/folder.ts";

const sys = requireSys("test");
const at = useFolder();

describeWithPeers("locks and containers-storage", ["containers-storage", "root"], (peers) => {
  function start(...args: string[]): ChildProcess {
    const store = ["--graph", at("root"), "--run", at("run"), "--storage-driver", "vfs"];
    const child = spawn(peers["containers-storage"], [...store, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    return child;
  }

  async function finish(child: ChildProcess): Promise<string> {
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    return Buffer.concat(chunks).toString().trim();
  }

  const layersLock = (): string => at("root", "vfs-layers", "layers.lock");

  it("Go waits for a lock of ours, whether it is for reading or writing", async () => {
    await finish(start("layers"));
    for (const kind of ["read", "write"] as const) {
      const lock = await acquireFileLock(layersLock(), kind);
      const child = start("create-layer");
      let ended = false;
      const id = finish(child).then((text) => {
        ended = true;
        return text;
      });
      // It takes 30 ms where nobody is in its way.
      await delay(300);
      expect(ended).toBe(false);
      lock.release();
      expect((await id).split("\n")[0]).toMatch(/^[0-9a-f]{64}/);
    }
  });

  it("we wait for a lock of Go's, and say whose it is", async () => {
    const id = (await finish(start("create-layer"))).split("\n")[0] ?? "";
    // It keeps the layers locked until its tar ends.
    sys.mknodAt(workingFolder, at("diff.tar"), constants.S_IFIFO | 0o600);
    const tar = openSync(at("diff.tar"), "r+");
    const applying = start("apply-diff", "--file", at("diff.tar"), id);
    const applied = finish(applying);
    const fd = openSync(layersLock(), "r+");
    while (!sys.isLocked(fd, "write") || sys.lockHolder(fd, "write") !== applying.pid) await delay(5);
    await expect(acquireFileLock(layersLock(), "read", { patience: 30 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LOCKED",
      message: `${JSON.stringify(layersLock())} is locked by process ${applying.pid} (containers-stor), since 0.03 seconds`,
    });
    const waiting = acquireFileLock(layersLock(), "write");
    writeSync(tar, new Uint8Array(1024));
    closeSync(tar);
    (await waiting).release();
    await applied;
    closeSync(fd);
  });
});
