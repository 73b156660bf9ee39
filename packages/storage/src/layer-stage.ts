import type { Blob } from "@drayage/blob";
import { peekBlob } from "@drayage/blob";
import { detectCompression, magicLength } from "@drayage/compression";
import { DrayageError } from "@drayage/errors";
import { bigDataFileName } from "./big-data-name.ts";
import type { StoreCore } from "./core.ts";
import { createDisposal } from "./disposal.ts";
import type { StagedLayer, UnpackedLayer } from "./driver.ts";
import { clearLeftovers } from "./leftovers.ts";
import { compressionNumber, unlessEmpty } from "./records/formats.ts";
import type { LayerCompression } from "./records/types.ts";
import type { LayerStage, LayerToCommit, StageLayerOptions } from "./store.ts";
import { createTemporaryArea } from "./temporary-area.ts";

/** What a commit needs of a stage. */
export interface StageContents {
  readonly options: StageLayerOptions;
  readonly driverStage: StagedLayer;
  readonly unpacked: UnpackedLayer | undefined;
  readonly settled: boolean;
  /** Members of the layer's record that come from its bytes. */
  readonly members: Readonly<Record<string, unknown>>;
  /** A file, if there is one. */
  readonly tarSplit: string | undefined;
  /** A folder that becomes the layer's big data; keys in the order they came in. */
  readonly dataFolder: string | undefined;
  readonly dataKeys: readonly string[];
  /** The driver has its files in place: they are not the stage's any more. */
  committed(): void;
}

const contents = new WeakMap<LayerStage, () => StageContents>();
const driverStages = new WeakMap<LayerStage, StagedLayer>();

/** Throws `ERR_DRAYAGE_USAGE` for a stage that is committed or discarded, or that is none of ours. */
export function contentsOf(stage: LayerStage): StageContents {
  return (contents.get(stage) ?? refuse())();
}

/** Committed ones, too: another may stand on them. */
function driverStageOf(stage: LayerStage): StagedLayer {
  return driverStages.get(stage) ?? refuse();
}

function refuse(): never {
  throw new DrayageError("ERR_DRAYAGE_USAGE", "this layer was not staged by this package");
}

export async function stageLayer(core: StoreCore, options: StageLayerOptions = {}): Promise<LayerStage> {
  const { files, paths, layerFiles } = core;
  const { parent, signal } = options;
  await clearLeftovers(core);
  await using made = createDisposal();
  const area = made.use(createTemporaryArea(files, paths.temporary));
  const driverStage = made.use(await layerFiles.stage({ parent, signal }));
  const resources = made.move();

  const dataKeys: string[] = [];
  const dataFolder = area.next("data");
  const tarSplit = files.onDisk && !layerFiles.keepsTar ? area.next("tar-split.gz") : undefined;
  let state: "committed" | "discarded" | "open" = "open";
  let unpacked: UnpackedLayer | undefined;
  let members: Readonly<Record<string, unknown>> = {};
  let settled = false;

  const requireOpen = (): void => {
    if (state !== "open") throw new DrayageError("ERR_DRAYAGE_USAGE", `the staged layer is ${state} already`);
  };
  const dataFile = (key: string): string => {
    requireOpen();
    if (key === "") throw new DrayageError("ERR_DRAYAGE_NAME_INVALID", "big data needs a name");
    files.makeFolder(dataFolder);
    if (!dataKeys.includes(key)) dataKeys.push(key);
    return `${dataFolder}/${bigDataFileName(key)}`;
  };
  async function discard(): Promise<void> {
    if (state === "discarded") return;
    state = "discarded";
    await resources[Symbol.asyncDispose]();
  }

  const stage: LayerStage = {
    independent: layerFiles.independentLayers,
    get unpacked() {
      return unpacked;
    },
    async unpack(blob, unpackOptions = {}) {
      requireOpen();
      if (unpacked !== undefined)
        throw new DrayageError("ERR_DRAYAGE_USAGE", "the layer is unpacked already");
      await using known = await knowCompression(blob, unpackOptions.signal);
      unpacked = await driverStage.unpack(known.blob, { ...unpackOptions, tarSplitPath: tarSplit });
      members = membersOf(unpacked, known.compression);
      return unpacked;
    },
    bigDataFile: (key) => (files.onDisk ? dataFile(key) : undefined),
    keep: ({ key, bytes }) => files.write(dataFile(key), bytes),
    async settle(below: LayerToCommit | undefined) {
      requireOpen();
      if (settled) return;
      await driverStage.settle(typeof below === "object" ? driverStageOf(below) : below);
      settled = true;
    },
    discard,
    [Symbol.asyncDispose]: discard,
  };
  driverStages.set(stage, driverStage);
  contents.set(stage, () => {
    requireOpen();
    return {
      options,
      driverStage,
      unpacked,
      settled,
      members,
      tarSplit: unpacked === undefined ? undefined : tarSplit,
      dataFolder: dataKeys.length === 0 ? undefined : dataFolder,
      dataKeys,
      committed() {
        state = "committed";
      },
    };
  });
  return stage;
}

interface KnownBlob extends AsyncDisposable {
  readonly blob: Blob;
  readonly compression: LayerCompression;
}

/** A record tells how the blob was compressed, which a step that finds it out by itself does not. */
async function knowCompression(blob: Blob, signal: AbortSignal | undefined): Promise<KnownBlob> {
  const index = blob.steps.findIndex((step) => step.do === "inflate");
  const step = blob.steps[index];
  const nothing = async (): Promise<void> => undefined;
  if (step?.do !== "inflate") return { blob, compression: "none", [Symbol.asyncDispose]: nothing };
  if (step.algorithm !== undefined) {
    return { blob, compression: step.algorithm, [Symbol.asyncDispose]: nothing };
  }
  const { origin, steps, what } = blob;
  const peeked = await peekBlob({ origin, what, steps: steps.slice(0, index) }, magicLength, { signal });
  const algorithm = detectCompression(peeked.head);
  const before = steps.slice(0, index);
  const after = steps.slice(index + 1);
  return {
    blob: {
      ...blob,
      origin: peeked.blob.origin,
      steps:
        algorithm === undefined ? [...before, ...after] : [...before, { do: "inflate", algorithm }, ...after],
    },
    compression: algorithm ?? "none",
    [Symbol.asyncDispose]: () => Promise.resolve(peeked[Symbol.asyncDispose]()),
  };
}

function membersOf(
  { drained, uids, gids }: UnpackedLayer,
  compression: LayerCompression,
): Readonly<Record<string, unknown>> {
  const blob = drained.stages[0] ?? drained;
  return {
    "compressed-diff-digest": blob.digest,
    // Go leaves out a size of 0.
    "compressed-size": blob.size || undefined,
    "diff-digest": drained.digest,
    "diff-size": drained.size || undefined,
    compression: compressionNumber(compression),
    uidset: unlessEmpty(uids),
    gidset: unlessEmpty(gids),
  };
}
