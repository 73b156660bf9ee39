import assert from "node:assert/strict";
import { lstatSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LayerFile } from "@drayage/storage";
import { assertBytes, rejects, rejectsAborted } from "../conformance/assertions.ts";
import type { EdgeTree } from "../edge-layers/types.ts";
import { assertTree, collect, sortedChanges } from "./assertions.ts";
import { bytesOfLayer, type DriverBench } from "./bench.ts";
import type { DriverCases } from "./case.ts";
import { largeContent, lowerLayer, lowerTree, upperChanges, upperLayer, upperTree } from "./samples.ts";

export const layerCases: DriverCases<
  | "makes an empty layer on its parent"
  | "makes an empty layer on nothing"
  | "mounts a layer as one folder, each time the same"
  | "keeps what is written to a layer apart from its parent"
  | "says that there is no layer to mount"
  | "removes a layer at once, and its files when it is told to"
  | "removes several layers at once, those that are there"
  | "takes the removal of what is not there"
  | "takes an id again after its removal"
  | "finds what a killed process left, and removes it"
  | "opens a layer's files for reading"
  | "opens files through links, none of which leads out of the layer"
  | "opens nothing but regular files that are there"
  | "packs a layer anew"
  | "packs what was written to a layer"
  | "tells what a layer changes"
  | "tells what a layer changes against another than its parent"
  | "counts the bytes that a layer adds"
  | "packs and compares nothing once the signal is aborted"
