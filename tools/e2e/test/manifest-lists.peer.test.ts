import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeSampleLayout } from "../src/sample-layout.ts";
import { type SharedStore, sharedStore } from "../src/shared-store.ts";
import { startDray } from "../src/start.ts";
import { type SampleImage, sampleImage } from "../src/store-samples.ts";

// More by DRAYAGE_LIST_ROUNDS.
const rounds = Number(process.env.DRAYAGE_LIST_ROUNDS ?? 3);
const tags = Array.from({ length: 6 }, (_, at) => `v${at}`);

describeWithPeers(
  "a list that several processes change, or that are killed",
  ["buildah", "podman", "root"],
  () => {
    let layout = "";
    let shared: SharedStore;
    beforeAll(async () => {
      shared = sharedStore("vfs");
      layout = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
      const images = new Map<string, SampleImage>();
      for (const tag of tags) images.set(tag, await sampleImage(`listed ${tag}`, { layers: 1 }));
      writeSampleLayout(layout, images);
    });
    afterAll(() => rmSync(layout, { recursive: true }));

    const place = (tag: string): string => `oci:${layout}:${tag}`;
    const manifest = (...args: readonly string[]) => ["manifest", ...args];
    /** dray takes the store's flags behind the names of its commands. */
    const drayArgs = ([group = "", command = "", ...rest]: readonly string[]): readonly string[] => [
      group,
      ...shared.drayArgs([command, ...rest]),
    ];
    const dray = async (...args: readonly string[]): Promise<string | undefined> => {
      const { child, ended } = startDray(drayArgs(manifest(...args)), { env: shared.env });
      let stdout = "";
      child.stdout?.on("data", (chunk: Uint8Array) => {
        stdout += Buffer.from(chunk).toString();
      });
      const { code, stderr } = await ended;
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
      return stdout;
    };
    const added = (output: string): string => output.trim().split(": ")[1] ?? "";
    const entries = async (list: string): Promise<readonly string[]> => {
      const { manifests } = JSON.parse((await dray("inspect", list)) ?? "") as {
        manifests: readonly { digest: string }[] | null;
      };
      return (manifests ?? []).map(({ digest }) => digest);
    };

    it("has all that processes of dray add at the same time, and all that buildah adds meanwhile", {
      timeout: 60_000 + rounds * 30_000,
    }, async () => {
      for (let round = 0; round < rounds; round++) {
        const list = `many${round}`;
        const made = await Promise.all(
          tags.slice(0, 3).map((tag) => dray("create", "--amend", list, place(tag))),
        );
        expect(new Set(made).size).toBe(1);
        expect(await entries(list)).toHaveLength(3);
        const [buildahs] = await Promise.all([
          shared.buildah(manifest("add", list, place("v3"))).then(({ stdout }) => stdout),
          dray("add", list, place("v4")),
          dray("add", list, place("v5")),
        ]);
        const now = new Set(await entries(list));
        // buildah takes no lock: what it has not read it writes over.
        expect(now).toContain(added(buildahs));
        for (const tag of ["v4", "v5"]) await dray("add", list, place(tag));
        expect(await entries(list)).toHaveLength(6);
        await dray("push", "-q", list, `oci:${layout}-out:${list}`);
      }
      rmSync(`${layout}-out`, { recursive: true });
    });

    it("is as before or as after, wherever a process is killed", {
      timeout: 60_000 + rounds * 60_000,
    }, async () => {
      await dray("create", "killed", place("v0"));
      await dray("create", "named", place("v0"));
      const [kept = ""] = await entries("killed");
      const start = performance.now();
      const digest = added((await dray("add", "killed", place("v1"))) ?? "");
      const time = performance.now() - start;
      const series: readonly (readonly string[])[] = [
        ["remove", "killed", digest],
        ["add", "killed", place("v1")],
        ["create", "--replace", "named", place("v2")],
      ];
      let killed = 0;
      for (let count = 0; count < rounds * 6; count++) {
        const before = (await entries("killed")).includes(digest);
        const args = series[count % 3 === 2 ? 2 : before ? 0 : 1] ?? [];
        const { child, ended } = startDray(drayArgs(manifest(...args)), { env: shared.env });
        await delay(time * (0.5 + Math.random() * 0.6));
        child.kill("SIGKILL");
        if ((await ended).signal !== null) killed++;
        expect([[kept], [kept, digest]]).toContainEqual(await entries("killed"));
        expect(await entries("named")).toHaveLength(1);
        await dray("push", "-q", "killed", `oci:${layout}-out:killed`);
        expect((await shared.podman(manifest("inspect", "killed"))).stdout).toBe(
          await dray("inspect", "killed"),
        );
      }
      expect(killed).toBeGreaterThan(0);
      rmSync(`${layout}-out`, { recursive: true });
    });
  },
);
