import { joinedNamespaces } from "./joined-namespaces.ts";
import type { Isolation, ResourceLimits, RunCommandOptions } from "./options.ts";
import { usualProfiles } from "./runtime/seccomp.ts";

const limitNames: Readonly<Record<keyof ResourceLimits, string>> = {
  memory: "memory",
  memorySwap: "memory and swap",
  cpuPeriod: "CPU period",
  cpuQuota: "CPU quota",
  cpuShares: "CPU shares",
  cpusetCpus: "CPUs",
  cpusetMems: "memory nodes",
};

/** What was asked for and the isolation cannot give, as sentences: nothing is left out in silence. */
export function notApplied(options: RunCommandOptions, isolation: Isolation): readonly string[] {
  if (isolation === "oci") return [];
  const because =
    isolation === "chroot"
      ? "the isolation chroot has no control group"
      : "only root may make control groups";
  const limits = limitsOf(options);
  const security = isolation === "chroot" ? securityOf(options) : [];
  const joined = isolation === "chroot" ? joinedNamespaces(options) : [];
  return [
    ...(limits.length === 0 ? [] : [`the command is run without limits of ${list(limits)}: ${because}`]),
    ...(security.length === 0
      ? []
      : [`the command is run without ${list(security)}: the isolation chroot has none`]),
    ...joined.map(({ type, path }) => {
      const instead = type === "ipc" || type === "uts" ? "has one of its own" : "has the machine's";
      return `the command does not join the ${type} namespace ${JSON.stringify(path)}, and ${instead}: the isolation chroot joins none`;
    }),
  ];
}

function limitsOf({ resources = {}, cgroupParent }: RunCommandOptions): readonly string[] {
  const names = Object.keys(limitNames) as (keyof ResourceLimits)[];
  return [
    ...names.filter((name) => resources[name] !== undefined).map((name) => limitNames[name]),
    ...(cgroupParent ? ["the control group"] : []),
  ];
}

/** The machine's usual filter is not asked for by anybody, and is in what buildah writes down all the same. */
function securityOf({ apparmor, seccomp }: RunCommandOptions): readonly string[] {
  const isAsked = seccomp !== undefined && seccomp !== "unconfined" && !usualProfiles.includes(seccomp);
  return [...(apparmor ? ["its AppArmor profile"] : []), ...(isAsked ? ["its seccomp profile"] : [])];
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
