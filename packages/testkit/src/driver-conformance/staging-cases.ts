import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { bytesBlob, fileBlob, inflated, streamBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { reassembleTar } from "@drayage/tar/tar-split";
import { assertBytes, rejects, rejectsAborted } from "../conformance/assertions.ts";
import { brokenAfter, pieces, stuckAfter } from "../conformance/streams.ts";
import { assertTree, collect } from "./assertions.ts";
import { blobOf, bytesOfLayer, type DriverBench } from "./bench.ts";
import type { DriverCases } from "./case.ts";
import { file, largeContent, lowerLayer, lowerTree, upperLayer, upperTree } from "./samples.ts";
import { tarOf } from "./tar-of.ts";

export const stagingCases: DriverCases<
  | "shows a layer to nobody before it is committed"
  | "leaves nothing of a layer that is discarded"
  | "keeps a committed layer, whatever becomes of its stage"
  | "makes the files that a layer says"
  | "puts a layer on its parent"
  | "changes nothing of the parent"
  | "makes layers of one image side by side where it says so"
  | "puts a layer on what has taken its parent's place"
  | "puts a layer on what another process committed first"
  | "makes several layers at a time"
  | "takes an empty layer, and one of no bytes"
  | "takes layers as compressed files and as streams"
  | "says what it read"
  | "tells how much of a blob was read"
  | "unpacks a layer once"
  | "refuses bytes that are not those of the digest"
  | "refuses an archive that is damaged"
  | "leaves nothing of a layer whose source breaks"
  | "begins nothing once the signal is aborted"
  | "stops waiting for a source when the signal is aborted"
  | "writes the tar-split of a layer, from which it can be put together again"
  | "refuses a parent that is not there"
  | "refuses ids that are no names of folders"
  | "puts a layer in the place of files that nobody knows of"
> = {
  async "shows a layer to nobody before it is committed"(bench) {
    const { files } = bench;
    const staged = await bench.stage();
    await staged.unpack(blobOf(lowerLayer));
    await staged.settle(undefined);
    assert.deepEqual(await files.ids(), []);
    assert.equal(await files.exists("lower"), false);
    assert.deepEqual(await files.leftovers(), [], "what a living process makes is no leftover");
    await staged.commit("lower");
    assert.deepEqual(await files.ids(), ["lower"]);
    assert.equal(await files.exists("lower"), true);
  },

  async "leaves nothing of a layer that is discarded"(bench) {
    await bench.add("lower", lowerLayer);
    const before = await bench.snapshot();
    const staged = await bench.stage({ parent: "lower" });
    await staged.unpack(blobOf(upperLayer));
    await staged.settle("lower");
    await staged.discard();
    await staged.discard();
    await (await bench.stage({ parent: "lower" }))[Symbol.asyncDispose]();
    assert.deepEqual(await bench.snapshot(), before);
    assert.deepEqual(await bench.files.leftovers(), []);
  },

  async "keeps a committed layer, whatever becomes of its stage"(bench) {
    const staged = await bench.stage();
    await staged.unpack(blobOf(lowerLayer));
    await staged.settle(undefined);
    await staged.commit("lower");
    await staged.discard();
    await staged[Symbol.asyncDispose]();
    assert.deepEqual(await bench.files.ids(), ["lower"]);
    assert.deepEqual(await bench.files.leftovers(), []);
    if (bench.traits.mounts) assertTree(bench, await bench.tree("lower"), lowerTree);
  },

  async "makes the files that a layer says"(bench) {
    await bench.add("lower", lowerLayer);
    assertTree(bench, await bench.tree("lower"), lowerTree);
  },

  async "puts a layer on its parent"(bench) {
    await bench.add("lower", lowerLayer);
    await bench.add("upper", upperLayer, "lower");
    assertTree(bench, await bench.tree("upper"), upperTree);
  },

  async "changes nothing of the parent"(bench) {
    await bench.add("lower", lowerLayer);
    const before = await bench.tree("lower");
    await bench.add("upper", upperLayer, "lower");
    assertTree(bench, await bench.tree("lower"), before);
  },

  async "makes layers of one image side by side where it says so"(bench) {
    if (!bench.files.independentLayers)
      return bench.skip("it needs the parent first: independentLayers is false");
    const [lower, upper, top] = [await bench.stage(), await bench.stage(), await bench.stage()];
    await Promise.all([
      top.unpack(blobOf([{ name: "top", content: "top" }])),
      upper.unpack(blobOf(upperLayer)),
      lower.unpack(blobOf(lowerLayer)),
    ]);
    await lower.settle(undefined);
    await upper.settle(lower);
    await top.settle(upper);
    await lower.commit("lower");
    await upper.commit("upper");
    await top.commit("top");
    const expected = new Map([...upperTree, ["top", file("top")] as const]);
    assertTree(bench, await bench.tree("top"), expected);
  },

  async "puts a layer on what has taken its parent's place"(bench) {
    await bench.add("lower", lowerLayer);
    const staged = await bench.stage({ parent: "lower" });
    await staged.unpack(blobOf(upperLayer));
    await staged.settle("lower");
    await (await bench.files.remove(["lower"]))();
    await bench.add("lower", lowerLayer);
    await staged.commit("upper", "lower");
    assertTree(bench, await bench.tree("upper"), upperTree);
  },

  async "puts a layer on what another process committed first"(bench) {
    if (!bench.files.independentLayers)
      return bench.skip("it needs the parent first: independentLayers is false");
    const [lower, upper, top] = [await bench.stage(), await bench.stage(), await bench.stage()];
    await lower.unpack(blobOf(lowerLayer));
    await upper.unpack(blobOf(upperLayer));
    await top.unpack(blobOf([{ name: "top", content: "top" }]));
    await lower.settle(undefined);
    await upper.settle(lower);
    await top.settle(upper);
    await bench.add("lower", lowerLayer);
    await lower.discard();
    await upper.commit("upper", "lower");
    await top.commit("top", "upper");
    assertTree(bench, await bench.tree("top"), new Map([...upperTree, ["top", file("top")] as const]));
  },

  async "makes several layers at a time"(bench) {
    await bench.add("lower", lowerLayer);
    const ids = ["a", "b", "c", "d"];
    await Promise.all(
      ids.map((id) =>
        bench.add(
          id,
          [
            { name: id, content: id },
            { name: "large", content: largeContent },
          ],
          "lower",
        ),
      ),
    );
    assert.deepEqual([...(await bench.files.ids())].sort(), [...ids, "lower"]);
    for (const id of ids) {
      const expected = new Map([...lowerTree, ["large", file(largeContent)], [id, file(id)]] as const);
      assertTree(bench, await bench.tree(id), expected);
    }
  },

  async "takes an empty layer, and one of no bytes"(bench) {
    await bench.add("lower", lowerLayer);
    const empty = await bench.add("empty", [], "lower");
    assert.deepEqual([empty.uids, empty.gids], [[], []]);
    const nothing = await bench.add("nothing", new Uint8Array(), "empty");
    assert.equal(nothing.drained.size, 0);
    assertTree(bench, await bench.tree("nothing"), lowerTree);
  },

  async "takes layers as compressed files and as streams"(bench) {
    const tar = tarOf(lowerLayer);
    const compressed = gzipSync(tar);
    const folder = mkdtempSync(join(tmpdir(), "drayage-"));
    try {
      const path = join(folder, "layer.gz");
      writeFileSync(path, compressed);
      const blobs = {
        file: inflated(fileBlob(path)),
        stream: inflated(streamBlob(() => pieces(compressed, 1000), { digest: digestBytes(compressed) })),
        plain: streamBlob(() => pieces(tar, 777), { digest: digestBytes(tar), size: tar.length }),
      };
      for (const [id, blob] of Object.entries(blobs)) {
        const staged = await bench.stage();
        const { drained } = await staged.unpack(blob);
        assert.equal(drained.digest, digestBytes(tar), `the diffID of the ${id}`);
        await staged.settle(undefined);
        await staged.commit(id);
        if (bench.traits.mounts) assertTree(bench, await bench.tree(id), lowerTree);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },

  async "says what it read"(bench) {
    const tar = bytesOfLayer(lowerLayer);
    const compressed = gzipSync(tar);
    const staged = await bench.stage();
    const { drained, uids, gids } = await staged.unpack(
      inflated(bytesBlob(compressed, { digest: digestBytes(compressed) })),
    );
    assert.deepEqual(drained.stages, [
      { digest: digestBytes(compressed), size: compressed.length },
      { digest: digestBytes(tar), size: tar.length },
    ]);
    assert.deepEqual([drained.digest, drained.size], [digestBytes(tar), tar.length]);
    assert.deepEqual(uids, [0, 5, 1000]);
    assert.deepEqual(gids, [0, 6, 1001]);
    const whiteouts = await bench.stage();
    const hidden = await whiteouts.unpack(blobOf([{ name: ".wh.x", uid: 77, gid: 78 }]));
    assert.deepEqual([hidden.uids, hidden.gids], [[], []], "owners of whiteouts do not count");
  },

  async "tells how much of a blob was read"(bench) {
    const blob = blobOf(lowerLayer);
    const counts: number[] = [];
    await (await bench.stage()).unpack(blob, { onBytes: (total) => counts.push(total) });
    assert.equal(counts.at(-1), blob.size);
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => a - b),
    );
  },

  async "unpacks a layer once"(bench) {
    const staged = await bench.stage();
    await staged.unpack(blobOf(lowerLayer));
    await rejects(staged.unpack(blobOf(lowerLayer)), "ERR_DRAYAGE_USAGE");
  },

  async "refuses bytes that are not those of the digest"(bench) {
    const wrong = { ...blobOf(lowerLayer), digest: digestBytes(new Uint8Array(1)) };
    await fails(bench, async (staged) => rejects(staged.unpack(wrong), "ERR_DRAYAGE_DIGEST_MISMATCH"));
  },

  async "refuses an archive that is damaged"(bench) {
    const tar = tarOf(lowerLayer);
    for (const damaged of [
      tar.subarray(0, 700),
      tar.map((byte, index) => (index === 20 ? byte ^ 1 : byte)),
    ]) {
      const blob = bytesBlob(damaged, { digest: digestBytes(damaged) });
      await fails(bench, async (staged) => rejects(staged.unpack(blob), "ERR_DRAYAGE_ARCHIVE_INVALID"));
    }
  },

  async "leaves nothing of a layer whose source breaks"(bench) {
    const broken = streamBlob(
      brokenAfter(tarOf(lowerLayer).subarray(0, 4000), new Error("the source broke")),
    );
    await fails(bench, async (staged) => rejectsWith(staged.unpack(broken), /the source broke/));
  },

  async "begins nothing once the signal is aborted"(bench) {
    const signal = AbortSignal.abort();
    await bench.add("lower", lowerLayer);
    await rejectsAborted(bench.files.stage({ signal, parent: "lower" }), "stage");
    await fails(bench, async (staged) =>
      rejectsAborted(staged.unpack(blobOf(lowerLayer), { signal }), "unpack"),
    );
  },

  async "stops waiting for a source when the signal is aborted"(bench) {
    const controller = new AbortController();
    const stuck = streamBlob(stuckAfter(tarOf(lowerLayer).subarray(0, 4000), () => controller.abort()));
    await fails(bench, async (staged) =>
      rejectsAborted(bench.soon(staged.unpack(stuck, { signal: controller.signal })), "unpack"),
    );
  },

  async "writes the tar-split of a layer, from which it can be put together again"(bench) {
    const folder = mkdtempSync(join(tmpdir(), "drayage-"));
    try {
      const paths = { lower: join(folder, "lower.gz"), upper: join(folder, "upper.gz") };
      for (const [id, layer, parent] of [
        ["lower", lowerLayer, undefined],
        ["upper", upperLayer, "lower"],
      ] as const) {
        const staged = await bench.stage({ parent });
        await staged.unpack(blobOf(layer), { tarSplitPath: paths[id] });
        await staged.settle(parent);
        await staged.commit(id);
      }
      if (bench.files.keepsTar === true) {
        assertBytes(
          await collect(bench.files.diff("upper", { parent: "lower" })),
          tarOf(upperLayer),
          "the tar",
        );
        return;
      }
      for (const [id, layer] of [
        ["lower", lowerLayer],
        ["upper", upperLayer],
      ] as const) {
        const tar = reassembleTar([gunzipSync(readFileSync(paths[id]))], (name) =>
          bench.files.openFile(id, name),
        );
        assertBytes(await collect(tar), tarOf(layer), `the ${id} layer`);
      }
      const without = await bench.stage();
      await without.unpack(blobOf(lowerLayer));
      assert.equal(existsSync(join(folder, "undefined")), false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },

  async "refuses a parent that is not there"(bench) {
    const before = await bench.snapshot();
    if (!bench.files.independentLayers) {
      await rejects(bench.files.stage({ parent: "missing" }), "ERR_DRAYAGE_LAYER_NOT_FOUND");
    } else {
      const staged = await bench.stage({ parent: "missing" });
      await staged.unpack(blobOf(upperLayer));
      await rejects(staged.settle("missing"), "ERR_DRAYAGE_LAYER_NOT_FOUND");
      await staged.discard();
    }
    await rejects(bench.files.create("layer", "missing"), "ERR_DRAYAGE_LAYER_NOT_FOUND");
    assert.deepEqual(await bench.snapshot(), before);
  },

  async "refuses ids that are no names of folders"(bench) {
    for (const id of ["", ".", "..", "../lower", "a/b", "/absolute", "a\0b", "-flag"]) {
      await rejects(bench.files.create(id, undefined), "ERR_DRAYAGE_NAME_INVALID");
      const staged = await bench.stage();
      await staged.settle(undefined);
      await rejects(staged.commit(id), "ERR_DRAYAGE_NAME_INVALID");
      await staged.discard();
    }
    assert.deepEqual(await bench.files.ids(), []);
  },

  async "puts a layer in the place of files that nobody knows of"(bench) {
    await bench.add("layer", [{ name: "unknown", content: "of a process that died" }]);
    await bench.add("layer", lowerLayer);
    assert.deepEqual(await bench.files.ids(), ["layer"]);
    if (bench.traits.mounts) assertTree(bench, await bench.tree("layer"), lowerTree);
  },
};

type Staged = Awaited<ReturnType<DriverBench["stage"]>>;

/** Fails unless what failed leaves everything as it was, once it is discarded. */
async function fails(bench: DriverBench, attempt: (staged: Staged) => Promise<void>): Promise<void> {
  const before = await bench.snapshot();
  const staged = await bench.stage();
  await attempt(staged);
  await staged.discard();
  assert.deepEqual(await bench.snapshot(), before);
  assert.deepEqual(await bench.files.leftovers(), []);
}

async function rejectsWith(promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.match(error instanceof Error ? error.message : String(error), message);
    return true;
  });
}
