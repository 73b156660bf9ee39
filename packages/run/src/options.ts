import type { RunMount } from "./mounts/mount.ts";

/**
 * How a command is kept apart from the machine.
 *
 * - `oci`: by an OCI runtime, with namespaces, a seccomp filter and a control group of its own.
 * - `rootless`: the same without root, in a user namespace, without a control group.
 * - `chroot`: by a mount namespace and chroot, with the host's network and without a runtime.
 */
export type Isolation = "oci" | "rootless" | "chroot";

/** A namespace of others that is joined. */
export interface JoinedNamespace {
  /** A file that stands for it: `/proc/PID/ns/net`, or where that is bound, as `/run/netns/NAME`. */
  readonly path: string;
}

/**
 * `host`: the machine's own. `none`: no way out, and no `/etc/hosts` and `/etc/resolv.conf` of ours. `private`: a network of the container's own,
 * which slirp4netns connects to the machine's, but not to its loopback; without that program it has a loopback device alone, and `onWarning` is
 * told. Not for `chroot`. That of others is joined with a runtime only: `chroot` has the machine's instead, and `onWarning` is told.
 */
export type Network = "none" | "host" | "private" | JoinedNamespace;

/** What {@link runCommand} runs, where and how. Nothing is taken from an image: who calls has merged its config already. */
export interface RunCommandOptions {
  /** The folder that becomes `/`. Nothing outside of it is read or written, whatever links it holds. */
  readonly rootfs: string;
  /** The program and its arguments. A name without `/` is looked for in the `PATH` of `env`, inside of the root file system. */
  readonly command: readonly string[];
  /** The whole environment, `NAME=value` each; of doubled names the last counts. `HOSTNAME` and `HOME` are added where missing. */
  readonly env?: readonly string[] | undefined;
  /** `user[:group]`, names or numbers; names are looked up in the root file system. Root where absent. */
  readonly user?: string | undefined;
  /** Made where it is missing, as the user's. `/` where absent. */
  readonly cwd?: string | undefined;
  readonly hostname?: string | undefined;
  /** `oci` as root, `rootless` in a user namespace where there is a runtime, else `chroot`, where absent. */
  readonly isolation?: Isolation | undefined;
  /** Name or path of a runtime that takes runc's arguments; BUILDAH_RUNTIME, crun or runc where absent. */
  readonly runtime?: string | undefined;
  /** Arguments before the runtime's command: `--debug`. */
  readonly runtimeFlags?: readonly string[] | undefined;
  /** `host` where absent. */
  readonly network?: Network | undefined;
  readonly mounts?: readonly RunMount[] | undefined;
  /** Read-only files that appear in the container only, by their absolute path: `/run/.containerenv`. */
  readonly files?: ReadonlyMap<string, string> | undefined;
  /** What `/etc/hosts` is made of; false leaves the image's own. */
  readonly hosts?: HostsOptions | false | undefined;
  /** What `/etc/resolv.conf` is made of; false leaves the image's own. */
  readonly dns?: DnsOptions | false | undefined;
  readonly capabilities?: CapabilityOptions | undefined;
  /** The path of a profile as containers/common has it, or `unconfined`; the machine's own where absent. */
  readonly seccomp?: string | undefined;
  /** `nofile=1024:2048`, as `--ulimit`. */
  readonly ulimits?: readonly string[] | undefined;
  /** The size of `/dev/shm` in bytes, or as tmpfs wants it: `64m`. */
  readonly shmSize?: string | undefined;
  /** Of its control group. Isolations without one tell `onWarning`. */
  readonly resources?: ResourceLimits | undefined;
  /** The control group that the container's own is made in: absolute, or below that of this process. */
  readonly cgroupParent?: string | undefined;
  /** Beside those that every container has. */
  readonly devices?: readonly ContainerDevice[] | undefined;
  /** The name of a profile of AppArmor that the machine has loaded; for runtimes only. */
  readonly apparmor?: string | undefined;
  readonly namespaces?: NamespaceChoices | undefined;
  /** What the runtime calls besides; nothing where absent. `chroot` calls none, and `onWarning` is told. */
  readonly hooks?: HooksOptions | undefined;
  /** The root file system cannot be written. */
  readonly readonly?: boolean | undefined;
  /** For the runtime: MS_MOVE instead of pivot_root, for a root file system in a ramdisk. */
  readonly noPivot?: boolean | undefined;
  /** The command has our terminal. Where absent: if our input and both outputs are one, and there is no `onOutput`. */
  readonly terminal?: boolean | undefined;
  /** `inherit` gives the command our standard input. `ignore` where absent, and bytes are what it reads. */
  readonly stdin?: "inherit" | "ignore" | Uint8Array | undefined;
  /**
   * Takes what the command writes. Where absent, it writes to our own outputs. Where either fails, the command is killed, and that error thrown.
   */
  readonly onOutput?: ((stream: "stdout" | "stderr", bytes: Uint8Array) => void) | undefined;
  /** Is told what was asked for and is not applied, as the machine or the isolation has no way to. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
  /** The command and all that it started are killed. */
  readonly signal?: AbortSignal | undefined;
}

