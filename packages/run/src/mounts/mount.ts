/** A file system that is put into the container while its command runs. */
export type RunMount = BindMount | OverlayMount | TmpfsMount | SecretMount;

/** Flags of a mount as `mount -o` has them. */
export type MountFlag =
  | "ro"
  | "rw"
  | "nosuid"
  | "suid"
  | "nodev"
  | "dev"
  | "noexec"
  | "exec"
  | "bind"
  | "rbind"
  | "shared"
  | "rshared"
  | "slave"
  | "rslave"
  | "private"
  | "rprivate"
  | "unbindable"
  | "runbindable";

interface Destination {
  /** Absolute, in the container; made where it is missing. */
  readonly destination: string;
  /** Nothing stays in the root file system where there was nothing to mount on. Always so for secrets. */
  readonly transient?: boolean | undefined;
}

/** A folder or file of the machine. */
export interface BindMount extends Destination {
  readonly type: "bind";
  /** Absolute. */
  readonly source: string;
  readonly options: readonly MountFlag[];
  /** All files of the source are given to the user of the command (`U`). */
  readonly chown?: boolean | undefined;
  /** A file that is locked while the command runs, so that nobody else uses a cache. */
  readonly lock?: string | undefined;
}

/** A folder of the machine whose changes are not kept (`O`), or are kept in a folder of their own. */
export interface OverlayMount extends Destination {
  readonly type: "overlay";
  readonly source: string;
  readonly options: readonly MountFlag[];
  readonly upper?: string | undefined;
  readonly work?: string | undefined;
  readonly chown?: boolean | undefined;
}

export interface TmpfsMount extends Destination {
  readonly type: "tmpfs";
  /** Those of a mount, and of tmpfs: `mode=1777`, `size=64m`. */
  readonly options: readonly string[];
}

/** A file that is in memory, and in the container only. */
export interface SecretMount extends Destination {
  readonly type: "secret";
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}