> = {
  async "makes an empty layer on its parent"(bench) {
    await bench.add("lower", lowerLayer);
    await bench.files.create("empty", "lower");
    assert.deepEqual([...(await bench.files.ids())].sort(), ["empty", "lower"]);
    if (bench.traits.mounts) assertTree(bench, await bench.tree("empty"), lowerTree);
    assert.deepEqual(await sortedChanges(bench.files.changes("empty", { parent: "lower" })), []);
  },

  async "makes an empty layer on nothing"(bench) {
    await bench.files.create("empty", undefined);
    assert.deepEqual(await sortedChanges(bench.files.changes("empty")), []);
    if (!bench.traits.mounts) return;
    const tree = await bench.tree("empty");
    assert.deepEqual([...tree.keys()], [""]);
    const root = tree.get("");
    assert.deepEqual(
      [root?.mode, root?.uid, root?.gid],
      [0o555, 0, 0],
      "the root is as containers/storage makes it",
    );
  },

  async "mounts a layer as one folder, each time the same"(bench) {
    await bench.add("lower", lowerLayer);
    if (!bench.traits.mounts) return rejects(bench.files.mount("lower"), "ERR_DRAYAGE_STORE_UNSUPPORTED");
    const path = await bench.files.mount("lower");
    assert.equal(lstatSync(join(path, "etc/hosts")).isFile(), true);
    assert.equal(await bench.files.mount("lower"), path);
    await bench.files.unmount("lower");
    await bench.files.unmount("lower");
    assert.equal(await bench.files.mount("lower", { readOnly: true }), path);
    assert.equal(lstatSync(join(path, "etc/hosts")).isFile(), true);
    await bench.files.unmount("lower");
  },

  async "keeps what is written to a layer apart from its parent"(bench) {
    await writtenLayer(bench);
    const tree = await bench.tree("written");
    assert.equal(Buffer.from(tree.get("etc/hosts")?.content ?? []).toString(), "written");
    assert.equal(tree.get("large"), undefined);
    assertTree(bench, await bench.tree("lower"), lowerTree);
  },

  async "says that there is no layer to mount"(bench) {
    const { files } = bench;
    if (bench.traits.mounts) await rejects(files.mount("missing"), "ERR_DRAYAGE_LAYER_NOT_FOUND");
    await rejects(opened(bench, "missing", "etc/hosts"), "ERR_DRAYAGE_LAYER_NOT_FOUND");
    await rejects(collect(files.diff("missing")), "ERR_DRAYAGE_LAYER_NOT_FOUND");
    await rejects(sortedChanges(files.changes("missing")), "ERR_DRAYAGE_LAYER_NOT_FOUND");
    await rejects(files.size("missing"), "ERR_DRAYAGE_LAYER_NOT_FOUND");
  },

  async "removes a layer at once, and its files when it is told to"(bench) {
    const { files } = bench;
    await bench.add("lower", lowerLayer);
    const before = await bench.snapshot();
    await bench.add("upper", upperLayer, "lower");
    const removeFiles = await files.remove(["upper"]);
    assert.equal(await files.exists("upper"), false);
    assert.deepEqual(await files.ids(), ["lower"]);
    assert.deepEqual(await files.leftovers(), [], "what a living process removes is no leftover");
    await removeFiles();
    assert.deepEqual(await bench.snapshot(), before);
    if (bench.traits.mounts) assertTree(bench, await bench.tree("lower"), lowerTree);
  },

  async "removes several layers at once, those that are there"(bench) {
    const { files } = bench;
    await bench.add("lower", lowerLayer);
    const before = await bench.snapshot();
    await bench.add("upper", upperLayer, "lower");
    await bench.add("other", lowerLayer);
    const removeFiles = await files.remove(["other", "missing", "upper"]);
    assert.deepEqual(await files.ids(), ["lower"]);
    await removeFiles();
    assert.deepEqual(await bench.snapshot(), before);
  },

  async "takes the removal of what is not there"(bench) {
    const before = await bench.snapshot();
    await (await bench.files.remove(["missing"]))();
    assert.deepEqual(await bench.snapshot(), before);
  },

  async "takes an id again after its removal"(bench) {
    await bench.add("layer", upperLayer);
    const removeFiles = await bench.files.remove(["layer"]);
    await bench.add("layer", lowerLayer);
    await removeFiles();
    assert.deepEqual(await bench.files.ids(), ["layer"]);
    if (bench.traits.mounts) assertTree(bench, await bench.tree("layer"), lowerTree);
  },

  async "finds what a killed process left, and removes it"(bench) {
    const { abandon } = bench.fixture;
    if (abandon === undefined) return bench.skip("its fixture abandons no layer");
    const before = await bench.snapshot();
    await abandon();
    const found = await bench.files.leftovers();
    assert.equal(found.length, 1);
    for (const { path, why, remove } of found) {
      assert.match(path, /\S/);
      assert.match(why, /^[^\n]+$/);
      await remove();
    }
    assert.deepEqual(await bench.files.leftovers(), []);
    assert.deepEqual(await bench.snapshot(), before);
  },

  async "opens a layer's files for reading"(bench) {
    await bench.add("lower", lowerLayer);
    await bench.add("upper", upperLayer, "lower");
    assert.equal(await textOf(bench, "upper", "etc/hosts"), "127.0.0.1 other\n");
    assert.equal(await textOf(bench, "lower", "etc/hosts"), "127.0.0.1 localhost\n");
    assert.equal(await textOf(bench, "lower", "bin/tool-link"), "a tool");
    assert.equal(
      await textOf(bench, "upper", "bin/tool"),
      "a tool",
      "the parent's, where the layer has none",
    );
    const large = await bench.files.openFile("upper", name("large"));
    assert.ok(large);
    try {
      assert.equal(large.size, largeContent.length);
      assertBytes(readAll(large, 100_000), largeContent, "the large file");
      const end = new Uint8Array(100).fill(7);
      assert.equal(large.read(end, largeContent.length - 30), 30);
      assertBytes(end.subarray(0, 30), largeContent.subarray(-30), "the end of the large file");
      assert.deepEqual([...end.subarray(30)], Array(70).fill(7), "more was written than was read");
      assert.equal(large.read(end, largeContent.length), 0);
      assert.equal(large.read(end, largeContent.length + 1000), 0);
    } finally {
      large.close();
    }
  },

  async "opens files through links, none of which leads out of the layer"(bench) {
    await bench.add("links", [
      { name: "etc/", mode: 0o755 },
      { name: "etc/passwd", content: "of the layer" },
      { name: "deep/", mode: 0o755 },
      { name: "deep/up", type: "symlink", linkname: "../../../../../../../../../../etc" },
      { name: "absolute", type: "symlink", linkname: "/etc" },
      { name: "circle", type: "symlink", linkname: "circle" },
      { name: "outside", type: "symlink", linkname: "/proc/self/root/etc" },
      { rawName: Uint8Array.of(0xff, 0x2f), mode: 0o755 },
      { rawName: Uint8Array.of(0xff, 0x2f, 0xfe), content: "no UTF-8" },
    ]);
    const { files } = bench;
    for (const path of [
      "etc/passwd",
      "deep/up/passwd",
      "absolute/passwd",
      "../../../../etc/passwd",
      "/etc/passwd",
    ])
      assert.equal(await textOf(bench, "links", path), "of the layer", path);
    for (const path of ["circle/passwd", "outside/passwd", "absolute/hosts", "etc/passwd/x"])
      assert.equal(await files.openFile("links", name(path)), undefined, path);
    const file = await files.openFile("links", Uint8Array.of(0xff, 0x2f, 0xfe));
    assert.ok(file);
    assert.equal(Buffer.from(readAll(file, 10)).toString(), "no UTF-8");
    file.close();
  },

  async "opens nothing but regular files that are there"(bench) {
    await bench.add("lower", lowerLayer);
    await bench.add("upper", upperLayer, "lower");
    for (const path of [
      "missing",
      "etc",
      // Where owners are in an attribute, it is a file like others, and empty.
      ...(bench.traits.owners === "real" ? ["fifo"] : []),
      "etc/missing",
      "etc/old",
      "opt/gone/inner",
      "usr/lib/a.so",
      "",
    ]) {
      assert.equal(await bench.soon(opened(bench, "upper", path)), undefined, path);
    }
  },

  async "packs a layer anew"(bench) {
    await bench.add("lower", lowerLayer);
    await bench.add("upper", upperLayer, "lower");
    const lower = await collect(bench.files.diff("lower"));
    const upper = await collect(bench.files.diff("upper", { parent: "lower" }));
    if (bench.files.keepsTar === true) {
      assertBytes(lower, bytesOfLayer(lowerLayer), "the lower layer");
      assertBytes(upper, bytesOfLayer(upperLayer), "the upper layer");
      return;
    }
    await bench.add("lower-2", lower);
    await bench.add("upper-2", upper, "lower-2");
    assertTree(bench, await bench.tree("lower-2"), wholeSeconds(lowerTree));
    assertTree(bench, await bench.tree("upper-2"), wholeSeconds(upperTree));
  },

  async "packs what was written to a layer"(bench) {
    await writtenLayer(bench);
    const written = await bench.tree("written");
    await bench.add("written-2", await collect(bench.files.diff("written", { parent: "lower" })), "lower");
    // What was written is as old as the test.
    const untimed = [...written].map(([path, file]) => [path, { ...file, mtime: undefined }] as const);
    assertTree(bench, await bench.tree("written-2"), new Map(untimed));
  },

  async "tells what a layer changes"(bench) {
    await bench.add("lower", lowerLayer);
    await bench.add("upper", upperLayer, "lower");
    const lower = await sortedChanges(bench.files.changes("lower"));
    assert.deepEqual(
      lower.map(({ kind, path }) => `${kind} ${path}`),
      [...lowerTree.keys()].map((path) => `added /${path}`).sort(),
    );
    assert.deepEqual(await sortedChanges(bench.files.changes("upper", { parent: "lower" })), upperChanges);
  },

  async "tells what a layer changes against another than its parent"(bench) {
    await bench.add("lower", lowerLayer);
    await bench.add("upper", upperLayer, "lower");
    await bench.add("other", [...lowerLayer, { name: "other", content: "other" }]);
    await bench.files.create("top", "upper");
    const changes = await sortedChanges(bench.files.changes("top", { parent: "upper", against: "lower" }));
    assert.deepEqual(changes, upperChanges, "against the grandparent");
    const against = await sortedChanges(bench.files.changes("lower", { against: "other" }));
    assert.deepEqual(against, [{ kind: "removed", path: "/other", size: 0 }], "against a stranger");
  },

  async "counts the bytes that a layer adds"(bench) {
    await bench.add("lower", lowerLayer);
    await bench.add("upper", upperLayer, "lower");
    const lower = [6, 20, 3, largeContent.length, 5, 9, 9].reduce((sum, size) => sum + size);
    assert.equal(await bench.files.size("lower"), lower);
    assert.equal(await bench.files.size("upper", { parent: "lower" }), 16 + 3 + 9);
  },

  async "packs and compares nothing once the signal is aborted"(bench) {
    await bench.add("lower", lowerLayer);
    const signal = AbortSignal.abort();
    await rejectsAborted(collect(bench.files.diff("lower", { signal })), "diff");
    await rejectsAborted(sortedChanges(bench.files.changes("lower", { signal })), "changes");
  },
};

