import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "@drayage/storage";
import { loadSys } from "@drayage/sys";
import { openContainersStore } from "@drayage/transport-containers-storage";
import { type RunOptions, run } from "@drayage-internal/peers";
import { vi } from "vitest";

/** A store of a driver that we and the Go tools use, in a folder of its own. */
export interface SharedStore extends AsyncDisposable {
  readonly folder: string;
  readonly store: Store;
  at(...names: string[]): string;
  /** The text of `buildah.json`. */
  stateText(id: string): string;
  /** The records of containers.json. */
  records(): readonly ContainerJson[];
  buildah(args: readonly string[], options?: RunOptions): Promise<string>;
  podman(args: readonly string[], options?: RunOptions): Promise<string>;
}

export interface ContainerJson {
  readonly id: string;
  readonly names: readonly string[];
  readonly layer: string;
}

export async function sharedStore(driver: "overlay" | "vfs"): Promise<SharedStore> {
  const made = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
  // Buildah makes names of paths, and names have no capitals.
  const folder = made.replace(/[^/]*$/, (name) => name.toLowerCase());
  if (folder !== made) renameSync(made, folder);
  const at = (...names: string[]): string => join(folder, ...names);
  const configuration = at("home", ".config", "containers");
  mkdirSync(configuration, { recursive: true });
  writeFileSync(join(configuration, "policy.json"), '{"default":[{"type":"insecureAcceptAnything"}]}\n');
  writeFileSync(join(configuration, "registries.conf"), "");
  const place = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", driver];
  const engine = ["--cgroup-manager", "cgroupfs", "--events-backend", "file", "--tmpdir", at("tmp")];
  const env = { HOME: at("home") };
  const tool = async (name: string, args: readonly string[], options: RunOptions = {}): Promise<string> =>
    (await run(name, args, { ...options, env: { ...env, ...options.env } })).stdout.trim();
  // What the machine's configuration says is the same for all; the user's is nobody's.
  vi.stubEnv("HOME", at("home"));
  vi.stubEnv("XDG_CONFIG_HOME", undefined);
  const store = await openContainersStore({ graphRoot: at("root"), runRoot: at("run"), driver });
  return {
    folder,
    store,
    at,
    stateText: (id) =>
      readFileSync(at("root", `${driver}-containers`, id, "userdata", "buildah.json"), "utf8"),
    records: () =>
      JSON.parse(
        readFileSync(at("root", `${driver}-containers`, "containers.json"), "utf8"),
      ) as ContainerJson[],
    buildah: (args, options) => tool("buildah", [...place, ...args], options),
    podman: (args, options) => tool("podman", [...place, ...engine, ...args], options),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      vi.unstubAllEnvs();
      removeMounted(folder);
    },
  };
}

function removeMounted(folder: string): void {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.toReversed()) loadSys()?.unmount(point, { detach: true });
  rmSync(folder, { recursive: true, force: true });
}

/** What is another one in every container: IDs, names, times, and host names that are made up. */
export function withoutChance(text: string, record: ContainerJson): string {
  return text
    .replaceAll(record.id, "ID")
    .replaceAll(record.layer, "LAYER")
    .replaceAll(record.names[0] ?? "", "NAME")
    .replace(/"created":"[^"]*"/g, '"created":""')
    .replace(/"Hostname":"[0-9a-f]{12}"/g, '"Hostname":"made"');
}
