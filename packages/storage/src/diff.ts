import { type Blob, fileBlob, inflated, openBlob, readUnverified, streamBlob } from "@drayage/blob";
import { reassembleTar } from "@drayage/tar/tar-split";
import { placeOf, type StoreCore } from "./core.ts";
import type { LayerDiffOptions } from "./driver.ts";
import { parentsOf } from "./layer-parents.ts";
import type { LayerRecord } from "./records/types.ts";
import type { OpenDiffOptions } from "./store.ts";

/** The layer's tar, whose digest and size are verified by whoever reads the blob, where the record knows them. */
export function diffBlob(core: StoreCore, layer: LayerRecord, options: OpenDiffOptions = {}): Blob {
  const { anyBytes, repack } = options;
  const name = `the layer ${layer.id.slice(0, 12)}`;
  const below = (): Pick<LayerDiffOptions, "parent" | "parents"> => ({
    parent: layer.parent,
    parents: parentsOf(core.catalog.view(), layer.id),
  });
  if (repack !== undefined) {
    return streamBlob(
      ({ signal, borrow }) => core.layerFiles.diff(layer.id, { ...below(), signal, repack, borrow }),
      { what: name, borrows: true },
    );
  }
  const tarSplit = placeOf(core, layer).tarSplit(layer.id);
  if (core.files.onDisk && core.files.exists(tarSplit)) {
    return streamBlob((options) => reassemble(core, layer, { tarSplit, what: name, ...options }), {
      ...(anyBytes ? {} : { digest: layer.diffDigest, size: layer.diffSize }),
      what: name,
      borrows: true,
    });
  }
  return streamBlob(({ signal }) => core.layerFiles.diff(layer.id, { ...below(), signal }), {
    ...(anyBytes ? {} : { digest: layer.diffDigest, size: layer.diffSize }),
    what: core.layerFiles.keepsTar ? name : `${name}, packed anew as it has no tar-split,`,
  });
}

export function openDiff(
  core: StoreCore,
  layer: LayerRecord,
  options: OpenDiffOptions = {},
): AsyncIterable<Uint8Array> {
  return openBlob(diffBlob(core, layer, options), { signal: options.signal });
}

interface ReassembleOptions {
  readonly tarSplit: string;
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
  readonly borrow?: boolean | undefined;
}

function reassemble(
  { layerFiles }: StoreCore,
  { id }: LayerRecord,
  { tarSplit, what, signal, borrow }: ReassembleOptions,
): AsyncIterable<Uint8Array> {
  const lines = readUnverified(
    inflated(fileBlob(tarSplit, { what: `the tar-split of ${what}` }), { algorithm: "gzip" }),
    {
      signal,
    },
  );
  return reassembleTar(lines, (name) => layerFiles.openFile(id, name), { signal, what, borrow });
}
