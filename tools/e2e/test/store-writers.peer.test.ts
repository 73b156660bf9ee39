import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { sysBase } from "@drayage/sys";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleForNode } from "../../build/bundle.ts";
import { type SharedStore, sharedStore } from "../src/shared-store.ts";
import { putImage, sampleImage } from "../src/store-samples.ts";

// Longer by DRAYAGE_WRITERS_SECONDS.
const seconds = Number(process.env.DRAYAGE_WRITERS_SECONDS ?? 4);

for (const driver of ["vfs", "overlay"] as const) {
  describeWithPeers(
    `several writers on a store with ${driver}`,
    ["containers-storage", "skopeo", "buildah", "podman", "root"],
    () => {
      let folder = "";
      let program = "";
      beforeAll(async () => {
        folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
        program = await bundleForNode(path.join(import.meta.dirname, "../src/store-writer.ts"), folder);
      });
      afterAll(() => rmSync(folder, { recursive: true }));

      /** What one of our processes says it stored. */
      async function ours(
        shared: SharedStore,
        seed: string,
        end: number,
        mode = "keep",
      ): Promise<readonly string[]> {
        const time = String(Math.max(end - Date.now(), 0));
        const args = [program, sysBase(), driver, shared.root, shared.run, seed, time, mode];
        const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
        let stdout = "";
        let stderr = "";
        child.stdout.on("data", (chunk: Uint8Array) => (stdout += Buffer.from(chunk).toString()));
        child.stderr.on("data", (chunk: Uint8Array) => (stderr += Buffer.from(chunk).toString()));
        const [code] = (await once(child, "close")) as [number | null];
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        return stdout.split("\n").flatMap((line) => (line.startsWith("+ ") ? [line.slice(2)] : []));
      }

      async function bySkopeo(shared: SharedStore, end: number): Promise<readonly string[]> {
        const source = sharedStore("vfs");
        await using store = await source.open();
        const stored: string[] = [];
        for (let count = 0; Date.now() < end; count++) {
          const image = await sampleImage(`skopeo ${count}`, { base: "shared by all" });
          await putImage(store, image, [`docker.io/library/skopeo:${count}`]);
          const name = `docker.io/library/skopeo:${count}`;
          await shared.skopeo(["copy", "--quiet", source.reference(name), shared.reference(name)]);
          stored.push(`${image.id} ${name}`);
        }
        return stored;
      }

      async function layersByGo(shared: SharedStore, end: number): Promise<readonly string[]> {
        const layers: string[] = [];
        while (Date.now() < end) {
          layers.push(
            (await shared.containersStorage(["create-layer"])).stdout.trim().split("\n").at(-1) ?? "",
          );
        }
        return layers;
      }

      async function containersByBuildah(shared: SharedStore, end: number): Promise<readonly string[]> {
        const containers: string[] = [];
        while (Date.now() < end) containers.push((await shared.buildah(["from", "scratch"])).stdout.trim());
        return containers;
      }

      it("loses nothing that any of them has written", { timeout: (seconds + 120) * 1000 }, async () => {
        const shared = sharedStore(driver);
        const end = Date.now() + seconds * 1000;
        const [first, second, skopeo, layers, containers, churn] = await Promise.all([
          ours(shared, "first", end),
          ours(shared, "second", end),
          bySkopeo(shared, end),
          layersByGo(shared, end),
          containersByBuildah(shared, end),
          ours(shared, "churn", end, "churn"),
        ]);
        expect(churn).toEqual([]);
        await using store = await shared.open();
        const view = await store.read();
        const images = [...first, ...second, ...skopeo];
        expect(images.length).toBeGreaterThanOrEqual(3);
        expect(view.images.map(({ id, names }) => `${id} ${names.join(" ")}`).sort()).toEqual(
          [...images].sort(),
        );
        for (const id of layers) expect(view.findLayer(id)?.id).toBe(id);
        expect(view.containers.flatMap(({ names }) => names).sort()).toEqual([...containers].sort());
        const { findings } = await store.check();
        expect(findings).toEqual([]);
        const listed = (await shared.podman(["images", "--all", "--no-trunc", "--quiet"])).stdout
          .trim()
          .split("\n");
        expect(new Set(listed)).toEqual(new Set(images.map((line) => `sha256:${line.split(" ")[0]}`)));
        for (const layer of view.layers.slice(0, 8)) {
          if (layer.diffDigest === undefined) continue;
          const { bytes } = await shared.containersStorage(["diff", "--uncompressed", layer.id]);
          expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(layer.diffDigest);
        }
      });
    },
  );
}
