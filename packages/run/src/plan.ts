import type { HooksByStage } from "./hooks/hook.ts";
import type { SpecMount } from "./mounts/spec.ts";
import type { ContainerDevice, NamespaceChoices } from "./options.ts";
import type { Ulimit } from "./ulimits.ts";
import type { ProcessUser } from "./user/find-user.ts";

/** All that is to be known to start a command, whichever way: nothing in it is to be looked up again. */
export interface Plan {
  /** Absolute, without links. */
  readonly rootfs: string;
  /** The first is the program's path in the container. */
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: ProcessUser;
  readonly hostname: string;
  readonly capabilities: readonly string[];
  readonly ulimits: readonly Ulimit[];
  /** Those that were asked for, and of files; without `/proc` and the like. */
  readonly mounts: readonly SpecMount[];
  readonly shmSize: string;
  readonly devices: readonly ContainerDevice[];
  readonly namespaces: NamespaceChoices;
  readonly hooks: HooksByStage;
  readonly terminal: boolean;
  readonly readonly: boolean;
}

/** What of the kernel a command must not see. */
export const maskedPaths: readonly string[] = [
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/fs/selinux",
  "/sys/dev",
];

/** What it must not change. */
export const readonlyPaths: readonly string[] = [
  "/proc/asound",
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];
