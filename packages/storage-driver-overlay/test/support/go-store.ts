import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PeerName, type RunOptions, type RunResult, runPeer } from "@drayage-internal/peers/run";

/** A store of the Go tools below a folder, where nothing of the machine's configuration is read. */
export interface GoStore {
  readonly graphRoot: string;
  readonly runRoot: string;
  run(peer: PeerName, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** What references and `containers-storage` call it. */
  readonly reference: string;
  /** The records of its layers, the base first. */
  layers(): readonly GoLayer[];
}

export interface GoLayer {
  readonly id: string;
  readonly parent?: string;
  readonly "diff-digest"?: string;
}

export function goStore(folder: string): GoStore {
  const graphRoot = join(folder, "root");
  const runRoot = join(folder, "run");
  const home = join(folder, "home");
  const configuration = join(folder, "storage.conf");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(folder, "registries.conf"), "");
  writeFileSync(join(folder, "policy.json"), '{"default":[{"type":"insecureAcceptAnything"}]}');
  writeFileSync(
    configuration,
    `[storage]\ndriver = "overlay"\ngraphroot = ${JSON.stringify(graphRoot)}\nrunroot = ${JSON.stringify(runRoot)}\n`,
  );
  const env = {
    HOME: home,
    CONTAINERS_STORAGE_CONF: configuration,
    CONTAINERS_REGISTRIES_CONF: join(folder, "registries.conf"),
    BUILDAH_ISOLATION: "chroot",
  };
  const own: Partial<Record<PeerName, readonly string[]>> = {
    "containers-storage": [],
    skopeo: ["--insecure-policy"],
    podman: ["--cgroup-manager", "cgroupfs", "--events-backend", "file", "--tmpdir", join(folder, "tmp")],
  };
  return {
    graphRoot,
    runRoot,
    reference: `containers-storage:[overlay@${graphRoot}+${runRoot}]`,
    run(peer, args, options) {
      const store =
        peer === "containers-storage"
          ? [
              args[0] ?? "",
              "--graph",
              graphRoot,
              "--run",
              runRoot,
              "--storage-driver",
              "overlay",
              ...args.slice(1),
            ]
          : [...(own[peer] ?? []), ...args];
      return runPeer(peer, store, { ...options, env: { ...env, ...options?.env } });
    },
    layers() {
      const records = JSON.parse(
        readFileSync(join(graphRoot, "overlay-layers", "layers.json"), "utf8"),
      ) as GoLayer[];
      const sorted: GoLayer[] = [];
      const visit = (record: GoLayer): void => {
        sorted.push(record);
        for (const child of records) if (child.parent === record.id) visit(child);
      };
      for (const record of records) if (record.parent === undefined) visit(record);
      return sorted;
    },
  };
}
