import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import path from "node:path";
import { readContainersSettings } from "@drayage/containers-config";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { usualCapabilities } from "@drayage/run";
import type { Isolation } from "../state/state.ts";
import { mergeCapabilities } from "./capabilities.ts";
import { deviceFacts } from "./devices.ts";
import type { RuntimeOptions } from "./options.ts";

const isolations: readonly Isolation[] = ["oci", "chroot", "rootless", "default"];

/** How commands are run: `oci` for root. Throws ERR_DRAYAGE_USAGE. */
export function isolationFrom({ isolation }: RuntimeOptions = {}): Isolation {
  if (isolation === undefined) return process.geteuid?.() === 0 ? "oci" : "rootless";
  if (!isolations.includes(isolation)) {
    throw refused("the isolation", isolation, isolations.join(", "));
  }
  return isolation === "default" ? "oci" : isolation;
}

/**
 * What buildah writes down for the commands of a container: the members of `buildah.json` that a state has no fields for. What is
 * not asked for is containers.conf's, or containers/common's.
 *
 * @throws ERR_DRAYAGE_USAGE where a value is none, with what is accepted
 */
export async function runtimeDocument(
  options: RuntimeOptions = {},
): Promise<Readonly<Record<string, unknown>>> {
  const { namespaces, network } = namespacesFrom(options);
  const machine = await readContainersSettings({ path: options.containersConf });
  const ulimits = options.defaultUlimits ?? machine.ulimits ?? (await usualUlimits());
  return {
    Args: {},
    NamespaceOptions: namespaces,
    ConfigureNetwork: network,
    CNIPluginPath: options.cniPluginPath ?? "",
    CNIConfigDir: options.cniConfigDir ?? "",
    IDMappingOptions: {
      HostUIDMapping: true,
      HostGIDMapping: true,
      UIDMap: [],
      GIDMap: [],
      AutoUserNs: false,
      AutoUserNsOpts: {
        Size: 0,
        InitialSize: 0,
        PasswdFile: "",
        GroupFile: "",
        AdditionalUIDMappings: null,
        AdditionalGIDMappings: null,
      },
    },
    Capabilities: await mergeCapabilities(
      options.defaultCapabilities ?? machine.capabilities ?? usualCapabilities,
      options.capAdd,
      options.capDrop,
    ),
    CommonBuildOpts: await commonOptions(options, ulimits),
    TempVolumes: {},
    ContentDigester: {},
    Devices: await deviceFacts([...(machine.devices ?? []), ...(options.devices ?? [])]),
  };
}

interface NamespaceOption {
  readonly Name: string;
  readonly Host: boolean;
  readonly Path: string;
}

const [networkDefault, networkDisabled, networkEnabled] = [0, 1, 2];

function namespacesFrom(options: RuntimeOptions): {
  readonly namespaces: readonly NamespaceOption[];
  readonly network: number;
} {
  const namespaces: NamespaceOption[] = [
    { Name: "cgroup", Host: !existsSync("/sys/fs/cgroup/cgroup.controllers"), Path: "" },
    { Name: "ipc", Host: false, Path: "" },
    { Name: "mount", Host: false, Path: "" },
    { Name: "network", Host: false, Path: "" },
    { Name: "pid", Host: false, Path: "" },
    { Name: "user", Host: true, Path: "" },
    { Name: "uts", Host: false, Path: "" },
  ];
  let network = networkDefault;
  const { cgroup, ipc, network: net, pid, uts } = options;
  for (const [name, how] of Object.entries({ cgroup, ipc, network: net, pid, uts })) {
    if (how === undefined) continue;
    const found = namespaceFrom(name, how);
    network = found.policy;
    namespaces.splice(
      namespaces.findIndex(({ Name }) => Name === name),
      1,
      found.option,
    );
  }
  refuseUserNamespace(options.user);
  return { namespaces, network };
}

function namespaceFrom(
  name: string,
  how: string,
): { readonly option: NamespaceOption; readonly policy: number } {
  const option = { Name: name, Host: false, Path: "" };
  if (["", "container", "private"].includes(how)) return { option, policy: networkEnabled };
  if (how === "host") return { option: { ...option, Host: true }, policy: networkEnabled };
  if (name === "network" && how === "none") return { option, policy: networkDisabled };
  const place = how.replace(/^ns:/, "");
  const mustBeThere = path.isAbsolute(place) || name !== "network";
  if (mustBeThere && !existsSync(place)) {
    const none = name === "network" ? ", none, the names of networks" : "";
    throw refused(`the namespace ${name}`, how, `host, private, container${none}, the path of a namespace`);
  }
  return { option: { ...option, Path: place }, policy: networkEnabled };
}

function refuseUserNamespace(how: string | undefined): void {
  if (how === undefined || how === "host") return;
  throw new DrayageError(
    "ERR_DRAYAGE_CONTAINER_UNSUPPORTED",
    `the user namespace ${JSON.stringify(how)}: containers whose files have other owners than their image's are not made yet`,
    { hint: "accepted: host" },
  );
}

