import { writeFileSync } from "node:fs";
import path from "node:path";
import { run, temporaryDirectory } from "@drayage-internal/peers";

/** A store of containers/storage of one's own. */
export interface GoStore {
  /** Stores a layer, and gives its id; undefined where that fails. */
  importLayer(archive: Uint8Array, parent: string | undefined): Promise<string | undefined>;
  /** Calls with the folder that shows the layer on its parents. */
  withFolder<T>(id: string, use: (folder: string) => T): Promise<T>;
  /** The layer's tar as Go gives it back; undefined where that fails. */
  diff(id: string): Promise<Uint8Array | undefined>;
  /** Leaves no mount behind. */
  close(): Promise<void>;
}

export function goStore(containersStorage: string, driver: "vfs" | "overlay"): GoStore {
  const folder = temporaryDirectory();
  const configuration = path.join(folder, "storage.conf");
  const root = path.join(folder, "root");
  const settings = { driver, graphroot: root, runroot: path.join(folder, "run") };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  writeFileSync(configuration, `[storage]\n${lines.join("")}`);
  // Nothing of the machine's configuration counts.
  const env = { CONTAINERS_STORAGE_CONF: configuration, STORAGE_DRIVER: undefined, STORAGE_OPTS: undefined };
  const command = (args: readonly string[], mayFail = false): ReturnType<typeof run> =>
    run(containersStorage, args, { env, mayFail });
  return {
    async importLayer(archive, parent) {
      const file = path.join(folder, "layer.tar");
      writeFileSync(file, archive);
      const args = ["import-layer", "--file", file, ...(parent === undefined ? [] : [parent])];
      const { code, stdout } = await command(args, true);
      return code === 0 ? stdout.trim() : undefined;
    },
    async withFolder(id, use) {
      if (driver === "vfs") return use(path.join(root, "vfs", "dir", id));
      const { stdout } = await command(["mount", id]);
      try {
        return use(stdout.trim());
      } finally {
        await command(["unmount", id]);
      }
    },
    async diff(id) {
      const { code, bytes } = await command(["diff", id], true);
      return code === 0 ? bytes : undefined;
    },
    async close() {
      await command(["shutdown", "--force"], true);
      // With a mount of its own on itself the overlay's folder could not be removed.
      await run("umount", ["--recursive", "--lazy", "--quiet", path.join(root, driver)], { mayFail: true });
    },
  };
}
