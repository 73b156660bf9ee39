import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Blob, streamBlob, temporaryFolder } from "@drayage/blob";
import { ioError } from "@drayage/errors";
import { compareTrees, packChanges } from "@drayage/pack";
import { unpackLayer } from "@drayage/unpack";
import type { Budget } from "./budget.ts";
import type { KeptBytes } from "./kept-bytes.ts";
import { fromBelow, type Layer, layerOf } from "./layer.ts";
import { readArchive } from "./read-archive.ts";

/** Layers that are shown as folders: copies, in a temporary folder. */
export interface Mounts {
  /** Gives the folder. */
  mount(id: string, layer: Layer, options: { readonly readOnly: boolean }): Promise<string>;
  /** Gives the layer with what was changed in the folder; undefined where nothing is kept. */
  unmount(id: string): Promise<Layer | undefined>;
  removeAll(): Promise<void>;
}

interface Mount {
  readonly layer: Layer;
  /** Holds the layer's folder, and what is needed beside it. */
  readonly place: string;
  readonly isKept: boolean;
}

export function createMounts(budget: Budget): Mounts {
  const mounts = new Map<string, Mount>();

  async function show(layer: Layer | undefined, folder: string): Promise<void> {
    await mkdir(folder, { mode: 0o755 });
    if (layer === undefined) return;
    for (const one of fromBelow(layer))
      await unpackLayer(archiveBlob(one), { root: folder, whiteouts: "apply" });
  }

  async function changedLayer({ layer, place }: Mount): Promise<Layer | undefined> {
    const newer = join(place, "merged");
    const older = join(place, "parent");
    await show(layer.parent, older);
    const changes = await compareTrees(newer, older);
    const tar = streamBlob(({ signal }) => packChanges(newer, changes, { signal }), {
      what: "what was changed",
    });
    const { archive } = await readArchive(tar, { budget });
    layer.archive.release();
    return layerOf(archive, layer.parent, true);
  }

  return {
    async mount(id, layer, { readOnly }) {
      const place = await mkdtemp(join(await temporaryFolder(), "drayage-memory-"));
      mounts.set(id, { layer, place, isKept: layer.isOpen && !readOnly });
      const folder = join(place, "merged");
      try {
        await show(layer, folder);
      } catch (error) {
        mounts.delete(id);
        await rm(place, { recursive: true, force: true });
        throw ioError(error, "show a layer", { path: folder });
      }
      return folder;
    },
    async unmount(id) {
      const mount = mounts.get(id);
      if (mount === undefined) return undefined;
      const layer = mount.isKept ? await changedLayer(mount) : undefined;
      mounts.delete(id);
      await rm(mount.place, { recursive: true, force: true });
      return layer;
    },
    async removeAll() {
      for (const [id, { place }] of mounts) {
        mounts.delete(id);
        await rm(place, { recursive: true, force: true });
      }
    },
  };
}

function archiveBlob({ archive }: Layer): Blob {
  return streamBlob(() => chunksOf(archive), { size: archive.size, what: "a layer in memory" });
}

async function* chunksOf(archive: KeptBytes): AsyncGenerator<Uint8Array, void, undefined> {
  for (const block of archive.blocks()) yield block;
}
