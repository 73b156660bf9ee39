import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dray } from "../src/dray.ts";
import { type Edit, editLines, writeEditSamples } from "../src/edit-samples.ts";
import { idsByGo } from "../src/go-store.ts";
import { type SharedStore, sharedStore, unmountBelow } from "../src/shared-store.ts";
import { startDray } from "../src/start.ts";

// Each edit. More by DRAYAGE_STORE_KILLS.
const stops = Number(process.env.DRAYAGE_STORE_KILLS ?? 3);
const signals = ["SIGINT", "SIGKILL", "SIGTERM"] as const;

describeWithPeers(
  "edits of an image of the store, stopped at any moment",
  ["skopeo", "containers-storage", "root"],
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
    const temporary = path.join(folder, "temporary");
    let shared: SharedStore;
    let tar = "";

    beforeAll(async () => {
      shared = sharedStore("overlay", { folder });
      mkdirSync(temporary);
      const samples = await writeEditSamples(path.join(folder, "samples"), { layerSize: 6_000_000 });
      ({ tar } = samples);
      for (const name of ["app", "old", "new"]) {
        await dray(["copy", "--quiet", `oci-dir:${samples.layout}:${name}`, at(name)], { env: shared.env });
      }
    }, 60_000);
    afterAll(() => {
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    });

    const at = (name: string): string => shared.reference(`localhost/${name}:1`);

    it.each(Object.keys(editLines("", String)) as Edit[])(
      "%s leaves the earlier image or the new one",
      {
        timeout: (stops * 20 + 60) * 1000,
      },
      async (edit) => {
        const env = { ...shared.env, TMPDIR: temporary, SOURCE_DATE_EPOCH: "86400" };
        const target = at(`edited-${edit}`);
        const line = [...editLines(tar, at)[edit], at("app"), target];
        await dray(["copy", "--quiet", at("app"), target], { env });
        const readable = async (): Promise<string> => {
          const { stdout } = await shared.skopeo(["inspect", "--format", "{{.Digest}}", target]);
          await shared.skopeo(["copy", "--quiet", target, `dir:${folder}/read`]);
          return stdout.trim();
        };
        const earlier = await readable();
        const start = performance.now();
        const { stdout } = await dray([...editLines(tar, at)[edit], at("app"), at("whole")], { env });
        const time = performance.now() - start;
        const made = stdout.trim();
        await shared.dray(["rmi", "--force", "localhost/whole:1"]);
        const layers = await idsByGo(shared, "layers");
        for (let count = 0; count < stops; count++) {
          const signal = signals[count % signals.length] ?? "SIGKILL";
          const { child, ended } = startDray(line, { env });
          await delay(time * (0.2 + Math.random() * 0.8));
          child.kill(signal);
          const { code } = await ended;
          expect(readdirSync(temporary)).toEqual([]);
          const now = await readable();
          expect(code === 0 ? [made] : [earlier, made]).toContain(now);
          if (now !== earlier) {
            await shared.dray(["rmi", "--force", `localhost/edited-${edit}:1`]);
            await dray(["copy", "--quiet", at("app"), target], { env });
          }
        }
        // What was killed has left nothing that the next start does not find and remove.
        expect((await dray([...editLines(tar, at)[edit], at("app"), target], { env })).stdout.trim()).toBe(
          made,
        );
        expect(await readable()).toBe(made);
        await shared.dray(["rmi", "--force", `localhost/edited-${edit}:1`]);
        await shared.dray(["check", "--repair", "--max-age=0s"]);
        expect((await shared.dray(["check", "--max-age=0s"])).stdout).toContain("nothing is wrong");
        expect([...(await idsByGo(shared, "layers"))].sort()).toEqual([...layers].sort());
      },
    );
  },
);
