import { statfsSync } from "node:fs";
import os from "node:os";
import { run } from "@drayage-internal/peers/run";
import { type BenchPeer, findBenchPeer } from "./peers.ts";

/** Where and when figures were taken. It names no host, user or path. */
export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** What DRAYAGE_ENGINE said, where it was set. */
  readonly engine?: string | undefined;
  /** The kind of file system that all was read from and written to. */
  readonly fileSystem: string;
  readonly peers: Readonly<Record<string, string>>;
}

// Of linux/magic.h.
const fileSystems: Readonly<Record<string, string>> = {
  ef53: "ext4",
  "9123683e": "btrfs",
  "58465342": "xfs",
  "1021994": "tmpfs",
  "794c7630": "overlay",
};

export async function describeMachine(peers: Iterable<BenchPeer>): Promise<Machine> {
  const versions = await Promise.all([...new Set(peers)].sort().map(versionOf));
  const kind = statfsSync(os.tmpdir()).type.toString(16);
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: os.cpus()[0]?.model.trim() ?? "unknown",
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    system: `${os.type()} ${os.machine()}`,
    node: process.versions.node,
    engine: process.env.DRAYAGE_ENGINE,
    fileSystem: fileSystems[kind] ?? `of kind ${kind}`,
    peers: Object.fromEntries(versions.flat()),
  };
}

/** The machine in a sentence. */
export function machineText({ date, processor, cores, memoryBytes, system, node, ...rest }: Machine): string {
  const memory = Math.round(memoryBytes / 1024 ** 3);
  const peers = Object.entries(rest.peers).map(([name, version]) => `${name} ${version}`);
  const engine = rest.engine === undefined ? [] : [`DRAYAGE_ENGINE=${rest.engine}`];
  return [
    `${date}: ${cores} cores (${processor}), ${memory} GiB, ${system}, ${rest.fileSystem}`,
    `Node ${node}`,
    ...engine,
    ...peers,
  ].join(", ");
}

/** The first number with a dot in what the peer says of its version. */
async function versionOf(name: BenchPeer): Promise<[string, string][]> {
  const binary = findBenchPeer(name);
  if (binary === undefined) return [];
  const { stdout, stderr } = await run(binary, [name === "openssl" ? "version" : "--version"], {
    mayFail: true,
  });
  const version = /\d+(?:\.\d+)+/.exec(stdout + stderr)?.[0];
  return [[name, version ?? "of unknown version"]];
}