export interface HostsOptions {
  /** `name:address`, as `--add-host`; the address `host-gateway` is the machine's. */
  readonly add?: readonly string[] | undefined;
}

export interface DnsOptions {
  readonly servers?: readonly string[] | undefined;
  readonly searches?: readonly string[] | undefined;
  readonly options?: readonly string[] | undefined;
}

/** Which programs of the machine are called when a container is made and ends: files in the format of oci-hooks(5). */
export interface HooksOptions {
  /** Folders of files `*.json`; of those with one name that of the last folder counts. Where none is named: root's are those of the machine. */
  readonly folders?: readonly string[] | undefined;
  /** The container's, which hooks may be for. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Whether something of the machine was asked to be seen in the container, which hooks may be for. */
  readonly hasBindMounts?: boolean | undefined;
}

/** What a command may use at most; what is absent is not limited. */
export interface ResourceLimits {
  /** Bytes. */
  readonly memory?: number | undefined;
  /** Bytes of memory and swap together; -1 for any. */
  readonly memorySwap?: number | undefined;
  /** Microseconds. */
  readonly cpuPeriod?: number | undefined;
  /** Microseconds of a period; -1 for all. */
  readonly cpuQuota?: number | undefined;
  /** Relative to others; 1024 is what a control group has that nobody asked. */
  readonly cpuShares?: number | undefined;
  /** `0-3,5` */
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
}

/** A device of the machine that a container has, too. */
export interface ContainerDevice {
  /** On the machine: what is bound where devices cannot be made. */
  readonly source: string;
  /** In the container. */
  readonly path: string;
  readonly kind: "block" | "character";
  readonly major: number;
  readonly minor: number;
  /** `rwm`: read, write, make. */
  readonly permissions: string;
  /** As chmod(2) has it. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whose namespaces a command is in: its own where absent (that of control groups: where the machine has one hierarchy), the machine's, or
 * those of others, which only a runtime joins: with `chroot` it is as where absent, and `onWarning` is told.
 */
export interface NamespaceChoices {
  readonly ipc?: NamespaceChoice | undefined;
  readonly uts?: NamespaceChoice | undefined;
  readonly cgroup?: NamespaceChoice | undefined;
}

export type NamespaceChoice = "private" | "host" | JoinedNamespace;

/** Names as `CAP_CHOWN` or `chown`; `all` stands for every one. */
export interface CapabilityOptions {
  /** What there is before anything is added; what buildah grants where absent. */
  readonly base?: readonly string[] | undefined;
  readonly add?: readonly string[] | undefined;
  /** Counts more than `add`. */
  readonly drop?: readonly string[] | undefined;
}

/** How the command ended. */
export interface CommandResult {
  /** Its exit code; 128 and the number of the signal where one ended it. */
  readonly exitCode: number;
  /** `SIGKILL` */
  readonly signal?: string | undefined;
}
