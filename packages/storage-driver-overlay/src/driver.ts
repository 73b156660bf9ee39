import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, ioError, throwIfAborted } from "@drayage/errors";
import {
  type CreateLayerOptions,
  type DriverPlace,
  type LayerFiles,
  type StorageDriver,
  storageDriverApiVersion,
  storageDriverBrand,
  temporaryPlaces,
} from "@drayage/storage";
import { requireSys } from "@drayage/sys";
import { checkParents } from "./check-parents.ts";
import type { Context } from "./context.ts";
import { createLayer } from "./create.ts";
import { layerChanges, layerSize, packLayer } from "./diff.ts";
import { overlayFacts } from "./facts.ts";
import { findLayer, layerIds, type OverlayHome, requireLayer } from "./home.ts";
import { leftovers } from "./leftovers.ts";
import { createLinkName } from "./link-name.ts";
import { overlayMarks } from "./marks.ts";
import { mendParents } from "./mend-parents.ts";
import { mountLayer, unmountLayer } from "./mount.ts";
import { noteMountProgram, readMountProgram } from "./mount-program.ts";
import { openLayerFile } from "./open-file.ts";
import { parseOptions } from "./options.ts";
import { requireStaging } from "./refusals.ts";
import { removeLayers } from "./remove.ts";
import { stageLayer } from "./stage.ts";
import { isInUserNamespace } from "./user-namespace.ts";

/** Layers that the kernel's overlay file system lays over each other, in the folders of containers/storage's driver. */
export function overlayDriver(): StorageDriver {
  return {
    [storageDriverBrand]: true,
    apiVersion: storageDriverApiVersion,
    name: "overlay",
    summary: "folders that the kernel lays over each other (Linux, as root or in a user namespace)",
    async open(place) {
      return layerFiles(openContext(place));
    },
  };
}

function openContext(place: DriverPlace): Context {
  throwIfAborted(place.signal, "open a store");
  const sys = requireSys("use the overlay driver");
  const options = parseOptions(place.options ?? {});
  const inUserNamespace = isInUserNamespace();
  const home: OverlayHome = {
    path: join(place.graphRoot, "overlay"),
    runPath: join(place.runRoot, "overlay"),
    others: (place.additionalStores ?? []).map((root) => join(root, "overlay")),
  };
  return {
    home,
    options,
    sys,
    inUserNamespace,
    marks: overlayMarks(sys, inUserNamespace ? "user" : "trusted"),
    mountProgram: readMountProgram(home.path),
  };
}

/** Before anything is written, not when a store is opened: reading one makes nothing. */
function makeHome(home: OverlayHome): void {
  try {
    ensureFolder(home.path, 0o700);
    ensureFolder(join(home.path, "l"), 0o755);
    ensureFolder(home.runPath, 0o700);
    ensureFolder(temporaryPlaces(home.path), 0o700);
    nameTemporaryPlaces(home);
    noteMountProgram(home.path);
  } catch (error) {
    throw ioError(error, "make the overlay driver's folders", { path: home.path });
  }
}

/**
 * containers/storage before 1.59 takes the folder for a layer, and gives up mending lost links, and with it the mount that it
 * needs them for, where a layer's folder has no file `link`.
 */
function nameTemporaryPlaces(home: OverlayHome): void {
  try {
    writeFileSync(join(temporaryPlaces(home.path), "link"), createLinkName(), { mode: 0o644, flag: "wx" });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}

function ensureFolder(path: string, mode: number): void {
  const made = mkdirSync(path, { recursive: true, mode });
  if (made !== undefined) chmodSync(path, mode);
}

function layerFiles(context: Context): LayerFiles {
  const { home } = context;
  return {
    independentLayers: true,
    requireStaging: () => requireStaging(context),
    stage: async (options) => {
      throwIfAborted(options?.signal, "stage a layer");
      makeHome(home);
      return stageLayer(context, options);
    },
    create: async (id: string, parent: string | undefined, options?: CreateLayerOptions) => {
      makeHome(home);
      return createLayer(context, id, { ...options, parent });
    },
    remove: async (ids) => removeLayers(context, ids),
    exists: async (id) => findLayer(home, id) !== undefined,
    ids: async () => layerIds(home),
    leftovers: async () => leftovers(context),
    mount: async (id, options) => {
      makeHome(home);
      return mountLayer(context, id, options);
    },
    unmount: async (id) => unmountLayer(context, id),
    openFile: (id, name) => openLayerFile(context, id, name),
    diff: (id, options) => packLayer(context, id, options),
    ownFolder: (id) => requireLayer(home, id).diff,
    changes: (id, options) => layerChanges(context, id, options),
    checkParents: async (layer) => checkParents(home, layer),
    mendParents: async (layers) => {
      makeHome(home);
      await mendParents(home, layers);
    },
    size: async (id, options) => layerSize(context, id, options),
    facts: async () => overlayFacts(context),
    // Nothing is kept open: what was mounted stays so.
    [Symbol.asyncDispose]: async () => {},
  };
}
