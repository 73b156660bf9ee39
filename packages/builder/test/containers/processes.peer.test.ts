import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sysBase } from "@drayage/sys";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleForNode } from "../../../../tools/build/bundle.ts";
import {
  createWorkingContainer,
  listWorkingContainers,
  openWorkingContainer,
  readState,
  removeWorkingContainers,
} from "../../src/index.ts";
import { type SharedStore, sharedStore } from "../support/shared-store.ts";

for (const driver of ["vfs", "overlay"] as const) {
  describeWithPeers(`containers of several processes on ${driver}`, ["buildah", "root"], () => {
    let bundle = "";
    let program = "";
    beforeAll(async () => {
      bundle = mkdtempSync(join(tmpdir(), "drayage-"));
      program = await bundleForNode(
        join(import.meta.dirname, "..", "support", "container-worker.ts"),
        bundle,
      );
    }, 120_000);
    afterAll(() => rmSync(bundle, { recursive: true, force: true }));

    function work({ at }: SharedStore, what: "change" | "create", name = ""): ChildProcess {
      const args = [program, sysBase(), at("root"), at("run"), driver, what, name];
      return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    }

    it("two processes change one container, and no change is lost", async () => {
      await using shared = await sharedStore(driver);
      const { id, name } = await createWorkingContainer(shared.store, { from: "scratch" });
      const children = [work(shared, "change", name), work(shared, "change", name)];
      const codes = await Promise.all(
        children.map(async (child) => (await once(child, "exit"))[0] as unknown),
      );
      expect(codes).toEqual([0, 0]);
      const env = (await readState(shared.store, id))?.image.oci.config?.Env ?? [];
      expect(new Set(env).size).toBe(40);
      expect(env.length).toBe(40);
    }, 120_000);

    it("a process that is killed at any time leaves a store that buildah and we go on with", async () => {
      await using shared = await sharedStore(driver);
      const { store, buildah, records } = shared;
      for (let round = 0; round < 4; round += 1) {
        const child = work(shared, "create");
        const ended = once(child, "exit");
        if (child.stdout === null) throw new Error("it has an output");
        await once(child.stdout, "data");
        await delay(round * 37);
        child.kill("SIGKILL");
        await ended;
        const listed = await listWorkingContainers(store, { all: true });
        expect(listed.length).toBeGreaterThan(0);
        // None without its buildah.json is ever seen.
        expect(listed.filter(({ builder }) => !builder)).toEqual([]);
        expect((await buildah(["containers", "--quiet", "--notruncate"])).split(/\s+/)).toEqual(
          listed.map(({ id }) => id),
        );
        await buildah(["config", "--author", "they", listed[0]?.name ?? ""]);
        const last = await openWorkingContainer(store, listed.at(-1)?.id ?? "");
        await last.config({ comment: "we" });
        const mounted = await last.mount();
        expect(existsSync(mounted)).toBe(true);
        await last.unmount();
      }
      const { findings } = await store.check();
      expect(findings.filter(({ containers, images }) => containers.length + images.length > 0)).toEqual([]);
      await removeWorkingContainers(store);
      expect([await buildah(["containers", "--quiet"]), records()]).toEqual(["", []]);
    }, 120_000);
  });
}
