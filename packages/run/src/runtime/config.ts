import { existsSync, readFileSync } from "node:fs";
import type { Hook } from "../hooks/hook.ts";
import type { OpenedNamespace } from "../joined-namespaces.ts";
import { inOrder, type SpecMount } from "../mounts/spec.ts";
import { isOwn } from "../namespaces.ts";
import type { ContainerDevice, Network, ResourceLimits } from "../options.ts";
import { maskedPaths, type Plan, readonlyPaths } from "../plan.ts";
import { linuxDevice, linuxResources } from "./resources.ts";

export interface ConfigOptions {
  /** In a user namespace: no control group, and no file systems that only root may mount. */
  readonly rootless: boolean;
  readonly network: Network;
  /** Called when there are namespaces, and before there is a command: after the machine's hooks. */
  readonly hook?: Hook | undefined;
  readonly seccomp: object | undefined;
  readonly apparmor?: string | undefined;
  readonly resources?: ResourceLimits | undefined;
  /** Where its control group is; below that of this process where absent. */
  readonly cgroup?: string | undefined;
}

/** A container's `config.json` of the OCI runtime specification 1.0.2, with what buildah 1.28 puts into it. */
export function runtimeConfig(
  plan: Plan,
  options: ConfigOptions,
  joined: readonly OpenedNamespace[] = [],
): object {
  const { capabilities, user, rootfs, hostname } = plan;
  const { rootless, apparmor, cgroup, resources = {} } = options;
  const devices = rootless ? [] : plan.devices;
  const own = user.uid === 0 ? capabilities : [];
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: plan.terminal,
      user: { uid: user.uid, gid: user.gid, ...groupsOf(plan, options) },
      args: plan.args,
      env: plan.env,
      cwd: plan.cwd,
      capabilities: { bounding: capabilities, effective: own, permitted: own, ambient: own },
      ...(apparmor && { apparmorProfile: apparmor }),
      rlimits: plan.ulimits.map(({ type, soft, hard }) => ({ type, soft: limit(soft), hard: limit(hard) })),
    },
    root: { path: rootfs, readonly: plan.readonly },
    hostname,
    ...hooksOf(plan, options),
    mounts: inOrder([...plan.mounts, ...specialMounts(plan, options)]),
    linux: {
      ...(hasOwnNetwork(options) && { sysctl: sysctls() }),
      // Without root there is no control group to set them in.
      resources: linuxResources(rootless ? {} : resources, devices),
      ...(devices.length > 0 && { devices: devices.map(linuxDevice) }),
      ...(cgroup && !rootless && { cgroupsPath: cgroup }),
      namespaces: [
        ...ownNamespaces(plan, options).map((type) => ({ type })),
        ...joined.map(({ type, path }) => ({ type, path })),
      ],
      ...(options.seccomp && { seccomp: options.seccomp }),
      maskedPaths,
      readonlyPaths,
    },
  };
}

function hooksOf({ hooks }: Plan, { hook }: ConfigOptions): object {
  const all = hook ? { ...hooks, createRuntime: [...(hooks.createRuntime ?? []), hook] } : hooks;
  return Object.keys(all).length === 0 ? {} : { hooks: all };
}

/** Where groups cannot be set none may be asked for. */
function groupsOf({ user }: Plan, { rootless }: ConfigOptions): object {
  if (rootless && !existsInMap("gid", user.gid, "setgroups")) return {};
  return { additionalGids: user.groups };
}

/** JSON has no number for one that is without end, but the specification wants the largest of 64 bits; JSON.stringify rounds up to 2^64. */
function limit(value: number): number | bigint {
  return value === -1 ? 2n ** 64n - 1n : value;
}

function sysctls(): object {
  return existsSync("/proc/sys/net/ipv4/ping_group_range") ? { "net.ipv4.ping_group_range": "0 0" } : {};
}

function hasOwnNetwork({ network }: ConfigOptions): boolean {
  return network === "none" || network === "private";
}

function ownNamespaces(
  { namespaces: { ipc, uts, cgroup } }: Plan,
  options: ConfigOptions,
): readonly string[] {
  const unified = existsSync("/sys/fs/cgroup/cgroup.controllers");
  const ownCgroup = cgroup === undefined ? unified : cgroup === "private";
  return [
    "pid",
    ...(hasOwnNetwork(options) ? ["network"] : []),
    ...(isOwn(ipc) ? ["ipc"] : []),
    ...(isOwn(uts) ? ["uts"] : []),
    "mount",
    ...(ownCgroup && !options.rootless ? ["cgroup"] : []),
  ];
}

function specialMounts(plan: Plan, { rootless }: ConfigOptions): readonly SpecMount[] {
  const { shmSize, devices } = plan;
  // A user namespace may not mount what belongs to the machine's.
  const hostIpc = rootless && plan.namespaces.ipc === "host";
  const safe = ["nosuid", "noexec", "nodev"];
  const terminals = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"];
  const ttyGroup = 5;
  const sys: SpecMount = rootless
    ? { destination: "/sys", type: "bind", source: "/sys", options: ["rprivate", ...safe, "ro", "rbind"] }
    : { destination: "/sys", type: "sysfs", source: "sysfs", options: [...safe, "ro"] };
  const cgroup = { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup" };
  return [
    { destination: "/proc", type: "proc", source: "proc", options: safe },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"],
    },
    sys,
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: [...terminals, ...(rootless && !existsInMap("gid", ttyGroup) ? [] : [`gid=${ttyGroup}`])],
    },
    hostIpc
      ? bound("/dev/shm", ["rbind", ...safe])
      : {
          destination: "/dev/shm",
          type: "tmpfs",
          source: "shm",
          options: ["private", "nodev", "noexec", "nosuid", "mode=1777", `size=${shmSize}`],
        },
    hostIpc
      ? bound("/dev/mqueue", ["bind", ...safe])
      : { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: safe },
    ...(rootless ? devices.map(boundDevice) : []),
    ...(rootless ? [] : [{ ...cgroup, options: ["rprivate", ...safe, "relatime", "rw"] }]),
  ];
}

function bound(path: string, options: readonly string[]): SpecMount {
  return { destination: path, type: "bind", source: path, options };
}

/** In a user namespace no devices are made: those of the machine are bound. */
export function boundDevice({ source, path, permissions }: ContainerDevice): SpecMount {
  const options = ["slave", "nosuid", "noexec", permissions.includes("w") ? "rw" : "ro", "rbind"];
  return { destination: path, type: "bind", source, options };
}

/** Whether this user namespace has the ID, and, with `setgroups`, lets groups be set. */
function existsInMap(kind: "gid", id: number, and?: "setgroups"): boolean {
  // Who is not root yet will be in a namespace that has itself only, or all that subgid gives.
  if (process.geteuid?.() !== 0) return false;
  if (and && readFileSync("/proc/self/setgroups", "utf8").trim() === "deny") return false;
  return readFileSync(`/proc/self/${kind}_map`, "utf8")
    .trim()
    .split("\n")
    .some((line) => {
      const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return id >= first && id < first + count;
    });
}
