import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { StoreView } from "@drayage/storage";
import { sysBase } from "@drayage/sys";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleForNode } from "../../../../tools/build/bundle.ts";
import { commitContainer } from "../../src/commit/commit-container.ts";
import { firstFiles, moreFiles, openWorkshop, type Workshop } from "./workshop.ts";

/** How often all are killed. */
const rounds = 4;

/** Layers that somebody needs, each with its tar's digest. Not those of images without a name that nothing was made from. */
function neededLayers(view: StoreView): ReadonlyMap<string, string | undefined> {
  const dangling = new Set(view.dangling().map(({ id }) => id));
  const images = view.images.filter(({ id }) => !dangling.has(id) || view.containersOf(id).length > 0);
  const layers = [
    ...images.flatMap((image) => view.imageLayers(image)),
    ...view.containers.flatMap(({ layer }) => view.chain(layer)),
  ];
  return new Map(layers.map(({ id, diffDigest }) => [id, diffDigest]));
}

for (const driver of ["overlay", "vfs"] as const) {
  describeWithPeers(
    `commits, containers and prunes at once on ${driver}`,
    ["buildah", "root"],
    ({ buildah }) => {
      let workshop: Workshop;
      let bundle: string;
      let program: string;
      beforeAll(async () => {
        bundle = mkdtempSync(join(tmpdir(), "drayage-"));
        program = await bundleForNode(
          join(import.meta.dirname, "..", "support", "upheaval-worker.ts"),
          bundle,
        );
        workshop = await openWorkshop(driver, buildah);
        const { buildah: tool, edit, at, store, state } = workshop;
        mkdirSync(at("temporary"));
        await tool(["from", "--name", "first", "scratch"]);
        await edit("first", firstFiles);
        await tool(["commit", "--quiet", "first", "localhost/base:1"]);
        await tool(["from", "--name", "work", "localhost/base:1"]);
        await edit("work", moreFiles);
        // An image without a name that a container is made from, and one that nothing needs.
        const options = { env: {}, timestamp: new Date(0) };
        const { id } = await commitContainer(store, await state("work"), undefined, options);
        await tool(["from", "--name", "upon", id]);
        await edit("upon", (root) => writeFileSync(join(root, "upon"), "upon"));
        await edit("work", (root) => writeFileSync(join(root, "etc/more"), "more"));
        await commitContainer(store, await state("work"), undefined, options);
        await edit("work", (root) => writeFileSync(join(root, "etc/more"), "other"));
      }, 120_000);
      afterAll(async () => {
        await workshop[Symbol.asyncDispose]();
        rmSync(bundle, { recursive: true, force: true });
      });

      function start(what: "commit" | "from" | "prune"): ChildProcess {
        const { at } = workshop;
        const args = [program, sysBase(), at("root"), at("run"), driver, what, "work"];
        const env = { ...process.env, TMPDIR: at("temporary"), HOME: at("home") };
        return spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
      }

      it("killed at any time, they take no layer that an image, a container or a hold needs", async () => {
        const { store, buildah: tool } = workshop;
        const before = await store.read();
        const needed = neededLayers(before);
        const [stray] = before.dangling().filter(({ id }) => before.containersOf(id).length === 0);
        const strayLayer = before.layer(stray?.layer ?? "");
        expect(needed.has(strayLayer.id)).toBe(false);
        await using hold = await store.hold([strayLayer.id], { why: "the test" });
        for (let round = 0; round < rounds; round += 1) {
          const children = (["commit", "from", "prune"] as const).map((what) => start(what));
          const ended = children.map((child) => once(child, "exit"));
          for (const child of children) {
            if (child.stdout === null) throw new Error("it has an output");
            await once(child.stdout, "data");
          }
          for (const child of children.toSorted(() => (round % 2) - 0.5)) {
            await delay(20 + ((round * 37) % 90));
            child.kill("SIGKILL");
          }
          expect(await Promise.all(ended)).toEqual([
            [null, "SIGKILL"],
            [null, "SIGKILL"],
            [null, "SIGKILL"],
          ]);
          const view = await store.read();
          const left = new Map(view.layers.map(({ id, diffDigest }) => [id, diffDigest]));
          for (const [id, digest] of needed) expect([id, left.get(id)]).toEqual([id, digest]);
          expect(left.has(strayLayer.id)).toBe(true);
          const { findings } = await store.check();
          // A worker's own container may be half removed: its layer goes first, so that it is listed as long as anything is left.
          const ofOurs = findings.filter(({ images, containers }) => {
            return images.length > 0 || containers.some((id) => before.containerById(id) !== undefined);
          });
          expect(ofOurs).toEqual([]);
        }
        // Once nothing holds it, what nobody needs goes, and nothing else of what was there.
        await hold.release();
        await store.prune({ layers: true });
        const after = await store.read();
        const gone = before.layers.filter(({ id }) => after.layerById(id) === undefined);
        expect(gone.map(({ id }) => id)).toEqual([strayLayer.id]);
        for (const [id, digest] of needed) expect(after.layer(id).diffDigest).toBe(digest);
        for (const image of after.images) await tool(["inspect", "--type", "image", image.id]);
      }, 600_000);
    },
  );
}
