import type { Blob } from "@drayage/blob";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import {
  type CreateLayerOptions,
  type DriverPlace,
  type LayerDiffOptions,
  type LayerFiles,
  type StagedLayer,
  type StageOptions,
  type StorageDriver,
  storageDriverApiVersion,
  storageDriverBrand,
  type UnpackStagedOptions,
} from "@drayage/storage";
import { fileAt } from "./apply-layer.ts";
import { Budget } from "./budget.ts";
import { toByteString } from "./byte-string.ts";
import { compareTrees, layerChange, ownSize, type TreeChange } from "./changes.ts";
import { emptyArchive, type Layer, layerOf } from "./layer.ts";
import { createMounts } from "./mounts.ts";
import { packChanges } from "./pack-changes.ts";
import { type Archive, readArchive } from "./read-archive.ts";

export interface MemoryDriverOptions {
  /** How many bytes the archives of all layers of one store may have; 1 GiB where absent. What is known of their files comes on top. */
  readonly limit?: number | undefined;
}

const defaultLimit = 1024 ** 3;

/** Layers in this process's memory. Each store that is opened begins without any. */
export function createMemoryDriver(options: MemoryDriverOptions = {}): StorageDriver {
  const { limit = defaultLimit } = options;
  return {
    [storageDriverBrand]: true,
    apiVersion: storageDriverApiVersion,
    name: "memory",
    inMemory: true,
    summary: "this process's memory: for tests and pipelines",
    async open(place) {
      throwIfAborted(place.signal, "open a store");
      refuseOthers(place);
      return layerFiles(new Budget(limit));
    },
  };
}

/** {@link createMemoryDriver} without options. */
export const memoryDriver: StorageDriver = createMemoryDriver();

function refuseOthers({ additionalStores = [] }: DriverPlace): void {
  if (additionalStores.length === 0) return;
  throw unsupported("a store in memory cannot stand on additional stores");
}

function refuseMaps({ uidMap = [], gidMap = [] }: CreateLayerOptions | StageOptions): void {
  if (uidMap.length === 0 && gidMap.length === 0) return;
  throw unsupported("layers in memory have the owners of their archives: there are no owner maps");
}

function unsupported(message: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_STORE_UNSUPPORTED", message, {
    hint: "use the driver overlay or vfs",
  });
}

/** Layers that can be mounted have folders, which are called as they are. */
function requireName(id: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(id)) return;
  throw new DrayageError("ERR_DRAYAGE_NAME_INVALID", `${JSON.stringify(id)} cannot be the id of a layer`);
}

