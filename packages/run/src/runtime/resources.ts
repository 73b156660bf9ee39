import type { ContainerDevice, ResourceLimits } from "../options.ts";

/** `linux.resources` of the runtime specification. Devices of `/dev` that every container has the runtime itself allows. */
export function linuxResources(limits: ResourceLimits, devices: readonly ContainerDevice[]): object {
  const { memory, memorySwap, cpuPeriod, cpuQuota, cpuShares, cpusetCpus, cpusetMems } = limits;
  return {
    devices: [{ allow: false, access: "rwm" }, ...devices.map(deviceRule)],
    ...group("memory", { limit: memory, swap: memorySwap }),
    ...group("cpu", {
      period: cpuPeriod,
      quota: cpuQuota,
      shares: cpuShares,
      cpus: cpusetCpus,
      mems: cpusetMems,
    }),
  };
}

function deviceRule({ kind, major, minor, permissions }: ContainerDevice): object {
  return { allow: true, type: typeOf(kind), major, minor, access: permissions };
}

/** A device as `linux.devices` has it, which the runtime makes. */
export function linuxDevice({ kind, path, major, minor, mode, uid, gid }: ContainerDevice): object {
  return { type: typeOf(kind), path, major, minor, fileMode: mode, uid, gid };
}

function typeOf(kind: ContainerDevice["kind"]): "b" | "c" {
  return kind === "block" ? "b" : "c";
}

/** Nothing where nothing of it is limited. */
function group(name: string, limits: Readonly<Record<string, number | string | undefined>>): object {
  const set = Object.entries(limits).filter(([, value]) => value !== undefined);
  return set.length === 0 ? {} : { [name]: Object.fromEntries(set) };
}
