import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DrayageError, ioError, throwIfAborted } from "@drayage/errors";
import { abandonedPlaces, type DriverPlace, type LayerFiles } from "@drayage/storage";
import { requireSys } from "@drayage/sys";
import { findLayer, layerIds, layersIn, requireLayer, type VfsHome } from "./home.ts";
import { changesOf, diffOf, sizeOf } from "./layer-changes.ts";
import { openFile } from "./open-file.ts";
import { parseOptions } from "./options.ts";
import { ownershipFor } from "./ownership.ts";
import { takeAway } from "./removal.ts";
import { stageLayer } from "./staged-layer.ts";

/** The layers of a graph root in the driver's way. @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_CONFIGURATION_INVALID` */
export async function openLayerFiles(place: DriverPlace): Promise<LayerFiles> {
  throwIfAborted(place.signal, "open a store");
  const options = parseOptions(place.options ?? {});
  const ownership = ownershipFor(options);
  const home: VfsHome = {
    path: join(place.graphRoot, "vfs"),
    others: (place.additionalStores ?? []).map((root) => join(root, "vfs")),
  };
  const settings = { home, options, ownership };

  return {
    independentLayers: false,
    async stage(stage = {}) {
      makeHome(home);
      return stageLayer(settings, stage);
    },
    async create(id, parent, create = {}) {
      makeHome(home);
      await using staged = await stageLayer(settings, {
        parent,
        uidMap: create.uidMap,
        gidMap: create.gidMap,
      });
      await staged.commit(id);
    },
    remove: async (ids) => takeAway(home, ids),
    exists: async (id) => findLayer(home, id) !== undefined,
    ids: async () => layerIds(home),
    leftovers: async () =>
      abandonedPlaces(requireSys("find what is left over"), home.path).map(({ path, remove }) => ({
        path,
        why: "the process that made or removed a layer here has ended",
        remove,
      })),
    async mount(id, { options: wanted = [] } = {}) {
      const refused = wanted.find((option) => option !== "ro");
      if (refused !== undefined) throw noMountOptions(refused);
      return requireLayer(home, id);
    },
    unmount: async () => undefined,
    openFile: (id, name) => openFile(requireLayer(home, id), name),
    diff: (id, diff = {}) => diffOf(home, id, diff),
    changes: (id, diff = {}) => changesOf(home, id, diff),
    size: (id, diff = {}) => sizeOf(home, id, diff),
    facts: async () => ({
      owners:
        ownership.kind === "real"
          ? "kept by the file system"
          : "kept in the attribute user.containers.override_stat",
    }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Before anything is written, not when a store is opened: reading one makes nothing. */
function makeHome({ path }: VfsHome): void {
  try {
    mkdirSync(layersIn(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}

function noMountOptions(option: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_STORE_UNSUPPORTED",
    `the vfs driver mounts nothing, so there is no mount option ${JSON.stringify(option)}`,
    { hint: "mount without options, or use the overlay driver" },
  );
}
