import type { CopyLocationsOptions } from "@drayage/copy";
import type { PlatformWish } from "@drayage/manifest";
import type { Location, OperationOptions } from "@drayage/transport";
import type { Isolation } from "../state/state.ts";

/**
 * When a base is read from elsewhere though the store may have it: `always`; `missing`: when the store does not have it; `newer`: when it has another
 * digest there, and what the store has will do where that cannot be found out; `never`.
 */
export type PullPolicy = "always" | "missing" | "newer" | "never";

export interface CreateContainerOptions extends OperationOptions {
  /**
   * `scratch`; the name, ID or beginning of an ID of an image of the store; or any image elsewhere. One of a registry is looked for in the
   * store first, as {@link pull} says; others are always copied into it.
   */
  readonly from: string | Location;
  /** Where an image that {@link from} only names may be read from; the first that has it is taken. */
  readonly pullFrom?: readonly Location[] | undefined;
  /** `missing` where absent. */
  readonly pull?: PullPolicy | undefined;
  /** This machine's where absent. */
  readonly platform?: PlatformWish | undefined;
  /** Where absent, `BASE-working-container`, with `-1`, `-2`, … as needed. Throws `ERR_DRAYAGE_NAME_TAKEN`. */
  readonly name?: string | undefined;
  /** Instead of `working-container`. */
  readonly suffix?: string | undefined;
  /** `oci` where absent. */
  readonly format?: "oci" | "docker" | undefined;
  /** A file that the container's ID is written to. */
  readonly cidFile?: string | undefined;
  /** How its commands will be run. */
  readonly runtime?: RuntimeOptions | undefined;
  /** How the base is copied into the store. */
  readonly copy?: Omit<CopyLocationsOptions, "platforms" | "signal"> | undefined;
  /** Whether the base's triggers (ONBUILD) are carried out, and taken out of the container; true where absent. */
  readonly onBuild?: boolean | undefined;
  /** The folder whose files the base's ADD and COPY triggers may take; the current one where absent. Whoever made the base chose them. */
  readonly contextDir?: string | undefined;
  /** Is told each trigger before it is carried out. */
  readonly onStep?: ((step: { readonly number: number; readonly text: string }) => void) | undefined;
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** What is written down for commands that will be run, with the syntax of the flags of `buildah from`; defaults are those of containers/common. */
export interface RuntimeOptions {
  /** `oci` for root, `rootless` for others, where absent. */
  readonly isolation?: Isolation | undefined;
  /** `NAME`, with or without `CAP_`; `all`. */
  readonly capAdd?: readonly string[] | undefined;
  readonly capDrop?: readonly string[] | undefined;
  /** Instead of containers.conf's `default_capabilities` and `default_ulimits`. */
  readonly defaultCapabilities?: readonly string[] | undefined;
  readonly defaultUlimits?: readonly string[] | undefined;
  /** Read instead of the usual files of containers.conf. */
  readonly containersConf?: string | undefined;
  /** `host`, `private` or `container`, `none`, or the path of a namespace. */
  readonly network?: string | undefined;
  readonly ipc?: string | undefined;
  readonly pid?: string | undefined;
  readonly uts?: string | undefined;
  readonly cgroup?: string | undefined;
  readonly user?: string | undefined;
  /** `name:ip` */
  readonly addHosts?: readonly string[] | undefined;
  readonly noHosts?: boolean | undefined;
  /** Addresses, or `none` alone. */
  readonly dns?: readonly string[] | undefined;
  readonly dnsOptions?: readonly string[] | undefined;
  readonly dnsSearch?: readonly string[] | undefined;
  readonly cgroupParent?: string | undefined;
  readonly cpuPeriod?: number | undefined;
  readonly cpuQuota?: number | undefined;
  readonly cpuShares?: number | undefined;
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
  /** Bytes. */
  readonly memory?: number | undefined;
  /** Bytes; -1 for any. */
  readonly memorySwap?: number | undefined;
  /** `65536k` where absent. */
  readonly shmSize?: string | undefined;
  /** `name=soft[:hard]` */
  readonly ulimits?: readonly string[] | undefined;
  /** `source:destination[:options]` */
  readonly volumes?: readonly string[] | undefined;
  /** `label=…`, `apparmor=…`, `seccomp=…` */
  readonly securityOptions?: readonly string[] | undefined;
  /** `source[:destination[:permissions]]` */
  readonly devices?: readonly string[] | undefined;
  /** Whether `http_proxy` and the like are passed on; true where absent. */
  readonly httpProxy?: boolean | undefined;
  /** Folders of hooks for the runtime, as oci-hooks(5) has them, that count more last; for root the machine's where there are none. */
  readonly hooksDirs?: readonly string[] | undefined;
  readonly cniPluginPath?: string | undefined;
  readonly cniConfigDir?: string | undefined;
  readonly defaultMountsFile?: string | undefined;
}