async function commonOptions(options: RuntimeOptions, ulimits: readonly string[]): Promise<object> {
  const { noHosts = false, addHosts = [] } = options;
  if (noHosts && addHosts.length > 0) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      "no hosts, and hosts to add: only one of them can be asked for",
    );
  }
  for (const host of addHosts) checkHost(host);
  checkDns(options);
  const volumes = options.volumes ?? [];
  for (const volume of volumes) checkVolume(volume);
  if (volumes.length > 0) {
    const { parseMounts } = await import("@drayage/run");
    await parseMounts({ volumes });
  }
  const security = securityFrom(options.securityOptions ?? []);
  return {
    AddHost: [...addHosts],
    OmitHistory: false,
    CgroupParent: options.cgroupParent ?? "",
    CPUPeriod: wholeNumber(options.cpuPeriod, "the CPU period"),
    CPUQuota: wholeNumber(options.cpuQuota, "the CPU quota", Number.MIN_SAFE_INTEGER),
    CPUShares: wholeNumber(options.cpuShares, "the CPU shares"),
    CPUSetCPUs: options.cpusetCpus ?? "",
    CPUSetMems: options.cpusetMems ?? "",
    HTTPProxy: options.httpProxy ?? true,
    // types.OptionalBoolFalse
    IdentityLabel: 2,
    Memory: wholeNumber(options.memory, "the memory"),
    DNSSearch: [...(options.dnsSearch ?? [])],
    DNSServers: [...(options.dns ?? [])],
    DNSOptions: [...(options.dnsOptions ?? [])],
    LabelOpts: security.labels,
    MemorySwap: wholeNumber(options.memorySwap, "the memory and swap", -1),
    NoHosts: noHosts,
    OmitTimestamp: false,
    SeccompProfilePath: security.seccomp ?? usualSeccompProfile(),
    ApparmorProfile: security.apparmor,
    ShmSize: checkedSize(options.shmSize ?? "65536k"),
    Ulimit: [...ulimits, ...(options.ulimits ?? []).map(checkUlimit)],
    Volumes: [...volumes],
    Secrets: [],
    SSHSources: [],
    OCIHooksDir: (options.hooksDirs ?? []).map((folder) => path.resolve(folder)),
  };
}

function checkHost(host: string): void {
  const at = host.indexOf(":");
  if (at < 1 || isIP(host.slice(at + 1).trim()) === 0) throw refused("the host", host, "NAME:ADDRESS");
}

function checkDns({ dns = [], dnsSearch = [], dnsOptions = [] }: RuntimeOptions): void {
  if (!dns.some((server) => server.toLowerCase() === "none")) return;
  if (dns.length === 1 && dnsSearch.length === 0 && dnsOptions.length === 0) return;
  throw new DrayageError("ERR_DRAYAGE_USAGE", "the DNS server none excludes all other settings of DNS");
}

function checkVolume(volume: string): void {
  const [source = "", destination = "", mode, ...more] = volume.split(/(?<!\\):/);
  const accepted = "SOURCE:DESTINATION[:OPTIONS], both absolute paths";
  if (more.length > 0 || mode === "" || !path.isAbsolute(destination))
    throw refused("the volume", volume, accepted);
  if (!path.isAbsolute(source)) throw refused("the volume", volume, accepted);
  const plain = source.replaceAll("\\:", ":");
  if (existsSync(plain)) return;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `the volume ${JSON.stringify(volume)}: there is no ${JSON.stringify(plain)}`,
  );
}

interface Security {
  readonly labels: readonly string[] | null;
  readonly apparmor: string;
  readonly seccomp: string | undefined;
}

function securityFrom(options: readonly string[]): Security {
  const values = new Map<string, string[]>();
  for (const option of options) {
    const [, name = "", value = ""] = /^(label|apparmor|seccomp)=([\s\S]*)$/.exec(option) ?? [];
    if (name === "") throw refused("the security option", option, "label=…, apparmor=…, seccomp=…");
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return {
    labels: values.get("label") ?? null,
    apparmor: values.get("apparmor")?.at(-1) ?? "",
    seccomp: values.get("seccomp")?.at(-1) || undefined,
  };
}

const seccompProfiles = ["/etc/containers/seccomp.json", "/usr/share/containers/seccomp.json"];

function usualSeccompProfile(): string {
  return seccompProfiles.find((profile) => existsSync(profile)) ?? "";
}

/** As many processes as the machine can have, where that may be had (containers/common). */
async function usualUlimits(): Promise<readonly string[]> {
  try {
    const most = (await readFile("/proc/sys/kernel/pid_max", "utf8")).trim();
    if (!/^\d+$/.test(most)) return [];
    if (process.geteuid?.() === 0) return [`nproc=${most}:${most}`];
    const limits = await readFile("/proc/self/limits", "utf8");
    const [, hard = "unlimited"] = /^Max processes\s+\S+\s+(\S+)/m.exec(limits) ?? [];
    return hard === "unlimited" || Number(hard) >= Number(most) ? [`nproc=${most}:${most}`] : [];
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "EACCES") return [];
    throw ioError(error, "read", { path: "/proc" });
  }
}

const limitNames =
  "as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack";

function checkUlimit(limit: string): string {
  const [, name = ""] = /^([a-z]+)=-?\d{1,19}(?::-?\d{1,19})?$/.exec(limit) ?? [];
  if (limitNames.split(", ").includes(name)) return limit;
  throw refused("the limit", limit, `NAME=SOFT[:HARD] with a name of ${limitNames}`);
}

function checkedSize(size: string): string {
  if (/^\d+(?:\.\d+)? ?(?:[kmgtp]?i?b?)$/i.test(size)) return size;
  throw refused("the size of /dev/shm", size, "a number with b, k, m or g");
}

function wholeNumber(value: number | undefined, what: string, least = 0): number {
  if (value === undefined) return 0;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw refused(what, String(value), "a whole number");
}

function refused(what: string, value: string, accepted: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `${what} ${JSON.stringify(value)} is not known`, {
    hint: `accepted: ${accepted}`,
  });
}
