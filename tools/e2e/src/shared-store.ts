import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { openStore, type StorageDriver, type Store } from "@drayage/storage";
import { overlayDriver } from "@drayage/storage-driver-overlay";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { type RunOptions, type RunResult, runPeer } from "@drayage-internal/peers";
import { afterAll } from "vitest";
import { dray } from "./dray.ts";

export type DriverName = "overlay" | "vfs";

const drivers: Readonly<Record<DriverName, () => StorageDriver>> = { overlay: overlayDriver, vfs: vfsDriver };

/** A store in a folder of its own, for us and for the Go tools. */
export interface SharedStore {
  readonly driver: DriverName;
  readonly root: string;
  readonly run: string;
  /** `containers-storage:[…]name`, for skopeo. */
  reference(name: string): string;
  open(options?: { readonly additionalStores?: readonly string[] }): Promise<Store>;
  /** The built command: `dray(["images", "--quiet"])`. */
  dray(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** The same, for {@link startDray}. */
  drayArgs(args: readonly string[]): readonly string[];
  /** Variables with which nothing of the user's configuration is read. */
  readonly env: Readonly<Record<string, string>>;
  containersStorage(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  skopeo(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  buildah(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  podman(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** A JSON file of the store. */
  json(file: string): readonly Readonly<Record<string, unknown>>[];
}

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) {
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
});

export interface SharedStoreOptions {
  /** Made and removed by the caller; otherwise one is made, and removed with its mounts after all tests. */
  readonly folder?: string | undefined;
}

export function sharedStore(driver: DriverName, options: SharedStoreOptions = {}): SharedStore {
  const folder = options.folder ?? temporaryFolder();
  const root = path.join(folder, "root");
  const run = path.join(folder, "run");
  const env = ownConfiguration(folder);
  const engine = ["--root", root, "--runroot", run, "--storage-driver", driver];
  const podmanFlags = [
    "--cgroup-manager",
    "cgroupfs",
    "--events-backend",
    "file",
    "--tmpdir",
    path.join(folder, "tmp"),
  ];
  const withEnv = (options: RunOptions = {}): RunOptions => ({ ...options, env: { ...env, ...options.env } });
  const drayArgs = ([command = "", ...rest]: readonly string[]): readonly string[] => [
    command,
    ...engine,
    ...rest,
  ];
  return {
    driver,
    root,
    run,
    env,
    drayArgs,
    dray: (args, options) => dray(drayArgs(args), withEnv(options)),
    reference: (name) => `containers-storage:[${driver}@${root}+${run}]${name}`,
    open: (options = {}) =>
      openStore({ graphRoot: root, runRoot: run, driver: drivers[driver](), ...options }),
    containersStorage: (args, options) =>
      runPeer(
        "containers-storage",
        ["--graph", root, "--run", run, "--storage-driver", driver, ...args],
        withEnv(options),
      ),
    skopeo: (args, options) => runPeer("skopeo", ["--insecure-policy", ...args], withEnv(options)),
    buildah: (args, options) => runPeer("buildah", [...engine, ...args], withEnv(options)),
    podman: (args, options) => runPeer("podman", [...engine, ...podmanFlags, ...args], withEnv(options)),
    json: (file) => JSON.parse(readFileSync(path.join(root, file), "utf8")),
  };
}

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
  folders.push(folder);
  return folder;
}

/** Nothing of the user's or the machine's configuration is read. */
function ownConfiguration(folder: string): Readonly<Record<string, string>> {
  const home = path.join(folder, "home");
  const configuration = path.join(home, ".config", "containers");
  mkdirSync(configuration, { recursive: true });
  writeFileSync(path.join(configuration, "policy.json"), '{"default":[{"type":"insecureAcceptAnything"}]}\n');
  writeFileSync(path.join(configuration, "registries.conf"), "");
  return { HOME: home, BUILDAH_ISOLATION: "chroot" };
}

/** All that is mounted below a folder, the last first. */
export function unmountBelow(folder: string): void {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((place) => place.startsWith(`${folder}/`));
  for (const place of mounts.reverse()) spawnSync("umount", ["-l", place]);
}
