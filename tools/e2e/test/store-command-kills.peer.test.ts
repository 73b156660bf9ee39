import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { diffIdByGo, idsByGo } from "../src/go-store.ts";
import { writeSampleLayout } from "../src/sample-layout.ts";
import { type SharedStore, sharedStore } from "../src/shared-store.ts";
import { startDray } from "../src/start.ts";
import { type SampleImage, sampleImage } from "../src/store-samples.ts";

// More by DRAYAGE_STORE_KILLS.
const kills = Number(process.env.DRAYAGE_STORE_KILLS ?? 12);
const tags = ["v0", "v1", "v2", "v3"] as const;

for (const driver of ["vfs", "overlay"] as const) {
  describeWithPeers(
    `commands of dray on a store with ${driver} that are killed`,
    ["containers-storage", "podman", "root"],
    () => {
      const images = new Map<string, SampleImage>();
      let layout = "";
      beforeAll(async () => {
        layout = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
        for (const tag of ["kept", ...tags]) {
          images.set(tag, await sampleImage(`killed ${tag}`, { base: "shared by all", layers: 3 }));
        }
        writeSampleLayout(layout, images);
      });
      afterAll(() => rmSync(layout, { recursive: true }));

      const idOf = (tag: string): string => images.get(tag)?.id ?? "";
      const pull = (tag: string): readonly string[] => ["pull", "--quiet", `oci-dir:${layout}:${tag}`];

      /** How long the command takes when nobody stops it, in milliseconds. */
      async function timed(shared: SharedStore, args: readonly string[]): Promise<number> {
        const start = performance.now();
        await shared.dray(args);
        return performance.now() - start;
      }

      it("lose no image, and what they leave is found and removed", {
        timeout: (kills * 8 + 240) * 1000,
      }, async () => {
        const shared = sharedStore(driver);
        await shared.dray(pull("kept"));
        const pulling = await timed(shared, pull("v0"));
        const tagging = await timed(shared, ["tag", idOf("v0"), "localhost/other:0"]);
        const removing = await timed(shared, ["rmi", "--force", idOf("v0")]);
        let ended = 0;
        const listed = new Set([idOf("kept")]);
        for (let count = 0; count < kills; count++) {
          const tag = tags[count % tags.length] ?? "v0";
          const isListed = listed.has(idOf(tag));
          const removes = isListed && count % 3 !== 0;
          const [args, time] = removes
            ? [["rmi", "--force", idOf(tag)], removing]
            : isListed
              ? [["tag", idOf(tag), `localhost/other:${count}`], tagging]
              : [pull(tag), pulling];
          const { child, ended: end } = startDray(shared.drayArgs(args), { env: shared.env });
          // The first half of a command is its start: there is less to be lost.
          await delay(time * (0.4 + Math.random() * 0.7));
          child.kill("SIGKILL");
          if ((await end).signal === null) ended++;

          const ids = new Set(await idsByGo(shared, "images"));
          for (const id of listed) if (!(removes && id === idOf(tag))) expect(ids).toContain(id);
          listed.clear();
          for (const id of ids) listed.add(id);
          await idsByGo(shared, "layers");
          if (count % 6 !== 5) continue;
          expect(await shared.dray(["check", "--repair", "--max-age=0s"], { mayFail: true })).toMatchObject({
            code: 0,
            stderr: "",
          });
          expect((await shared.dray(["check", "--max-age=0s"])).stdout).toContain("nothing is wrong");
          expect(new Set(await idsByGo(shared, "images"))).toEqual(ids);
        }
        if (process.env.DRAYAGE_STORE_KILLS)
          process.stderr.write(`${driver}: ${kills - ended} killed of ${kills}\n`);
        expect(ended).toBeLessThan(kills);

        // One more start cleans up, too, without being told to.
        await shared.dray(pull("v1"));
        await shared.dray(["rmi", "--force", idOf("v1")]);
        await shared.dray(["check", "--repair", "--max-age=0s"]);
        await using store = await shared.open();
        const view = await store.read();
        expect(view.image("localhost/kept:latest").id).toBe(idOf("kept"));
        for (const { id, diffDigest } of view.layers) expect(await diffIdByGo(shared, id)).toBe(diffDigest);
        expect(readdirSync(path.join(shared.root, `${driver}-layers/tmp`))).toEqual([]);
        for (const id of view.images.map((image) => image.id)) {
          await shared.podman(["image", "mount", id]);
          await shared.podman(["image", "unmount", id]);
        }
        await shared.podman(["rmi", "--all", "--force"]);
        expect(await idsByGo(shared, "layers")).toEqual([]);
        expect((await shared.dray(["check", "--max-age=0s"])).stdout).toContain("nothing is wrong");
      });
    },
  );
}
