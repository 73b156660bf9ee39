import type { FlagParametersForType } from "@stricli/core";
import type { DrayContext } from "../context.ts";
import { hidden, text, texts, toggle } from "../flags/kinds.ts";
import { several } from "../store/store-flags.ts";
import { integer } from "./flags.ts";

/** Which namespaces a container's commands share with the machine. */
export interface NamespaceFlags {
  readonly cgroupns?: string;
  readonly ipc?: string;
  readonly network?: string;
  readonly pid?: string;
  readonly uts?: string;
  readonly cniConfigDir?: string;
  readonly cniPluginPath?: string;
}

export const namespaceFlags: FlagParametersForType<NamespaceFlags, DrayContext> = {
  cgroupns: text("where", "private, host or the path of a namespace"),
  ipc: text("where", "private, host or the path of a namespace"),
  network: text("where", "private, none, host or the path of a namespace"),
  pid: text("where", "private or host"),
  uts: text("where", "private, host or the path of a namespace"),
  cniConfigDir: hidden(text("folder", "Where networks are described")),
  cniPluginPath: hidden(text("folder", "Where the programs of networks are")),
};

/** How the commands of a container will be run: kept in it. */
export interface ContainerFlags extends NamespaceFlags {
  readonly addHost?: readonly string[];
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly cgroupParent?: string;
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpuShares?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly device?: readonly string[];
  readonly dns?: readonly string[];
  readonly dnsOption?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly httpProxy?: boolean;
  readonly isolation?: string;
  readonly memory?: string;
  readonly memorySwap?: string;
  readonly securityOpt?: readonly string[];
  readonly shmSize?: string;
  readonly ulimit?: readonly string[];
  readonly userns?: string;
  readonly usernsUidMapUser?: string;
  readonly usernsGidMapGroup?: string;
  readonly volume?: readonly string[];
}

export const containerFlags: FlagParametersForType<ContainerFlags, DrayContext> = {
  ...namespaceFlags,
  addHost: texts("name:address", "A line more for /etc/hosts"),
  capAdd: texts("capability", "A capability more for commands"),
  capDrop: texts("capability", "A capability less for commands"),
  cgroupParent: text("path", "The control group to be below of"),
  cpuPeriod: integer("microseconds", "The period of the processors' time"),
  cpuQuota: integer("microseconds", "The share of a period"),
  cpuShares: integer("weight", "The weight among others"),
  cpusetCpus: text("list", "Which processors may be used"),
  cpusetMems: text("list", "Which memory nodes may be used"),
  device: several("device", "A device of the machine"),
  dns: texts("address", "A server of names; none leaves the image's /etc/resolv.conf"),
  dnsOption: texts("option", "An option of /etc/resolv.conf"),
  dnsSearch: texts("domain", "A domain to look names up in"),
  httpProxy: toggle("Pass the proxies of the environment on"),
  isolation: text("kind", "oci, rootless or chroot"),
  memory: text("size", "The most memory"),
  memorySwap: text("size", "The most memory with swap"),
  securityOpt: several("option", "A security option"),
  shmSize: text("size", "The size of /dev/shm"),
  ulimit: texts("limit", "A resource limit: nofile=1024:2048"),
  userns: hidden(text("where", "host")),
  usernsUidMapUser: hidden(text("user", "Not supported")),
  usernsGidMapGroup: hidden(text("group", "Not supported")),
  volume: several("source:destination", "A folder of the machine that commands see"),
};
