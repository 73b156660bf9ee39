import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { snapshotTree } from "@drayage/testkit";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, describe, expect, it } from "vitest";
import { dray } from "../src/dray.ts";
import { type Edit, editLines, writeEditSamples } from "../src/edit-samples.ts";
import { startDray } from "../src/start.ts";

// Each way of stopping so often, each edit. More by DRAYAGE_EDIT_STOPS.
const stops = Number(process.env.DRAYAGE_EDIT_STOPS ?? 2);
const folder = temporaryDirectory();
const pristine = path.join(folder, "pristine");
let tar = "";

beforeAll(async () => {
  ({ tar } = await writeEditSamples(pristine, { layerSize: 9_000_000 }));
});

const codes = new Map<NodeJS.Signals, number>([
  ["SIGINT", 130],
  ["SIGTERM", 143],
]);
const edits = Object.keys(editLines("", String)) as Edit[];

describe.each(edits)("%s onto its own reference in a layout, stopped at any moment", (edit) => {
  it("leaves the earlier image or the new one, and after a signal no other file", {
    timeout: (stops * 30 + 60) * 1000,
  }, async () => {
    const home = path.join(folder, edit);
    const temporary = path.join(home, "temporary");
    const layout = path.join(home, "layout");
    const app = `oci-dir:${layout}:app`;
    const line = [...editLines(tar, (name) => `oci-dir:${layout}:${name}`)[edit], app, app];
    const env = { TMPDIR: temporary, SOURCE_DATE_EPOCH: "86400", XDG_CACHE_HOME: path.join(home, "cache") };
    const again = (): void => {
      rmSync(layout, { recursive: true, force: true });
      cpSync(path.join(pristine, "layout"), layout, { recursive: true });
    };
    const digest = async (): Promise<string> => (await dray(["digest", app])).stdout;
    mkdirSync(temporary, { recursive: true });
    again();
    const earlier = await digest();
    const before = await snapshotTree(layout);
    const start = performance.now();
    const made = (await dray(line, { env })).stdout;
    const time = performance.now() - start;
    const after = await snapshotTree(layout);
    expect(await digest()).toBe(made);
    expect(made).not.toBe(earlier);

    let stopped = 0;
    async function stop(signal: NodeJS.Signals, part: number): Promise<void> {
      const { child, ended } = startDray(line, { env });
      await delay(time * part);
      child.kill(signal);
      const { code } = await ended;
      if (code !== 0) stopped++;
      // Without a code it was ended by the signal itself: always by SIGKILL, by others before Node has started dray.
      expect([null, 0, codes.get(signal)]).toContain(code);
      expect(readdirSync(temporary)).toEqual([]);
      expect(code === 0 ? [made] : [earlier, made]).toContain(await digest());
      await dray(["validate", "--quiet", app]);
    }
    for (let count = 0; count < stops; count++) {
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        again();
        await stop(signal, 0.2 + Math.random() * 0.8);
        expect(await snapshotTree(layout)).toEqual((await digest()) === earlier ? before : after);
      }
    }
    again();
    for (let count = 0; count < stops; count++) {
      if ((await digest()) !== earlier) again();
      await stop("SIGKILL", 0.2 + Math.random() * 0.8);
    }
    expect(stopped).toBeGreaterThan(0);
    const wasEarlier = (await digest()) === earlier;
    // What was killed has left nothing that the next start does not remove, or use.
    const last = (await dray(line, { env })).stdout;
    expect(await digest()).toBe(last);
    if (wasEarlier) {
      expect(last).toBe(made);
      expect(Object.keys(await snapshotTree(layout))).toEqual(Object.keys(after));
    }
  });
});
