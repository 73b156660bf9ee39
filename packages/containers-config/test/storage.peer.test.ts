import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWithPeers, runPeer, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { driverOptions, readStorageSettings } from "../src/index.ts";

interface PodmanStore {
  readonly graphDriverName: string;
  readonly graphRoot: string;
  readonly runRoot: string;
  readonly graphOptions: Readonly<Record<string, string>>;
}

describeWithPeers("podman and drayage with one storage.conf", ["podman"], () => {
  const isRoot = process.geteuid?.() === 0;
  const files: Readonly<Record<string, string>> = {
    "roots and a driver": '[storage]\ndriver = "vfs"\ngraphroot = "$HOME/g"\nrunroot = "$HOME/run-$UID"\n',
    "options that are for another driver":
      '[storage]\ndriver = "vfs"\ngraphroot = "$HOME/g"\nrunroot = "$HOME/r"\nunknown = 1\n[storage.options.overlay]\nmountopt = "nodev"\n',
    "options of the driver":
      '[storage]\ndriver = "vfs"\ngraphroot = "$HOME/g"\nrunroot = "$HOME/r"\n[storage.options]\nignore_chown_errors = "false"\n[storage.options.vfs]\nignore_chown_errors = "true"\n',
  };

  for (const [what, text] of Object.entries(files)) {
    it.skipIf(!isRoot)(`see ${what} alike (podman without root would enter a user namespace)`, async () => {
      const folder = temporaryDirectory();
      const configuration = join(folder, "config", "containers");
      mkdirSync(configuration, { recursive: true });
      writeFileSync(join(configuration, "storage.conf"), text);
      const env = {
        HOME: folder,
        XDG_CONFIG_HOME: join(folder, "config"),
        CONTAINERS_STORAGE_CONF: undefined,
        STORAGE_DRIVER: undefined,
        STORAGE_OPTS: undefined,
      };
      const { stdout } = await runPeer(
        "podman",
        ["--tmpdir", join(folder, "tmp"), "--cgroup-manager", "cgroupfs", "info", "--format", "json"],
        { env },
      );
      const { store } = JSON.parse(stdout) as { readonly store: PodmanStore };
      const settings = await readStorageSettings({ env, machineFolders: [] });
      const prefixed = Object.entries(driverOptions(settings.options, "vfs")).map(
        ([name, value]) => [`vfs.${name}`, value] as const,
      );
      expect({
        graphDriverName: settings.driver,
        graphRoot: settings.graphRoot,
        runRoot: settings.runRoot,
        graphOptions: Object.fromEntries(prefixed),
      }).toEqual({
        graphDriverName: store.graphDriverName,
        graphRoot: store.graphRoot,
        runRoot: store.runRoot,
        graphOptions: store.graphOptions,
      });
    });
  }
});
