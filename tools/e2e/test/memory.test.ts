import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { writeSparseLayer } from "../src/layers.ts";
import { startDray } from "../src/start.ts";

const gibibyte = 1024 ** 3;
const limit = 150 * 1024 * 1024;
const minutes = 60_000;
const recorder = fileURLToPath(new URL("../src/record-memory.mjs", import.meta.url));

/** Runs dray, and gives the most memory that the process ever had, in bytes. */
async function peakOf(args: readonly string[]): Promise<number> {
  const { code, stderr } = await startDray(args, { nodeArgs: ["--import", recorder] }).ended;
  expect(code, stderr).toBe(0);
  return Number(/^peak (\d+)$/m.exec(stderr)?.[1]);
}

it(
  "a layer of 4 GiB is compressed, copied and inflated with less than 150 MB of memory",
  async () => {
    const folder = temporaryDirectory();
    writeSparseLayer(`${folder}/layer.tar`, 4 * gibibyte);
    const steps = [
      [`tarball:${folder}/layer.tar`, `oci-dir:${folder}/layout:big`],
      [`oci-dir:${folder}/layout:big`, `docker-archive:${folder}/big.tar`],
      [`docker-archive:${folder}/big.tar`, `dir:${folder}/directory`],
    ];
    for (const step of steps) {
      const peak = await peakOf(["copy", "--quiet", ...step]);
      expect(peak, step.join(" to ")).toBeGreaterThan(0);
      expect(peak, step.join(" to ")).toBeLessThan(limit);
    }
    rmSync(folder, { recursive: true });
  },
  10 * minutes,
);
