import { closeSync, fstatSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { run } from "@drayage-internal/peers";
import type { TarSplitContent } from "../../src/tar-split.ts";

/** A store of containers/storage on vfs, which mounts nothing. */
export interface GoStore {
  /** Stores a layer without a parent, and gives its id. */
  importLayer(archive: Uint8Array): Promise<string>;
  tarSplit(id: string): Uint8Array;
  replaceTarSplit(id: string, json: string): void;
  /** The layer's tar as Go gives it back. */
  diff(id: string): Promise<Uint8Array>;
  /** One of the layer's files. */
  open(id: string, file: Uint8Array): TarSplitContent;
}

export function goStore(containersStorage: string, folder: string): GoStore {
  const root = path.join(folder, "root");
  // Nothing of the machine's configuration counts.
  const configuration = path.join(folder, "storage.conf");
  const places = { driver: "vfs", graphroot: root, runroot: path.join(folder, "run") };
  const settings = Object.entries(places).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  writeFileSync(configuration, `[storage]\n${settings.join("")}`);
  const env = { CONTAINERS_STORAGE_CONF: configuration, STORAGE_DRIVER: undefined, STORAGE_OPTS: undefined };
  const command = (args: readonly string[]): ReturnType<typeof run> => run(containersStorage, args, { env });
  const tarSplitFile = (id: string): string => path.join(root, "vfs-layers", `${id}.tar-split.gz`);
  return {
    async importLayer(archive) {
      const file = path.join(folder, "layer.tar");
      writeFileSync(file, archive);
      const { stdout } = await command(["import-layer", "--file", file]);
      return stdout.trim();
    },
    tarSplit: (id) => gunzipSync(readFileSync(tarSplitFile(id))),
    replaceTarSplit: (id, json) => writeFileSync(tarSplitFile(id), gzipSync(json)),
    async diff(id) {
      const { bytes } = await command(["diff", id]);
      return bytes;
    },
    open(id, file) {
      const fd = openSync(Buffer.concat([Buffer.from(`${root}/vfs/dir/${id}/`), file]), "r");
      return {
        size: fstatSync(fd).size,
        read: (buffer, position) => readSync(fd, buffer, 0, buffer.length, position),
        close: () => closeSync(fd),
      };
    },
  };
}
