import { DrayageError } from "@drayage/errors";

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
  const mountOptionText = options.mountopt ?? "";
  return {
    mountOptions: mountOptionText.split(",").filter((option) => option !== ""),
    mountOptionText,
    skipMountHome: flag(options, "skip_mount_home"),
    ignoreChownErrors: flag(options, "ignore_chown_errors"),
    sync: syncMode(options.sync ?? ""),
  };
}

/** As Go's strconv.ParseBool. */
function flag(options: Readonly<Record<string, string>>, name: string): boolean {
  const value = options[name] ?? "";
  if (/^(1|t|T|true|TRUE|True)$/.test(value)) return true;
  if (/^(|0|f|F|false|FALSE|False)$/.test(value)) return false;
  throw invalid(name, value, "true or false");
}

function syncMode(value: string): OverlayOptions["sync"] {
  if (value === "filesystem") return "filesystem";
  if (value === "" || value === "none") return "none";
  throw invalid("sync", value, "none or filesystem");
}

function invalid(name: string, value: string, wanted: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_CONFIGURATION_INVALID",
    `the overlay driver's option ${name} is ${JSON.stringify(value)}, not ${wanted}`,
  );
}