/** A layer `written` on `lower`, changed as a container would. */
async function writtenLayer(bench: DriverBench): Promise<void> {
  if (!bench.traits.mounts) return bench.skip("it mounts nothing");
  await bench.add("lower", lowerLayer);
  await bench.files.create("written", "lower");
  const path = await bench.files.mount("written");
  writeFileSync(join(path, "etc/hosts"), "written");
  writeFileSync(join(path, "etc/new"), "new");
  rmSync(join(path, "large"));
  rmSync(join(path, "opt"), { recursive: true });
  await bench.files.unmount("written");
}

function name(path: string): Uint8Array {
  return new TextEncoder().encode(path);
}

/** As a promise, whether the driver answers at once or not. */
async function opened({ files }: DriverBench, id: string, path: string): Promise<LayerFile | undefined> {
  return files.openFile(id, name(path));
}

async function textOf({ files }: DriverBench, id: string, path: string): Promise<string | undefined> {
  const file = await files.openFile(id, name(path));
  if (file === undefined) return undefined;
  try {
    return Buffer.from(readAll(file, 7)).toString();
  } finally {
    file.close();
  }
}

function readAll(file: LayerFile, step: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let position = 0;
  for (let count = -1; count !== 0; position += count) {
    const part = new Uint8Array(step);
    count = file.read(part, position);
    parts.push(part.subarray(0, count));
    assert.ok(position + count <= file.size, "more is read than there is");
  }
  return Buffer.concat(parts);
}

/** What is packed anew has no fractions of seconds. */
function wholeSeconds(tree: EdgeTree): EdgeTree {
  return new Map(
    [...tree].map(([path, { mtime, ...file }]) => [
      path,
      { ...file, mtime: mtime && { ...mtime, nanoseconds: 0 } },
    ]),
  );
}
