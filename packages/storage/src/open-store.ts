import path from "node:path";
import { DrayageError } from "@drayage/errors";
import { bigDataAsBlob, readBigData } from "./big-data.ts";
import { createCatalog } from "./catalog.ts";
import { commitImage } from "./commit-image.ts";
import { commitLayers } from "./commit-layers.ts";
import type { StoreCore } from "./core.ts";
import { createContainer, createLayer } from "./create.ts";
import { deleteContainer, deleteImage, deleteLayer } from "./delete.ts";
import { diffBlob, openDiff } from "./diff.ts";
import { type StorageDriver, storageDriverApiVersion, storageDriverBrand } from "./driver.ts";
import { editBigData, editFlag, editMetadata, editNames } from "./edit.ts";
import { folderFiles } from "./files/folder-files.ts";
import { memoryFiles } from "./files/memory-files.ts";
import type { StoreFiles } from "./files/store-files.ts";
import { refuseForeignStore } from "./foreign-store.ts";
import { holdLayers, readHolds } from "./holds.ts";
import { parentsOf } from "./layer-parents.ts";
import { stageLayer } from "./layer-stage.ts";
import { mountTarget, unmountTarget } from "./mount-target.ts";
import { readMounts } from "./mounts.ts";
import { type StorePaths, storePaths } from "./paths.ts";
import { prune } from "./prune.ts";
import type { RecordKind, RecordOf } from "./records/types.ts";
import { imageSize, layerSize } from "./sizes.ts";
import type { OpenStoreOptions, Store } from "./store.ts";
import { v1Chain } from "./v1-chain.ts";
import { requireRecord } from "./view/create.ts";

const defaultPatience = 10 * 60 * 1000;