function layerFiles(budget: Budget): LayerFiles {
  const layers = new Map<string, Layer>();
  /** Layers of one store know each other. */
  const settledLayers = new WeakMap<StagedLayer, () => Layer>();
  const mounts = createMounts(budget);

  function requireLayer(id: string): Layer {
    const layer = layers.get(id);
    if (layer !== undefined) return layer;
    throw new DrayageError(
      "ERR_DRAYAGE_LAYER_NOT_FOUND",
      `the store in memory has no layer ${JSON.stringify(id)}`,
    );
  }

  function parentOf(parent: string | StagedLayer | undefined): Layer | undefined {
    if (parent === undefined) return undefined;
    if (typeof parent === "string") return requireLayer(parent);
    const settled = settledLayers.get(parent);
    if (settled !== undefined) return settled();
    throw new DrayageError("ERR_DRAYAGE_USAGE", "the parent is staged by another driver");
  }

  function put(id: string, layer: Layer): void {
    requireName(id);
    layers.get(id)?.archive.release();
    layers.set(id, layer);
  }

  function stage(options: StageOptions = {}): StagedLayer {
    throwIfAborted(options.signal, "stage a layer");
    refuseMaps(options);
    let state: "made" | "unpacking" | "unpacked" | "settled" | "committed" | "discarded" = "made";
    let archive: Archive | undefined;
    let layer: Layer | undefined;

    function expect(...states: readonly (typeof state)[]): void {
      if (states.includes(state)) return;
      throw new DrayageError(
        "ERR_DRAYAGE_USAGE",
        `a staged layer that is ${state} cannot be used in this way`,
      );
    }

    /** While something else was waited for. */
    const wasDiscarded = (): boolean => state === "discarded";

    async function unpack(blob: Blob, { signal, onBytes }: UnpackStagedOptions = {}) {
      expect("made");
      state = "unpacking";
      const found = await readArchive(blob, { budget, signal: signal ?? options.signal, onBytes });
      archive = found.archive;
      if (wasDiscarded()) archive.bytes.release();
      else state = "unpacked";
      return { drained: found.drained, uids: archive.uids, gids: archive.gids };
    }

    async function settle(parent: string | StagedLayer | undefined): Promise<void> {
      expect("made", "unpacked");
      const isOpen = archive === undefined;
      archive ??= emptyArchive(budget);
      layer = layerOf(archive, parentOf(parent), isOpen);
      // The tree has what is needed of them.
      archive = { ...archive, entries: [] };
      state = "settled";
    }

    async function commit(id: string): Promise<void> {
      expect("settled");
      if (layer !== undefined) put(id, layer);
      state = "committed";
    }

    async function discard(): Promise<void> {
      if (state === "committed") return;
      state = "discarded";
      archive?.bytes.release();
    }

    const staged: StagedLayer = { unpack, settle, commit, discard, [Symbol.asyncDispose]: discard };
    settledLayers.set(staged, () => {
      expect("settled", "committed");
      if (layer === undefined) throw new TypeError("a settled layer is there");
      return layer;
    });
    return staged;
  }

  function changesOf(id: string, { against, signal }: LayerDiffOptions): readonly TreeChange[] {
    throwIfAborted(signal, "compare layers");
    const layer = requireLayer(id);
    const other = against === undefined ? layer.parent : requireLayer(against);
    return compareTrees(layer.tree.root, other?.tree.root);
  }

  async function* diff(id: string, options: LayerDiffOptions = {}): AsyncIterable<Uint8Array> {
    const { against, signal } = options;
    throwIfAborted(signal, "read a layer");
    const layer = requireLayer(id);
    if (against !== undefined && requireLayer(against) !== layer.parent) {
      yield* packChanges(changesOf(id, options), signal);
      return;
    }
    for (const block of layer.archive.blocks()) {
      throwIfAborted(signal, "read a layer");
      // A copy: what is given away may be changed.
      yield block.slice();
    }
  }

  return {
    independentLayers: true,
    keepsTar: true,
    stage: async (options) => stage(options),
    async create(id, parent, options = {}) {
      requireName(id);
      refuseMaps(options);
      put(id, layerOf(emptyArchive(budget), parentOf(parent), true));
    },
    async remove(ids) {
      for (const id of ids) {
        layers.get(id)?.archive.release();
        layers.delete(id);
      }
      return async () => undefined;
    },
    exists: async (id) => layers.has(id),
    ids: async () => [...layers.keys()],
    // Whatever a process leaves in its memory is gone with it.
    leftovers: async () => [],
    mount: async (id, { readOnly = false } = {}) => mounts.mount(id, requireLayer(id), { readOnly }),
    async unmount(id) {
      const changed = await mounts.unmount(id);
      if (changed !== undefined && layers.has(id)) layers.set(id, changed);
    },
    async openFile(id, name) {
      const node = fileAt(requireLayer(id).tree, toByteString(name));
      const content = node?.type === "file" ? node.content : undefined;
      return content && { size: content.size, read: content.read, close: () => undefined };
    },
    diff,
    async *changes(id, options = {}) {
      yield* changesOf(id, options).map(layerChange);
    },
    size: async (id) => ownSize(requireLayer(id).tree),
    facts: async () => ({
      Layers: String(layers.size),
      "Bytes kept": String(budget.used),
      "Bytes at most": String(budget.limit),
    }),
    async [Symbol.asyncDispose]() {
      await mounts[Symbol.asyncDispose]();
      layers.clear();
    },
  };
}
