import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { idsByGo } from "../src/go-store.ts";
import { writeSampleLayout } from "../src/sample-layout.ts";
import { type SharedStore, sharedStore, unmountBelow } from "../src/shared-store.ts";
import { sampleImage } from "../src/store-samples.ts";

const kibibyte = 1024;
// Each is a point at which the disk is full. More by DRAYAGE_FULL_POINTS.
const points = Number(process.env.DRAYAGE_FULL_POINTS ?? 6);
/** What the second image needs, and a little less. */
const most = 108;

for (const driver of ["vfs", "overlay"] as const) {
  describeWithPeers(`a store with ${driver} on a disk that fills`, ["containers-storage", "root"], () => {
    let layout = "";
    const folders: string[] = [];
    beforeAll(async () => {
      layout = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
      const images = await Promise.all(
        ["first", "second"].map(
          async (tag) => [tag, await sampleImage(`full ${tag}`, { layers: 3 })] as const,
        ),
      );
      writeSampleLayout(layout, new Map(images));
    });
    afterEach(() => {
      for (const folder of folders.splice(0)) {
        unmountBelow(folder);
        rmSync(folder, { recursive: true });
      }
    });
    afterAll(() => rmSync(layout, { recursive: true }));

    function smallStore(): { readonly shared: SharedStore; readonly disk: string } {
      const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
      folders.push(folder);
      const disk = path.join(folder, "disk");
      mkdirSync(disk);
      expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "none", disk]).status).toBe(0);
      return { shared: sharedStore(driver, { folder: disk }), disk };
    }

    /** Leaves so many bytes, and gives what frees the rest again. */
    function fill(disk: string, rest: number): () => void {
      const { bavail, bsize } = statfsSync(disk);
      const file = path.join(disk, "fill");
      writeFileSync(file, Buffer.alloc(Math.max(bavail * bsize - rest, 0)));
      return () => rmSync(file);
    }

    const stateOf = ({ root }: SharedStore): (string | readonly string[])[] => [
      readFileSync(path.join(root, `${driver}-layers/layers.json`), "utf8"),
      readFileSync(path.join(root, `${driver}-images/images.json`), "utf8"),
      (readdirSync(root, { recursive: true }) as string[]).sort(),
    ];

    it("says so, and is as it was before", { timeout: (points * 10 + 120) * 1000 }, async () => {
      const { shared, disk } = smallStore();
      await shared.dray(["pull", "--quiet", `oci-dir:${layout}:first`]);
      const ids = await idsByGo(shared, "images");
      // Makes the locks of all records.
      await shared.dray(["rmi", "--ignore", "none-of-this-name"]);
      const before = stateOf(shared);
      for (let point = 0; point < points; point++) {
        const free = fill(disk, Math.floor((most * kibibyte * point) / points));
        const { code, stderr } = await shared.dray(["pull", "--quiet", `oci-dir:${layout}:second`], {
          mayFail: true,
        });
        const tagged = await shared.dray(["tag", ids[0] ?? "", `localhost/other:${point}`], {
          mayFail: true,
        });
        free();
        expect(stderr).toMatch(
          /^dray: .*no space left on the device \(ENOSPC\); free some space and run the command again\n$/,
        );
        expect(code).toBe(1);
        // A name may still have found its room.
        if (tagged.code === 0) await shared.dray(["untag", ids[0] ?? "", `localhost/other:${point}`]);
        else expect(tagged.stderr).toContain("(ENOSPC)");
        const now = stateOf(shared);
        expect([now[0], now[2]]).toEqual([before[0], before[2]]);
        if (tagged.code !== 0) expect(now[1]).toBe(before[1]);
        before[1] = now[1] ?? "";
      }
      expect(await idsByGo(shared, "images")).toEqual(ids);
      expect((await shared.dray(["check"])).stdout).toContain("nothing is wrong");
      await shared.dray(["pull", "--quiet", `oci-dir:${layout}:second`]);
      expect(await idsByGo(shared, "images")).toHaveLength(2);
    });
  });
}