/**
 * Opens a store. Its folders are made when something is written first.
 *
 * @throws `ERR_DRAYAGE_STORE_UNSUPPORTED` where the driver cannot work here; `ERR_DRAYAGE_IO` where the store is another user's; `ERR_DRAYAGE_PLUGIN_INVALID` for what is no driver
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { driver, driverOptions, additionalStores = [], signal, patience = defaultPatience } = options;
  requireDriver(driver);
  const { files, paths } = placeOfStore(options);
  if (files.onDisk) refuseForeignStore(paths);
  const layerFiles = await driver.open({
    graphRoot: paths.graphRoot,
    runRoot: paths.runRoot,
    options: driverOptions,
    additionalStores,
    signal,
  });
  const catalog = createCatalog({ files, paths, driver: driver.name, additionalStores });
  return storeOf({ files, paths, catalog, layerFiles, patience });
}

function placeOfStore({ graphRoot, runRoot, driver }: OpenStoreOptions): {
  readonly files: StoreFiles;
  readonly paths: StorePaths;
} {
  if (driver.inMemory === true) return { files: memoryFiles(), paths: storePaths("/", "/run", driver.name) };
  if (graphRoot === undefined || runRoot === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `the driver ${driver.name} needs a graph root and a run root`,
    );
  }
  for (const root of [graphRoot, runRoot]) {
    if (path.isAbsolute(root)) continue;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(root)} is no absolute path`);
  }
  return {
    files: folderFiles(),
    paths: storePaths(path.normalize(graphRoot), path.normalize(runRoot), driver.name),
  };
}

function requireDriver(driver: StorageDriver): void {
  if (driver[storageDriverBrand] !== true) {
    throw new DrayageError("ERR_DRAYAGE_PLUGIN_INVALID", "what was given as a storage driver is none");
  }
  if (driver.apiVersion !== storageDriverApiVersion) {
    throw new DrayageError(
      "ERR_DRAYAGE_PLUGIN_INVALID",
      `the storage driver ${driver.name} is made for version ${driver.apiVersion} of the contract, and this is version ${storageDriverApiVersion}`,
      { hint: "install versions of both that belong together" },
    );
  }
}

function storeOf(core: StoreCore): Store {
  const { files, paths, catalog, layerFiles } = core;
  const record = <K extends RecordKind>(kind: K, id: string): RecordOf[K] =>
    requireRecord(catalog.view(), kind, id);

  const store: Store = {
    graphRoot: files.onDisk ? paths.graphRoot : undefined,
    runRoot: files.onDisk ? paths.runRoot : undefined,
    driver: paths.driver,
    async read({ signal } = {}) {
      await catalog.load(signal);
      return catalog.view();
    },

    requireStaging: () => layerFiles.requireStaging?.(),
    stageLayer: (options) => stageLayer(core, options),
    commitLayers: (layers, options) => commitLayers(core, layers, options),
    createLayer: (layer = {}, options) => createLayer(core, layer, options),
    deleteLayer: (id, options) => deleteLayer(core, id, options),
    openDiff: (id, options) => openDiff(core, record("layer", id), options),
    diffBlob: (layer, options) => diffBlob(core, layer, options),
    ownFolder: (id) => core.layerFiles.ownFolder?.(id),
    changes: (id, options) => {
      const { parent } = record("layer", id);
      return layerFiles.changes(id, { ...options, parent, parents: parentsOf(catalog.view(), id) });
    },
    layerSize: async (id) => layerSize(core, record("layer", id)),

    commitImage: (image, options) => commitImage(core, image, options),
    deleteImage: (id, options) => deleteImage(core, id, options),
    async imageSize(id, options) {
      const view = catalog.view();
      return imageSize(core, { view, image: requireRecord(view, "image", id) }, options);
    },
    async v1Compatibility(id) {
      const view = catalog.view();
      return v1Chain(core, view, requireRecord(view, "image", id));
    },

    createContainer: (container = {}, options) => createContainer(core, container, options),
    deleteContainer: (id, options) => deleteContainer(core, id, options),
    containerSize: async (id) => layerSize(core, record("layer", record("container", id).layer)),
    async containerFolder(id, which = "graph") {
      record("container", id);
      const root = which === "graph" ? paths.folder("container") : paths.runFolder("container");
      const folder = path.join(root, id, "userdata");
      files.makeFolder(folder);
      return folder;
    },

    setNames: (kind, id, names, options) => editNames(core, { kind, id }, { ...options, how: "set", names }),
    addNames: (kind, id, names, options) => editNames(core, { kind, id }, { ...options, how: "add", names }),
    removeNames: (kind, id, names, options) =>
      editNames(core, { kind, id }, { ...options, how: "remove", names }),
    setMetadata: (kind, id, metadata, options) => editMetadata(core, { kind, id, ...options }, metadata),
    setFlag: (kind, id, flag, options) => editFlag(core, { kind, id, ...options }, flag),
    bigData: async (kind, id, key, options) => readBigData(core, record(kind, id), { key, ...options }),
    bigDataBlob: async (kind, id, key) => bigDataAsBlob(core, record(kind, id), key),
    setBigData: (kind, id, item, options) => editBigData(core, { kind, id, ...options }, item),

    mount: (target, options) => mountTarget(core, target, options),
    unmount: (target, options) => unmountTarget(core, target, options),
    mounts: async () => readMounts(core),

    hold: (ids, options) => holdLayers(core, ids, options),
    holds: async () => readHolds(core),
    lockDigest: (digest, options = {}) =>
      files.acquire(paths.digestLock(digest), "write", { ...options, patience: core.patience }),
    // Rarely wanted, and much to load.
    check: async (options) => (await import("./check.ts")).checkStore(core, options),
    repair: async (report, options) => (await import("./repair.ts")).repairStore(core, report, options),
    prune: (options) => prune(core, options),
    async facts() {
      const view = catalog.view();
      const counts = {
        images: String(view.images.length),
        layers: String(view.layers.length),
        containers: String(view.containers.length),
      };
      return {
        driver: paths.driver,
        "graph root": paths.graphRoot,
        "run root": paths.runRoot,
        ...counts,
        ...(await layerFiles.facts()),
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(layerFiles[Symbol.asyncDispose]()),
  };
  return Object.freeze(store);
}
