import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type RunOptions, type RunResult, runPeer } from "./run.ts";

export interface BuildahStore {
  /** Runs buildah on this store: `buildah(["from", "scratch"])`. */
  buildah(args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

export interface PodmanStore {
  /** Runs podman on this store: `podman(["load", "--input", archive])`. */
  podman(args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/**
 * A buildah with a store of its own below `folder`, where nothing of the user's or the machine's
 * configuration is read. `run` steps need `--isolation chroot`, which wants no runtime and no cgroup.
 */
export function buildahStore(folder: string): BuildahStore {
  const { flags, env } = storeIn(folder);
  return {
    buildah: (args, options) =>
      runPeer("buildah", [...flags, ...args], { ...options, env: { ...env, ...options?.env } }),
  };
}

/** A podman with a store of its own below `folder`. */
export function podmanStore(folder: string): PodmanStore {
  const { flags, env } = storeIn(folder);
  const engine = [
    "--cgroup-manager",
    "cgroupfs",
    "--events-backend",
    "file",
    "--tmpdir",
    path.join(folder, "tmp"),
  ];
  return {
    podman: (args, options) =>
      runPeer("podman", [...flags, ...engine, ...args], { ...options, env: { ...env, ...options?.env } }),
  };
}

interface Store {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

function storeIn(folder: string): Store {
  const home = path.join(folder, "home");
  const configuration = path.join(home, ".config", "containers");
  mkdirSync(configuration, { recursive: true });
  writeFileSync(path.join(configuration, "policy.json"), '{"default":[{"type":"insecureAcceptAnything"}]}\n');
  writeFileSync(path.join(configuration, "registries.conf"), "");
  const storage = ["--root", path.join(folder, "root"), "--runroot", path.join(folder, "run")];
  return {
    // vfs needs nothing of the kernel and leaves no mount behind.
    flags: [...storage, "--storage-driver", "vfs"],
    env: { HOME: home, BUILDAH_ISOLATION: "chroot" },
  };
}
