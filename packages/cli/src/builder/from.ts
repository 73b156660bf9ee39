import type { Isolation, RuntimeOptions } from "@drayage/builder";
import type { DrayContext } from "../context.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { ContainerFlags } from "./container-flags.ts";
import { createContainer } from "./create-container.ts";
import type { FromFlags } from "./from.command.ts";
import { formatOf } from "./image-format.ts";
import { isolationOf } from "./isolation.ts";
import { withMeantPlace } from "./meant-instead.ts";
import { pullPolicy } from "./pull-policy.ts";
import { refuseLateFlags, said, saidWhile } from "./said.ts";

/** `buildah from` */
export async function from(this: DrayContext, flags: FromFlags, ...words: string[]): Promise<void> {
  const [image] = words;
  if (image === undefined) throw said('an image name (or "scratch") must be specified');
  refuseLateFlags(words);
  if (words.length > 1) throw said("too many arguments specified");
  refuseUserNamespaces(flags);
  const pull = pullPolicy(flags, this);
  const format = formatOf(this, flags.format);
  const runtime = runtimeOf(flags, isolationOf(this, flags.isolation));
  await using store = await openLocalStore(this, flags);
  try {
    const container = await createContainer(
      this,
      { store, flags },
      { from: image, name: flags.name, suffix: flags.suffix, pull, format, cidFile: flags.cidfile, runtime },
    );
    this.process.stdout.write(`${container.name}\n`);
  } catch (error) {
    if (isNameTaken(error)) throw saidWhile("creating container", error);
    throw await withMeantPlace(this, { text: image, error, plugins: flags.plugin });
  }
}

function isNameTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_DRAYAGE_NAME_TAKEN";
}

function refuseUserNamespaces(flags: ContainerFlags): void {
  if (flags.userns !== undefined && !["", "host"].includes(flags.userns)) {
    throw said("--userns: a container with mapped users is not supported");
  }
}

function runtimeOf(flags: FromFlags, isolation: Isolation | undefined): RuntimeOptions {
  return {
    isolation,
    capAdd: flags.capAdd,
    capDrop: flags.capDrop,
    network: flags.network,
    ipc: flags.ipc,
    pid: flags.pid,
    uts: flags.uts,
    cgroup: flags.cgroupns,
    addHosts: flags.addHost,
    dns: flags.dns,
    dnsOptions: flags.dnsOption,
    dnsSearch: flags.dnsSearch,
    cgroupParent: flags.cgroupParent,
    cpuPeriod: flags.cpuPeriod,
    cpuQuota: flags.cpuQuota,
    cpuShares: flags.cpuShares,
    cpusetCpus: flags.cpusetCpus,
    cpusetMems: flags.cpusetMems,
    memory: bytesOf("memory", flags.memory),
    memorySwap: flags.memorySwap === "-1" ? -1 : bytesOf("memory-swap", flags.memorySwap),
    shmSize: flags.shmSize,
    ulimits: flags.ulimit,
    volumes: flags.volume,
    securityOptions: flags.securityOpt,
    devices: flags.device,
    httpProxy: flags.httpProxy,
    hooksDirs: flags.hooksDir,
    cniPluginPath: flags.cniPluginPath,
    cniConfigDir: flags.cniConfigDir,
    defaultMountsFile: flags.defaultMountsFile,
  };
}

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
};

/** `512m`, in powers of 1024. */
function bytesOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const parts = /^(\d{1,15})(?:\.(\d+))?\s?([bkmgt]?)(?:i?b)?$/i.exec(text);
  const unit = units[(parts?.[3] ?? "").toLowerCase()];
  if (parts === null || unit === undefined) {
    throw said(
      `invalid value for ${flag}: invalid size: ${JSON.stringify(text)}`,
      "bytes, or a number with b, k, m, g or t: 512m",
    );
  }
  return Math.trunc(Number(`${parts[1]}.${parts[2] ?? "0"}`) * unit);
}
