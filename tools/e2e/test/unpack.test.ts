import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { snapshotTree } from "@drayage/testkit";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, describe, expect, it } from "vitest";
import { dray } from "../src/dray.ts";
import { writeRandomLayer } from "../src/layers.ts";
import { startDray } from "../src/start.ts";

const mebibyte = 1024 * 1024;
const folder = temporaryDirectory();
const image = `oci-dir:${folder}/layout:app`;
let whole: Awaited<ReturnType<typeof snapshotTree>>;

beforeAll(async () => {
  const layers = ["one", "two", "three"].map((name) => path.join(folder, `${name}.tar`));
  for (const layer of layers) writeRandomLayer(layer, 24 * mebibyte);
  await dray(["copy", "--quiet", `tarball:${layers.join(":")}`, image]);
  await dray(["unpack", "--quiet", image, path.join(folder, "whole")]);
  whole = await snapshotTree(path.join(folder, "whole"));
});

describe.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)("an image whose unpacking ends by %s", (signal) => {
  it("is not there, or all of it is", async () => {
    const home = path.join(folder, signal);
    mkdirSync(home);
    for (const delay of [0, 20, 40, 80, 120, 200, 300]) {
      const root = path.join(home, "rootfs");
      const started = startDray(["unpack", "--progress=lines", image, root]);
      await started.said("Unpacking blob");
      await wait(delay);
      started.child.kill(signal);
      const { code } = await started.ended;
      if (code === 0) expect(delay, "it ended before the first signal").toBeGreaterThan(0);
      // A signal may come when it has its name, and the process has not ended.
      if (code === 0 || existsSync(root)) {
        expect(await snapshotTree(root)).toEqual(whole);
        break;
      }
      const left = readdirSync(home);
      if (signal !== "SIGKILL") expect(left).toEqual([]);
      expect(left.filter((name) => !name.startsWith(".dray-unpack-"))).toEqual([]);
      for (const name of left) rmSync(path.join(home, name), { recursive: true });
    }
  });
});
