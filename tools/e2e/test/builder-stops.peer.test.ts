import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type BuilderStore, baseImage, builderStore } from "../src/builder-store.ts";
import { idsByGo } from "../src/go-store.ts";
import { unmountBelow } from "../src/shared-store.ts";

// More by DRAYAGE_STORE_KILLS.
const stops = Number(process.env.DRAYAGE_STORE_KILLS ?? 18);
const signals = ["SIGINT", "SIGTERM", "SIGKILL"] as const;
const statuses = { SIGINT: 130, SIGTERM: 143 } as const;

describeWithPeers(
  "commits that are stopped at any moment",
  ["buildah", "skopeo", "containers-storage", "podman", "root"],
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
    const temporary = path.join(folder, "temporary");
    const out = path.join(folder, "out");
    let store: BuilderStore;

    beforeAll(async () => {
      store = await builderStore("overlay", folder);
      mkdirSync(temporary);
      mkdirSync(out);
      const large = path.join(folder, "large");
      mkdirSync(large);
      for (let number = 0; number < 40; number++)
        writeFileSync(path.join(large, `file${number}`), randomBytes(300_000));
      for (const args of [
        ["from", "--name", "c", baseImage],
        ["copy", "--quiet", "c", large, "/large"],
      ])
        expect(await store.by("dray", args)).toMatchObject({ code: 0, stderr: "" });
    }, 60_000);
    afterAll(() => {
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    });

    const commit = (to: string): readonly string[] => [
      "commit",
      "--quiet",
      "--timestamp",
      "0",
      "--identity-label=false",
      "c",
      to,
    ];
    const env = { TMPDIR: "" };

    it("leave no half image, and no file that is not theirs", {
      timeout: (stops * 6 + 60) * 1000,
    }, async () => {
      env.TMPDIR = temporary;
      const archive = path.join(out, "app.tar");
      const places = [
        { to: "localhost/app:1", args: commit("localhost/app:1") },
        { to: archive, args: commit(`oci-archive:${archive}`) },
      ];
      // How long each takes when nobody stops it.
      const times: number[] = [];
      const whole: string[] = [];
      for (const { args } of places) {
        const start = performance.now();
        const { code, stdout } = await store.by("dray", args, { env });
        times.push(performance.now() - start);
        expect(code).toBe(0);
        whole.push(stdout.trim());
      }
      const id = whole[0] ?? "";
      const images = await idsByGo(store.shared, "images");
      expect(images).toContain(id);
      const layers = await idsByGo(store.shared, "layers");
      await store.by("dray", ["rmi", "--force", id]);
      rmSync(archive);

      let stopped = 0;
      for (let count = 0; count < stops; count++) {
        const which = count % places.length;
        const place = places[which];
        const signal = signals[Math.floor(count / 2) % signals.length] ?? "SIGKILL";
        if (place === undefined) throw new Error("no place");
        const before = readdirSync(out);
        const { child, ended } = store.start("dray", place.args, { env });
        await delay((times[which] ?? 0) * (0.2 + Math.random() * 0.8));
        child.kill(signal);
        const end = await ended;
        const finished = end.code === 0;
        if (!finished) stopped++;
        // Without a code it was ended by the signal itself: always by SIGKILL, by others before Node has started dray.
        expect(signal === "SIGKILL" ? [null, 0] : [null, statuses[signal], 0]).toContain(end.code);

        const now = await idsByGo(store.shared, "images");
        const isThere = now.includes(id);
        expect([...now].filter((one) => one !== id).sort()).toEqual(
          images.filter((one) => one !== id).sort(),
        );
        // One that is stopped on its way out has made its image, whole.
        if (which === 0 && finished) expect(isThere).toBe(true);
        if (isThere) {
          // Not one half: what Go's tools read of it is whole.
          const { code } = await store.shared.skopeo(
            [
              "copy",
              "--quiet",
              store.shared.reference("localhost/app:1"),
              `dir:${path.join(folder, "read")}`,
            ],
            { mayFail: true },
          );
          expect(code).toBe(0);
          await store.by("dray", ["rmi", "--force", id]);
        }
        if (which === 0) expect(existsSync(archive)).toBe(false);
        else if (finished) expect(existsSync(archive)).toBe(true);
        rmSync(archive, { force: true });
        expect(readdirSync(temporary)).toEqual([]);
        // What an earlier one left that was killed may still be there.
        if (signal !== "SIGKILL")
          expect(readdirSync(out).filter((name) => !before.includes(name))).toEqual([]);
      }
      expect(stopped).toBeGreaterThan(0);

      // What was killed has left nothing that the next start does not find and remove.
      expect(await store.by("dray", commit("localhost/app:1"), { env })).toMatchObject({
        code: 0,
        stdout: `${id}\n`,
      });
      expect(await store.by("dray", commit(`oci-archive:${archive}`), { env })).toMatchObject({ code: 0 });
      expect(readdirSync(out)).toEqual(["app.tar"]);
      await store.shared.dray(["check", "--repair", "--max-age=0s"]);
      expect((await store.shared.dray(["check", "--max-age=0s"])).stdout).toContain("nothing is wrong");
      expect([...(await idsByGo(store.shared, "layers"))].sort()).toEqual([...layers].sort());
      expect(readdirSync(path.join(store.shared.root, "overlay-layers/tmp"))).toEqual([]);
    });
  },
);
