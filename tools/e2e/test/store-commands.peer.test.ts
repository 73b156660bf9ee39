import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { diffIdByGo, idsByGo } from "../src/go-store.ts";
import { writeSampleLayout } from "../src/sample-layout.ts";
import { type SharedStore, sharedStore } from "../src/shared-store.ts";
import { type SampleImage, sampleImage } from "../src/store-samples.ts";

// Longer by DRAYAGE_WRITERS_SECONDS.
const seconds = Number(process.env.DRAYAGE_WRITERS_SECONDS ?? 6);
const sampleCount = Math.max(12, seconds);
const kept = "docker.io/library/kept:latest";

/** What one loop leaves in the store: names, and the images or containers they stand for. */
type Left = ReadonlyMap<string, string>;

for (const driver of ["vfs", "overlay"] as const) {
  describeWithPeers(
    `commands of dray, skopeo, buildah and podman on one store with ${driver}`,
    ["containers-storage", "skopeo", "buildah", "podman", "root"],
    () => {
      const images = new Map<string, SampleImage>();
      let layout = "";
      beforeAll(async () => {
        layout = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
        for (let index = 0; index < sampleCount; index++) {
          images.set(
            `v${index}`,
            await sampleImage(`command ${index}`, { base: `base ${index % 3}`, layers: 3 }),
          );
        }
        writeSampleLayout(layout, images);
      }, 120_000);
      afterAll(() => rmSync(layout, { recursive: true }));

      const idOf = (tag: string): string => images.get(tag)?.id ?? "";

      /** Pulls, names, mounts, and removes every third image again. Two of these share images and layers. */
      async function byDray(shared: SharedStore, who: string, end: number): Promise<Left> {
        const left = new Map<string, string>();
        for (let count = 0; Date.now() < end; count++) {
          const tag = `v${count % sampleCount}`;
          const name = `docker.io/library/${who}:${count}`;
          await shared.dray(["pull", "--quiet", `oci-dir:${layout}:${tag}`]);
          await shared.dray(["tag", idOf(tag), name]);
          if (count % 3 === 1) {
            const mounted = (await shared.dray(["mount", name])).stdout.trim();
            expect(readdirSync(mounted)).toHaveLength(3);
            await shared.dray(["umount", name]);
          }
          if (count % 3 === 2) await shared.dray(["rmi", name]);
          else left.set(name, idOf(tag));
        }
        return left;
      }

      async function bySkopeo(shared: SharedStore, end: number): Promise<Left> {
        const left = new Map<string, string>();
        for (let count = 0; Date.now() < end; count++) {
          const tag = `v${(count * 7) % sampleCount}`;
          const name = `docker.io/library/skopeo:${count}`;
          await shared.skopeo(["copy", "--quiet", `oci:${layout}:${tag}`, shared.reference(name)]);
          left.set(name, idOf(tag));
        }
        return left;
      }

      async function byBuildah(shared: SharedStore, end: number): Promise<Left> {
        const left = new Map<string, string>();
        for (let count = 0; Date.now() < end; count++) {
          const name = `localhost/built:${count}`;
          const container = (await shared.buildah(["from", "--pull-never", kept])).stdout.trim();
          const mounted = (await shared.buildah(["mount", container])).stdout.trim();
          writeFileSync(path.join(mounted, "new"), `written ${count}`);
          const committed = await shared.buildah(["commit", "--quiet", container, name]);
          await shared.buildah(["rm", container]);
          left.set(name, committed.stdout.trim());
        }
        return left;
      }

      it("lose nothing, and work on what the others made", {
        timeout: (seconds * 8 + 240) * 1000,
      }, async () => {
        const shared = sharedStore(driver);
        await shared.dray(["pull", "--quiet", `oci-dir:${layout}:v0`]);
        await shared.dray(["tag", idOf("v0"), kept]);
        const end = Date.now() + seconds * 1000;
        const loops = await Promise.allSettled([
          byDray(shared, "first", end),
          byDray(shared, "second", end),
          bySkopeo(shared, end),
          byBuildah(shared, end),
        ]);
        for (const loop of loops) if (loop.status === "rejected") throw loop.reason;
        const left = new Map(loops.flatMap((loop) => (loop.status === "fulfilled" ? [...loop.value] : [])));
        if (process.env.DRAYAGE_WRITERS_SECONDS) process.stderr.write(`${driver}: ${left.size} names left\n`);

        await using store = await shared.open();
        const view = await store.read();
        for (const [name, id] of left) expect([name, view.findImage(name)?.id]).toEqual([name, id]);
        const listed = await shared.podman([
          "images",
          "--all",
          "--no-trunc",
          "--format",
          "{{.Repository}}:{{.Tag}} {{.ID}}",
        ]);
        const byPodman = new Set(listed.stdout.trim().split("\n"));
        for (const [name, id] of left) expect(byPodman).toContain(`${name} sha256:${id}`);
        expect(new Set(await idsByGo(shared, "layers"))).toEqual(new Set(view.layers.map(({ id }) => id)));
        expect(view.containers).toEqual([]);
        expect(await store.mounts()).toEqual([]);
        for (const { id, diffDigest } of view.layers) expect(await diffIdByGo(shared, id)).toBe(diffDigest);
        expect((await shared.dray(["check"])).code).toBe(0);

        // Theirs, by us; ours, by them.
        const built = [...left.keys()].filter((name) => name.startsWith("localhost/built:"));
        const pulled = [...left.keys()].filter((name) => name.startsWith("docker.io/library/first:"));
        for (const name of built.slice(0, 2)) {
          const mounted = (await shared.dray(["mount", name])).stdout.trim();
          expect(readdirSync(mounted)).toHaveLength(4);
          await shared.dray(["umount", name]);
          await shared.dray(["rmi", name]);
        }
        for (const name of pulled.slice(0, 2)) {
          const mounted = (await shared.podman(["image", "mount", name])).stdout.trim();
          expect(readdirSync(mounted)).toHaveLength(3);
          await shared.podman(["image", "unmount", name]);
          const container = (await shared.buildah(["from", "--pull-never", name])).stdout.trim();
          await shared.buildah(["commit", "--quiet", container, "localhost/upon:1"]);
          await shared.buildah(["rm", container]);
          await shared.podman(["rmi", "localhost/upon:1", name]);
        }
        // All that is left goes, whoever made it, and nothing stays behind.
        const view2 = await store.read();
        const half = Math.ceil(view2.images.length / 2);
        const ids = view2.images.map(({ id }) => id);
        await shared.podman(["rmi", "--force", ...ids.slice(0, half)]);
        await shared.dray(["rmi", "--force", ...ids.slice(half)]);
        expect(await idsByGo(shared, "images")).toEqual([]);
        expect(await idsByGo(shared, "layers")).toEqual([]);
      });
    },
  );
}
