import { type DriverOptionReader, driverOptionReader } from "@drayage/storage";

/** What storage.conf says to the vfs driver. */
export interface VfsOptions {
  /** `ignore_chown_errors`: whether a layer is taken though owners cannot be set. */
  readonly ignoreChownErrors: boolean;
  /** `force_mask`: the mode of all files; owners, modes and types are then kept in an attribute. */
  readonly forceMask: number | undefined;
  /** `sync`: whether a layer is brought to the disk before it is recorded. */
  readonly sync: "none" | "filesystem";
}

/** Options for other drivers are passed over, as storage.conf has some for all. @throws `ERR_DRAYAGE_CONFIGURATION_INVALID` */
export function parseOptions(options: Readonly<Record<string, string>>): VfsOptions {
  const reader = driverOptionReader("vfs", options);
  return {
    ignoreChownErrors: reader.flag("ignore_chown_errors"),
    forceMask: mask(options.force_mask ?? "", reader),
    sync: reader.sync(),
  };
}

/** storage.conf(5): octal digits, or one of two names. */
function mask(value: string, { invalid }: DriverOptionReader): number | undefined {
  if (value === "") return undefined;
  if (value === "shared") return 0o755;
  if (value === "private") return 0o700;
  if (/^0*[0-7]{1,4}$/.test(value)) return Number.parseInt(value, 8);
  throw invalid("force_mask", "shared, private, or a mode in octal digits");
}
