import { DrayageError } from "@drayage/errors";
import { driverOptionReader } from "@drayage/storage";

/** What storage.conf says to the overlay driver. */
export interface OverlayOptions {
  /** `mountopt`: options of every mount. */
  readonly mountOptions: readonly string[];
  /** As it is written, since names of the feature cache have it. */
  readonly mountOptionText: string;
  /** `skip_mount_home`: whether the home is left as it is, rather than made a private mount. */
  readonly skipMountHome: boolean;
  /** `ignore_chown_errors`: whether a layer is taken though owners cannot be set. */
  readonly ignoreChownErrors: boolean;
  /** `sync`: whether a layer is brought to the disk before it is recorded. */
  readonly sync: "none" | "filesystem";
}

/** Options of the Go driver that this one has not, and would do harm without. */
const unsupported: Readonly<Record<string, string>> = {
  mount_program: "mounts by another program",
  force_mask: "a mode for all files",
  use_composefs: "layers in composefs",
  size: "quotas",
  inodes: "quotas",
};

/** @throws `ERR_DRAYAGE_STORE_UNSUPPORTED`, `ERR_DRAYAGE_CONFIGURATION_INVALID` */
export function parseOptions(options: Readonly<Record<string, string>>): OverlayOptions {
  for (const [name, value] of Object.entries(options)) {
    const what = Object.hasOwn(unsupported, name) ? unsupported[name] : undefined;
    if (what === undefined || value === "" || value === "false" || value === "0") continue;
    throw new DrayageError(
      "ERR_DRAYAGE_STORE_UNSUPPORTED",
      `this overlay driver has no ${what}, which the option ${name} = ${JSON.stringify(value)} asks for`,
      {
        hint: "use the vfs driver, or a store of your own: containers-storage:[overlay@GRAPHROOT+RUNROOT]NAME",
      },
    );
  }
  const { flag, sync } = driverOptionReader("overlay", options);
  const mountOptionText = options.mountopt ?? "";
  return {
    mountOptions: mountOptionText.split(",").filter((option) => option !== ""),
    mountOptionText,
    skipMountHome: flag("skip_mount_home"),
    ignoreChownErrors: flag("ignore_chown_errors"),
    sync: sync(),
  };
}
