import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { isDrayageError } from "@drayage/errors";
import { reassembleTar } from "@drayage/tar/tar-split";
import { assertBytes } from "../conformance/assertions.ts";
import { edgeLayers } from "../edge-layers/all.ts";
import { type EdgeLayer, type EdgeRefusal, isRefusal } from "../edge-layers/types.ts";
import { assertTree, collect } from "./assertions.ts";
import { blobOf, type DriverBench } from "./bench.ts";
import type { DriverCaseBody } from "./case.ts";

export type EdgeCase = `layer: ${string}`;

/** That every layer which tools disagree about has the files that the image-spec gives it, whatever the driver. */
export const edgeCases: Readonly<Record<EdgeCase, DriverCaseBody>> = Object.fromEntries(
  edgeLayers.map((layer) => [`layer: ${layer.name}`, (bench: DriverBench) => takesOrRefuses(bench, layer)]),
);

async function takesOrRefuses(bench: DriverBench, layer: EdgeLayer): Promise<void> {
  const { tar, below, expected, stored } = layer;
  let parent: string | undefined;
  for (const [index, lower] of below.entries()) {
    await bench.add(`below-${index}`, lower, parent);
    parent = `below-${index}`;
  }
  if (isRefusal(expected)) return refuses(bench, { tar, parent }, expected);
  // What keeps the very tar that it took can give every tar back.
  if (stored !== undefined && bench.files.keepsTar !== true) return refuses(bench, { tar, parent }, stored);
  await gives(bench, { tar, parent });
  if (bench.traits.mounts) assertTree(bench, await bench.tree("layer"), expected);
}

interface Addition {
  readonly tar: Uint8Array;
  readonly parent: string | undefined;
}

async function refuses(bench: DriverBench, addition: Addition, { code, names }: EdgeRefusal): Promise<void> {
  const before = await bench.snapshot();
  await assert.rejects(addWithTarSplit(bench, addition), (error) => {
    assert.ok(isDrayageError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.includes(names), `this names no ${names}: ${error.message}`);
    return true;
  });
  assert.deepEqual(await bench.snapshot(), before, "what was refused left something");
}

/** The layer's bytes come back as they went in. */
async function gives(bench: DriverBench, addition: Addition): Promise<void> {
  const tarSplit = await addWithTarSplit(bench, addition);
  const again =
    tarSplit === undefined
      ? bench.files.diff("layer", { parent: addition.parent })
      : reassembleTar([tarSplit], (name) => bench.files.openFile("layer", name));
  assertBytes(await collect(again), addition.tar, "the tar that comes back");
}

/** Adds `layer`. Gives its tar-split, inflated, where the driver needs one. */
async function addWithTarSplit(
  bench: DriverBench,
  { tar, parent }: Addition,
): Promise<Uint8Array | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  const staged = await bench.stage({ parent });
  try {
    const tarSplitPath = bench.files.keepsTar === true ? undefined : join(folder, "tar-split.gz");
    await staged.unpack(blobOf(tar), { tarSplitPath });
    await staged.settle(parent);
    await staged.commit("layer");
    return tarSplitPath === undefined ? undefined : gunzipSync(readFileSync(tarSplitPath));
  } catch (error) {
    await staged.discard();
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
