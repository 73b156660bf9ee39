import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { storageDriverApiVersion, storageDriverBrand } from "@drayage/storage";
import { rejectsAborted } from "../conformance/assertions.ts";
import { assertTree } from "./assertions.ts";
import { blobOf } from "./bench.ts";
import type { DriverCases } from "./case.ts";
import { lowerLayer, lowerTree, upperLayer, upperTree } from "./samples.ts";

export const placeCases: DriverCases<
  | "says what it is"
  | "opens nothing once the signal is aborted"
  | "knows no layers in an empty place"
  | "opens what is there again"
  | "shares a place with another who opened it"
  | "stands on layers of additional stores"
  | "takes being closed twice"
  | "tells facts in words"
> = {
  async "says what it is"({ driver }) {
    assert.equal(driver[storageDriverBrand], true);
    assert.equal(driver.apiVersion, storageDriverApiVersion);
    assert.match(driver.name, /^[a-z0-9][a-z0-9-]*$/, "a name is that of a folder");
    assert.match(driver.summary, /^[^\n]+$/, "a summary is one line");
  },

  async "opens nothing once the signal is aborted"({ driver, place }) {
    await rejectsAborted(driver.open({ ...place, signal: AbortSignal.abort() }), "open");
  },

  async "knows no layers in an empty place"({ files }) {
    assert.deepEqual(await files.ids(), []);
    assert.equal(await files.exists("layer"), false);
    assert.deepEqual(await files.leftovers(), []);
  },

  async "opens what is there again"(bench) {
    if (!bench.traits.persistent) return bench.skip("it keeps nothing for later");
    await bench.add("lower", lowerLayer);
    await bench.files[Symbol.asyncDispose]();
    const again = await bench.open();
    assert.deepEqual(await again.ids(), ["lower"]);
    assert.equal(await again.exists("lower"), true);
  },

  async "shares a place with another who opened it"(bench) {
    if (!bench.traits.persistent) return bench.skip("it keeps nothing for others");
    const other = await bench.open();
    await bench.add("lower", lowerLayer);
    assert.equal(await other.exists("lower"), true);
    const removed = await other.remove(["lower"]);
    assert.equal(await bench.files.exists("lower"), false);
    await removed();
  },

  async "stands on layers of additional stores"(bench) {
    if (!bench.traits.persistent) return bench.skip("it keeps nothing for others");
    await bench.add("lower", lowerLayer);
    const graphRoot = `${bench.place.graphRoot}-2`;
    const before = await bench.snapshot();
    const other = await bench.open({ graphRoot, additionalStores: [bench.place.graphRoot] });
    assert.deepEqual(await other.ids(), [], "its layers are the other store's");
    assert.equal(await other.exists("lower"), true);
    const staged = await other.stage({ parent: "lower" });
    try {
      await staged.unpack(blobOf(upperLayer));
      await staged.settle("lower");
      await staged.commit("upper");
      if (bench.traits.mounts) {
        for (const [id, tree] of [
          ["upper", upperTree],
          ["lower", lowerTree],
        ] as const) {
          const seen = bench.read(await other.mount(id, { readOnly: true }));
          await other.unmount(id);
          assertTree(bench, seen, tree);
        }
      }
      await (await other.remove(["upper"]))();
    } finally {
      await staged[Symbol.asyncDispose]();
    }
    assert.equal(existsSync(graphRoot), true);
    assert.deepEqual(await bench.snapshot(), before, "what is only read was changed");
  },

  async "takes being closed twice"({ files }) {
    await files[Symbol.asyncDispose]();
    await files[Symbol.asyncDispose]();
  },

  async "tells facts in words"({ files }) {
    for (const [name, value] of Object.entries(await files.facts())) {
      assert.match(name, /\S/);
      assert.equal(typeof value, "string");
    }
  },
};
