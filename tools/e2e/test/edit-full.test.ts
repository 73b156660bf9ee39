import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { snapshotTree } from "@drayage/testkit";
import { temporaryDirectory } from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dray } from "../src/dray.ts";
import { type Edit, editLines, writeEditSamples } from "../src/edit-samples.ts";

const folder = temporaryDirectory();
const disk = path.join(folder, "disk");
const layout = path.join(disk, "layout");
const mounted = mountSmall();
let tar = "";

beforeAll(async () => {
  const samples = path.join(folder, "samples");
  ({ tar } = await writeEditSamples(samples, { layerSize: 900_000 }));
  if (!mounted) return;
  for (const name of ["app", "old"])
    await dray(["copy", "--quiet", `oci-dir:${samples}/layout:${name}`, `oci-dir:${layout}:${name}`]);
  cpSync(layout, path.join(folder, "kept"), { recursive: true });
});
afterAll(() => {
  if (mounted) spawnSync("umount", [disk]);
});

function mountSmall(): boolean {
  if (process.getuid?.() !== 0) return false;
  mkdirSync(disk);
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "none", disk]).status === 0;
}

/** Leaves so many bytes, and gives what frees the rest again. */
function fill(rest: number): () => void {
  const { bavail, bsize } = statfsSync(disk);
  const file = path.join(disk, "fill");
  writeFileSync(file, Buffer.alloc(Math.max(bavail * bsize - rest, 0)));
  return () => rmSync(file);
}

const edits = Object.keys(editLines("", String)) as Edit[];

describe.each(edits)(
  "%s onto its own reference in a layout on a disk that is full (needs root and a tmpfs)",
  (edit) => {
    it.skipIf(!mounted)("says so on one line, and leaves all as it was", async () => {
      const app = `oci-dir:${layout}:app`;
      const at = (name: string): string =>
        name === "new" ? `oci-dir:${folder}/samples/layout:new` : `oci-dir:${layout}:${name}`;
      const line = [...editLines(tar, at)[edit], app, app];
      const env = { SOURCE_DATE_EPOCH: "86400", XDG_CACHE_HOME: path.join(folder, "cache") };
      const before = await snapshotTree(layout);
      // What a layer needs is not there, in its midst or at once; and then not even what a config needs.
      for (const free of edit === "mutate" ? [4096, 0] : [200_000, 4096, 0]) {
        const empty = fill(free);
        const { code, stderr } = await dray(line, { mayFail: true, env });
        empty();
        expect(stderr).toMatch(/^dray: [^\n]*no space left on the device \(ENOSPC\)[^\n]*\n$/);
        expect(code).toBe(1);
        expect(await snapshotTree(layout)).toEqual(before);
      }
      // With room it goes well, and the place is made again for the next edit.
      const { stdout } = await dray(line, { env });
      expect((await dray(["digest", app])).stdout).toBe(stdout);
      await dray(["validate", "--quiet", app]);
      rmSync(layout, { recursive: true });
      cpSync(path.join(folder, "kept"), layout, { recursive: true });
    });
  },
);
