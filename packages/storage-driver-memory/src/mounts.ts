import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, utimes } from "node:fs/promises";
import { join } from "node:path";
import { type Blob, streamBlob, temporaryFolder } from "@drayage/blob";
import { ioError } from "@drayage/errors";
import { compareTrees, formatOverrideStat, overrideStatXattr, packChanges } from "@drayage/pack";
import { removeTree } from "@drayage/storage";
import { requireSys } from "@drayage/sys";
import { unpackLayer } from "@drayage/unpack";
import type { Budget } from "./budget.ts";
import { type ByteString, toBytes } from "./byte-string.ts";
import type { KeptBytes } from "./kept-bytes.ts";
import { fromBelow, type Layer, layerOf } from "./layer.ts";
import { readArchive } from "./read-archive.ts";
import type { FolderNode } from "./tree.ts";

/** Layers that are shown as folders: copies, in a temporary folder. */
export interface Mounts extends AsyncDisposable {
  /** Gives the folder, which is the same each time. */
  mount(id: string, layer: Layer, options: { readonly readOnly: boolean }): Promise<string>;
  /** Gives the layer with what was changed in the folder; undefined where nothing is kept. */
  unmount(id: string): Promise<Layer | undefined>;
}

interface Mount {
  readonly layer: Layer;
  readonly folder: string;
  /** Whether what is changed in the folder is the layer's. */
  readonly isKept: boolean;
}

/** Others than root cannot give files away, so that owners and modes are kept in an extended attribute. */
const isRoot = process.geteuid?.() === 0;
const folderMode = isRoot ? 0o555 : 0o755;
const asOwner = isRoot ? {} : ({ forceMask: folderMode, ownership: "none" } as const);

/** As the root of a layer without parent is. */
async function makeRoot(folder: string): Promise<void> {
  await mkdir(folder, { mode: folderMode });
  if (isRoot) return;
  const value = formatOverrideStat({ uid: 0, gid: 0, mode: 0o555, type: "directory", major: 0, minor: 0 });
  requireSys("show a layer as a folder").setXattr(folder, overrideStatXattr, value);
}

export function createMounts(budget: Budget): Mounts {
  const mounts = new Map<string, Mount>();
  let home: Promise<string> | undefined;

  async function pathOf(name: string): Promise<string> {
    home ??= temporaryFolder().then((folder) => mkdtemp(join(folder, "drayage-memory-")));
    return join(await home, name);
  }

  /** Makes a folder with the files of a layer and those below. */
  async function show(layer: Layer | undefined, folder: string): Promise<void> {
    await makeRoot(folder);
    for (const one of layer === undefined ? [] : fromBelow(layer)) {
      await unpackLayer(archiveBlob(one), { root: folder, whiteouts: "apply", ...asOwner });
    }
    if (layer !== undefined) await settleTimes(folder, layer.tree.root);
  }

  async function changedLayer({ layer, folder }: Mount): Promise<Layer> {
    const older = await pathOf(randomUUID());
    try {
      await show(layer.parent, older);
      const changes = await compareTrees(folder, older);
      const tar = streamBlob(({ signal }) => packChanges(folder, changes, { signal, overrideStat: true }), {
        what: "what was changed in a layer",
      });
      const { archive } = await readArchive(tar, { budget });
      layer.archive.release();
      return layerOf(archive, layer.parent, true);
    } finally {
      await removeTree(older);
    }
  }

  return {
    async mount(id, layer, { readOnly }) {
      const folder = await pathOf(id);
      if (mounts.has(id)) return folder;
      try {
        await show(layer, folder);
      } catch (error) {
        await removeTree(folder);
        throw ioError(error, "show a layer", { path: folder });
      }
      mounts.set(id, { layer, folder, isKept: layer.isOpen && !readOnly });
      return folder;
    },
    async unmount(id) {
      const mount = mounts.get(id);
      if (mount === undefined) return undefined;
      const layer = mount.isKept ? await changedLayer(mount) : undefined;
      mounts.delete(id);
      await removeTree(mount.folder);
      return layer;
    },
    async [Symbol.asyncDispose]() {
      mounts.clear();
      if (home !== undefined) await removeTree(await home);
      home = undefined;
    },
  };
}

/** Folders without an entry would be as old as the copy, and so another one each time. */
async function settleTimes(root: string, tree: FolderNode): Promise<void> {
  const folders: { readonly path: string; readonly node: FolderNode }[] = [{ path: "", node: tree }];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { path, node } = folder;
    const { seconds, nanoseconds } = node.attributes.mtime;
    if (seconds === 0 && nanoseconds === 0) await utimes(fsPath(root, path), 0, 0);
    for (const [name, child] of node.children) {
      if (child.type === "directory") folders.push({ path: `${path}/${name}`, node: child });
    }
  }
}

function fsPath(root: string, path: ByteString): Buffer {
  return Buffer.concat([Buffer.from(root), toBytes(path)]);
}

function archiveBlob({ archive }: Layer): Blob {
  return streamBlob(() => chunksOf(archive), { size: archive.size, what: "a layer in memory" });
}

async function* chunksOf(archive: KeptBytes): AsyncGenerator<Uint8Array, void, undefined> {
  for (const block of archive.blocks()) yield block;
}
