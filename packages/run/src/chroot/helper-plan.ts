import type { Execution } from "@drayage/sys";
import type { SpecMount } from "../mounts/spec.ts";

/** What the process that becomes the command is told. */
export interface HelperPlan {
  readonly sysBase: string;
  readonly rootfs: string;
  readonly readonly: boolean;
  /** Absent: the machine's. */
  readonly hostname?: string | undefined;
  /** Beside those of every `/dev`. */
  readonly devices: readonly SpecMount[];
  readonly shmSize: string;
  readonly cwd: string;
  readonly mounts: readonly SpecMount[];
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly execution: Omit<Execution, "capabilities" | "diesWithParent" | "beforeStart"> & {
    readonly capabilities: readonly number[];
  };
}

/** What it says where it does not become the command. */
export interface HelperFailure {
  readonly message: string;
  readonly code?: string | undefined;
  readonly syscall?: string | undefined;
}
