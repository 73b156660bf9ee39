import type { Blob } from "@drayage/blob";
import { bytesBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import type {
  DriverPlace,
  LayerFiles,
  StagedLayer,
  StageOptions,
  StorageDriver,
  UnpackedLayer,
} from "@drayage/storage";
import { orTimeout } from "../conformance/or-timeout.ts";
import { Skip } from "../conformance/skip.ts";
import type { FoundTree } from "../edge-layers/compare.ts";
import { readEdgeFolder } from "../edge-layers/read-folder.ts";
import { snapshotTree } from "../snapshot-tree.ts";
import { type LayerEntry, tarOf } from "./tar-of.ts";
import type { DriverCaseOptions, DriverFixture } from "./types.ts";

/** What a case works with: the driver, its layers, and ways to make some that clean up after themselves. */
export interface DriverBench {
  readonly driver: StorageDriver;
  readonly fixture: DriverFixture;
  readonly traits: {
    readonly mounts: boolean;
    readonly persistent: boolean;
    readonly owners: "real" | "attribute";
  };
  readonly place: DriverPlace;
  /** The place, opened once. */
  readonly files: LayerFiles;
  /** Opens the place once more. Closed after the case. */
  open(place?: Partial<DriverPlace>): Promise<LayerFiles>;
  /** Begins a layer. Discarded after the case. */
  stage(options?: StageOptions): Promise<StagedLayer>;
  /** Makes a layer of a tar, or of entries. */
  add(id: string, layer: LayerContent, parent?: string): Promise<UnpackedLayer>;
  /** All that a layer on its parents has. Ends the case where the driver mounts nothing. */
  tree(id: string): Promise<FoundTree>;
  /** What a folder holds, as a container would see it. */
  read(folder: string): FoundTree;
  /** All that is there, as data that can be compared. */
  snapshot(): Promise<unknown>;
  /** Settles as the promise does, or is rejected when it took too long. */
  soon<T>(promise: Promise<T>): Promise<T>;
  /** Ends the case: there is nothing to test. */
  skip(reason: string): never;
}

export type LayerContent = Uint8Array | readonly LayerEntry[];

export function bytesOfLayer(layer: LayerContent): Uint8Array {
  return layer instanceof Uint8Array ? layer : tarOf(layer);
}

export function blobOf(layer: LayerContent): Blob {
  const bytes = bytesOfLayer(layer);
  return bytesBlob(bytes, { digest: digestBytes(bytes) });
}

export async function createDriverBench(
  fixture: DriverFixture,
  { traits = {}, patience = 10_000 }: DriverCaseOptions,
): Promise<{ readonly bench: DriverBench; close(): Promise<void> }> {
  const { driver, graphRoot, runRoot, options } = fixture;
  const place: DriverPlace = { graphRoot, runRoot, options };
  const opened: AsyncDisposable[] = [];
  async function open(other: Partial<DriverPlace> = {}): Promise<LayerFiles> {
    const files = await driver.open({ ...place, ...other });
    opened.push(files);
    return files;
  }
  const files = await open();
  /** Makes what the driver makes when it is first needed, and keeps. */
  let settled: Promise<void> | undefined;
  async function settle(): Promise<void> {
    await using _staged = await files.stage();
  }

  const bench: DriverBench = {
    driver,
    fixture,
    place,
    files,
    traits: {
      mounts: traits.mounts ?? true,
      persistent: traits.persistent ?? true,
      owners: traits.owners ?? (process.geteuid?.() === 0 ? "real" : "attribute"),
    },
    open,
    async stage(stage) {
      const staged = await files.stage(stage);
      opened.push(staged);
      return staged;
    },
    async add(id, layer, parent) {
      const staged = await bench.stage({ parent });
      const unpacked = await staged.unpack(blobOf(layer));
      await staged.settle(parent);
      await staged.commit(id);
      return unpacked;
    },
    async tree(id) {
      if (!bench.traits.mounts) return bench.skip("it mounts nothing");
      const folder = await files.mount(id, { readOnly: true });
      try {
        return bench.read(folder);
      } finally {
        await files.unmount(id);
      }
    },
    read: (folder) => readEdgeFolder(folder, { overrideStat: bench.traits.owners === "attribute" }),
    async snapshot() {
      settled ??= settle();
      await settled;
      return fixture.snapshot?.() ?? snapshotTree(graphRoot);
    },
    soon: (promise) => orTimeout(promise, patience),
    skip(reason) {
      throw new Skip(reason);
    },
  };
  return {
    bench,
    async close() {
      for (const each of opened.reverse()) await orTimeout(each[Symbol.asyncDispose](), patience);
    },
  };
}
