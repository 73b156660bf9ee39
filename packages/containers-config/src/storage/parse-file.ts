import { type AppendableTexts, parseToml, type TomlTable } from "../registries/toml-file.ts";
import { driverName } from "./options.ts";
import type { StorageOption } from "./settings.ts";

/** What one file says. Empty texts say nothing, as for the Go tools. */
export interface StorageFile {
  readonly path: string;
  readonly driver: string | undefined;
  readonly driverPriority: AppendableTexts | undefined;
  readonly graphRoot: string | undefined;
  readonly runRoot: string | undefined;
  readonly rootlessStoragePath: string | undefined;
  readonly imageStore: string | undefined;
  readonly transientStore: boolean | undefined;
  readonly additionalImageStores: AppendableTexts | undefined;
  readonly additionalLayerStores: AppendableTexts | undefined;
  readonly options: readonly StorageOption[];
}

/** Options that stand in `[storage.options]` for whichever driver is used. */
const generalOptions = [
  "force_mask",
  "ignore_chown_errors",
  "mount_program",
  "mountopt",
  "size",
  "skip_mount_home",
] as const;

/** Those in `[storage.options.<driver>]`, of the drivers that the Go tools know. Others' are all taken. */
const knownOptions: Readonly<Record<string, readonly string[]>> = {
  aufs: ["mountopt"],
  btrfs: ["min_space", "size"],
  overlay: [...generalOptions, "inodes", "sync", "use_composefs"],
  thinpool: [],
  vfs: ["ignore_chown_errors"],
  zfs: ["fsname", "mountopt", "size"],
};

/** Tables in `[storage.options]` that are no driver's. */
const otherTables: ReadonlySet<string> = new Set(["pull_options"]);

/**
 * Reads a file in the format of containers-storage.conf(5). What it says beyond that is passed over, as the Go tools do.
 * Throws `ERR_DRAYAGE_CONFIGURATION_INVALID`.
 */
export function parseStorageFile(bytes: Uint8Array, path: string): StorageFile {
  const storage = parseToml(bytes, path).table("storage");
  const options = storage?.table("options");
  const text = (key: string): string | undefined => nonEmpty(storage?.text(key));
  const driver = text("driver");
  return {
    path,
    driver: driver === undefined ? undefined : driverName(driver),
    driverPriority: storage?.appendable("driver_priority"),
    graphRoot: text("graphroot"),
    runRoot: text("runroot"),
    rootlessStoragePath: text("rootless_storage_path"),
    imageStore: text("imagestore"),
    transientStore: storage?.flag("transient_store"),
    additionalImageStores: options?.appendable("additionalimagestores"),
    additionalLayerStores: options?.appendable("additionallayerstores"),
    options: options === undefined ? [] : optionsOf(options),
  };
}

function optionsOf(options: TomlTable): readonly StorageOption[] {
  const found: StorageOption[] = [];
  for (const name of generalOptions) {
    const value = optionIn(options, name);
    if (value !== undefined) found.push({ name, value });
  }
  for (const key of options.keys()) {
    const table = tableAt(options, key);
    if (table === undefined) continue;
    const driver = driverName(key.toLowerCase());
    const names = Object.hasOwn(knownOptions, driver) ? knownOptions[driver] : table.keys();
    for (const name of names ?? []) {
      const value = optionIn(table, name);
      if (value !== undefined) found.push({ driver, name: name.toLowerCase(), value });
    }
  }
  return found;
}

function tableAt(options: TomlTable, key: string): TomlTable | undefined {
  return otherTables.has(key.toLowerCase()) || !options.isTable(key) ? undefined : options.table(key);
}

/** `force_mask = 0o755` is the mode that `force_mask = "0755"` is. */
function optionIn(table: TomlTable, name: string): string | undefined {
  return nonEmpty(table.scalar(name, { octal: name === "force_mask" }));
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
