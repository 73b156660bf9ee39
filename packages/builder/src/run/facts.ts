import { isAbsolute } from "node:path";
import type {
  CapabilityOptions,
  ContainerDevice,
  DnsOptions,
  HostsOptions,
  NamespaceChoice,
  NamespaceChoices,
  Network,
  ResourceLimits,
} from "@drayage/run";
import type { BuilderState } from "../state/state.ts";
import { notServed } from "./not-served.ts";
import { writtenDevice } from "./written-device.ts";

/** What a container's `buildah.json` says of its commands, in our words. What another buildah wrote may lack any of it. */
export interface RunFacts {
  readonly network: Network | undefined;
  readonly capabilities: CapabilityOptions["base"];
  readonly hosts: HostsOptions | false;
  readonly dns: DnsOptions | false;
  readonly httpProxy: boolean;
  readonly seccomp: string | undefined;
  readonly shmSize: string | undefined;
  readonly ulimits: readonly string[];
  /** `source:destination[:options]` */
  readonly volumes: readonly string[];
  readonly resources: ResourceLimits;
  readonly cgroupParent: string | undefined;
  readonly devices: readonly ContainerDevice[];
  readonly apparmor: string | undefined;
  readonly namespaces: NamespaceChoices;
  readonly hooksDirs: readonly string[];
  /** What the container wants and no command here can have, as sentences. */
  readonly warnings: readonly string[];
}

const [networkDisabled, networkEnabled] = [1, 2];

export function runFacts({ document }: BuilderState): RunFacts {
  const common = objectOf(document.CommonBuildOpts);
  const capabilities = texts(document.Capabilities);
  const servers = texts(common.DNSServers);
  const namespaces = namespacesOf(document);
  const noDns = servers.length === 1 && servers[0]?.toLowerCase() === "none";
  return {
    network: networkOf(document, namespaces),
    capabilities: Array.isArray(document.Capabilities) ? capabilities : undefined,
    hosts: common.NoHosts === true ? false : { add: texts(common.AddHost) },
    dns: noDns ? false : { servers, searches: texts(common.DNSSearch), options: texts(common.DNSOptions) },
    httpProxy: common.HTTPProxy === true,
    seccomp: text(common.SeccompProfilePath),
    shmSize: sizeOf(text(common.ShmSize)),
    ulimits: texts(common.Ulimit),
    volumes: texts(common.Volumes),
    resources: resourcesOf(common),
    cgroupParent: text(common.CgroupParent),
    devices: list(document.Devices).map(writtenDevice),
    apparmor: text(common.ApparmorProfile),
    namespaces: {
      ipc: choiceOf(namespaces.get("ipc")),
      uts: choiceOf(namespaces.get("uts")),
      cgroup: choiceOf(namespaces.get("cgroup")),
    },
    hooksDirs: texts(common.OCIHooksDir),
    warnings: notServed(namespaces, texts(common.LabelOpts)),
  };
}

/** Zero and an empty text say nothing (define.CommonBuildOptions). */
function resourcesOf(common: Readonly<Record<string, unknown>>): ResourceLimits {
  const number = (name: string): number | undefined => {
    const value = common[name];
    return typeof value === "number" && value !== 0 ? value : undefined;
  };
  return {
    memory: number("Memory"),
    memorySwap: number("MemorySwap"),
    cpuPeriod: number("CPUPeriod"),
    cpuQuota: number("CPUQuota"),
    cpuShares: number("CPUShares"),
    cpusetCpus: text(common.CPUSetCPUs),
    cpusetMems: text(common.CPUSetMems),
  };
}

/** In bytes where it is written as the kernel does not read it: `1.5g`, `64 MB`. Units are powers of 1024 (go-units). */
function sizeOf(size: string | undefined): string | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(size ?? "") ?? [];
  if (number === undefined || /^\d+[kmg]?$/i.test(size ?? "")) return size;
  return String(Math.trunc(Number(number) * 1024 ** " kmgtp".indexOf(unit.toLowerCase() || " ")));
}

/** A namespace of `NamespaceOptions`. */
export interface WrittenNamespace {
  readonly Host?: unknown;
  readonly Path?: unknown;
}

function namespacesOf(document: BuilderState["document"]): ReadonlyMap<unknown, WrittenNamespace> {
  return new Map(list(document.NamespaceOptions).map((option) => [option.Name, option]));
}

function choiceOf(option: WrittenNamespace | undefined): NamespaceChoice | undefined {
  if (option === undefined) return undefined;
  if (option.Host === true) return "host";
  const path = text(option.Path);
  return path === undefined ? "private" : { path };
}

function list(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

/** Undefined where nothing was asked for: every container's file has a network of its own. */
function networkOf(
  document: BuilderState["document"],
  namespaces: ReturnType<typeof namespacesOf>,
): Network | undefined {
  if (document.ConfigureNetwork === networkDisabled) return "none";
  const network = namespaces.get("network");
  if (network?.Host === true) return "host";
  const path = text(network?.Path);
  if (path !== undefined && isAbsolute(path)) return { path };
  return network !== undefined && document.ConfigureNetwork === networkEnabled ? "private" : undefined;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
