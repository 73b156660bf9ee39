import { DrayageError } from "@drayage/errors";

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
  return {
    ignoreChownErrors: flag(options, "ignore_chown_errors"),
    forceMask: mask(options.force_mask ?? ""),
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

/** storage.conf(5): octal digits, or one of two names. */
function mask(value: string): number | undefined {
  if (value === "") return undefined;
  if (value === "shared") return 0o755;
  if (value === "private") return 0o700;
  if (/^0*[0-7]{1,4}$/.test(value)) return Number.parseInt(value, 8);
  throw invalid("force_mask", value, "shared, private, or a mode in octal digits");
}

function syncMode(value: string): VfsOptions["sync"] {
  if (value === "filesystem") return "filesystem";
  if (value === "" || value === "none") return "none";
  throw invalid("sync", value, "none or filesystem");
}

function invalid(name: string, value: string, wanted: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_CONFIGURATION_INVALID",
    `the vfs driver's option ${name} is ${JSON.stringify(value)}, not ${wanted}`,
  );
}
