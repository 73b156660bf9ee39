import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sysBase } from "@drayage/sys";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleForNode } from "../../build/bundle.ts";
import { sharedStore } from "../src/shared-store.ts";
import { putImage, sampleImage } from "../src/store-samples.ts";

// More by DRAYAGE_STORE_KILLS.
const kills = Number(process.env.DRAYAGE_STORE_KILLS ?? 12);

for (const driver of ["vfs", "overlay"] as const) {
  describeWithPeers(`a store with ${driver} whose writers are killed`, ["containers-storage", "root"], () => {
    let folder = "";
    let program = "";
    beforeAll(async () => {
      folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
      program = await bundleForNode(path.join(import.meta.dirname, "../src/store-writer.ts"), folder);
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it("keeps the layers that a living process holds, and no longer", { timeout: 60_000 }, async () => {
      const shared = sharedStore(driver);
      await using store = await shared.open();
      const args = [program, sysBase(), driver, shared.root, shared.run, "held", "50000", "hold"];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const [said] = (await once(child.stdout, "data")) as [Uint8Array];
      const id = Buffer.from(said).toString().trim().slice(2);
      expect(await store.prune({ layers: true })).toMatchObject({ layers: [], held: [id] });
      await expect(store.deleteLayer(id)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IN_USE" });
      expect(await store.holds()).toMatchObject([{ layers: [id], why: "a test", pid: child.pid }]);
      child.kill("SIGKILL");
      await once(child, "close");
      expect(await store.prune({ layers: true })).toMatchObject({ layers: [id], held: [] });
      expect((await store.check({ unreferencedAge: -1 })).findings).toEqual([]);
    });

    it("opens for Go's tools, has every image that it had, and is mended of all that is left over", {
      timeout: (kills * 4 + 120) * 1000,
    }, async () => {
      const shared = sharedStore(driver);
      await using store = await shared.open();
      const kept = await sampleImage("kept", { base: "shared by all", layers: 3 });
      await putImage(store, kept, ["docker.io/library/kept:latest"]);
      const said = new Set([kept.id]);
      for (let count = 0; count < kills; count++) {
        const mode = count % 2 === 0 ? "keep" : "churn";
        const args = [program, sysBase(), driver, shared.root, shared.run, `kill${count}`, "60000", mode];
        const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
        let output = "";
        child.stdout.on("data", (chunk: Uint8Array) => (output += Buffer.from(chunk).toString()));
        // From its first image on, at any point of what it does.
        await once(child.stdout, "data");
        await delay(Math.random() * 150);
        child.kill("SIGKILL");
        await once(child, "close");
        for (const [, id = ""] of output.matchAll(/^\+ (\w+)/gm)) said.add(id);

        const listed = JSON.parse((await shared.containersStorage(["images", "--json"])).stdout) as {
          id: string;
        }[];
        const ids = new Set(listed.map(({ id }) => id));
        expect([...said].filter((id) => !ids.has(id))).toEqual([]);
        await shared.containersStorage(["layers", "--json"]);
        if (count % 4 !== 3) continue;
        const report = await store.check();
        const { lostImages, left } = await store.repair(report);
        expect({ lostImages, left }).toEqual({ lostImages: [], left: [] });
        expect((await store.check()).findings).toEqual([]);
      }
      await store.prune({ layers: true });
      expect((await store.check({ unreferencedAge: -1 })).findings).toEqual([]);
      expect(readdirSync(path.join(shared.root, `${driver}-layers/tmp`))).toEqual([]);
      const { id } = (await store.read()).image("docker.io/library/kept:latest");
      expect(id).toBe(kept.id);
    });
  });
}
