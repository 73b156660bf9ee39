import { existsSync, readFileSync } from "node:fs";
import { inOrder, type SpecMount } from "../mounts/spec.ts";
import { maskedPaths, type Plan, readonlyPaths } from "../plan.ts";

export interface ConfigOptions {
  /** In a user namespace: no control group, and no file systems that only root may mount. */
  readonly rootless: boolean;
  /** A network namespace of the container's own. */
  readonly ownNetwork: boolean;
  readonly seccomp: object | undefined;
}

/** A container's `config.json` of the OCI runtime specification 1.0.2, with what buildah 1.28 puts into it. */
export function runtimeConfig(plan: Plan, options: ConfigOptions): object {
  const { capabilities, user, rootfs, hostname } = plan;
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
      rlimits: plan.ulimits.map(({ type, soft, hard }) => ({ type, soft: limit(soft), hard: limit(hard) })),
    },
    root: { path: rootfs, readonly: plan.readonly },
    hostname,
    mounts: inOrder([...plan.mounts, ...specialMounts(plan, options)]),
    linux: {
      ...(options.ownNetwork && { sysctl: sysctls() }),
      resources: { devices: [{ allow: false, access: "rwm" }] },
      namespaces: namespacesOf(options).map((type) => ({ type })),
      ...(options.seccomp && { seccomp: options.seccomp }),
      maskedPaths,
      readonlyPaths,
    },
  };
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

function namespacesOf({ ownNetwork, rootless }: ConfigOptions): readonly string[] {
  const unified = existsSync("/sys/fs/cgroup/cgroup.controllers");
  return [
    "pid",
    ...(ownNetwork ? ["network"] : []),
    "ipc",
    "uts",
    "mount",
    ...(unified && !rootless ? ["cgroup"] : []),
  ];
}

function specialMounts({ shmSize }: Plan, { rootless }: ConfigOptions): readonly SpecMount[] {
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
    {
      destination: "/dev/shm",
      type: "tmpfs",
      source: "shm",
      options: ["private", "nodev", "noexec", "nosuid", "mode=1777", `size=${shmSize}`],
    },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: safe },
    ...(rootless ? [] : [{ ...cgroup, options: ["rprivate", ...safe, "relatime", "rw"] }]),
  ];
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
