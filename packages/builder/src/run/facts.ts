import type { CapabilityOptions, DnsOptions, HostsOptions, Network } from "@drayage/run";
import type { BuilderState } from "../state/state.ts";

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
}

const [networkDisabled, networkEnabled] = [1, 2];

export function runFacts({ document }: BuilderState): RunFacts {
  const common = objectOf(document.CommonBuildOpts);
  const capabilities = texts(document.Capabilities);
  const servers = texts(common.DNSServers);
  const noDns = servers.length === 1 && servers[0]?.toLowerCase() === "none";
  return {
    network: networkOf(document),
    capabilities: Array.isArray(document.Capabilities) ? capabilities : undefined,
    hosts: common.NoHosts === true ? false : { add: texts(common.AddHost) },
    dns: noDns ? false : { servers, searches: texts(common.DNSSearch), options: texts(common.DNSOptions) },
    httpProxy: common.HTTPProxy === true,
    seccomp: text(common.SeccompProfilePath),
    shmSize: text(common.ShmSize),
    ulimits: texts(common.Ulimit),
    volumes: texts(common.Volumes),
  };
}

/** Undefined where nothing was asked for: every container's file has a network of its own. */
function networkOf(document: BuilderState["document"]): Network | undefined {
  if (document.ConfigureNetwork === networkDisabled) return "none";
  const options = Array.isArray(document.NamespaceOptions) ? document.NamespaceOptions.map(objectOf) : [];
  const network = options.findLast(({ Name }) => Name === "network");
  if (network?.Host === true) return "host";
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
