import { DrayageError, isDrayageError } from "@drayage/errors";
import { type StorageDriver, storageDriverApiVersion, storageDriverBrand } from "@drayage/storage";

/** Loads a driver when it is first needed. */
export type LoadDriver = () => Promise<StorageDriver> | StorageDriver;

/** Drivers by the names that storage.conf has for them. */
export type Drivers = Readonly<Record<string, LoadDriver>>;

/** The drivers that come with this package. */
const builtinDrivers: Drivers = {
  overlay: async () => (await import("@drayage/storage-driver-overlay")).overlayDriver(),
  vfs: async () => (await import("@drayage/storage-driver-vfs")).vfsDriver(),
};

/** Those that are tried where none is named, the preferred first. */
export const usualDrivers: readonly string[] = ["overlay", "vfs"];

/**
 * The driver of a name: one of those that were given, one of ours, or that of the package `@drayage/storage-driver-<name>` or
 * `drayage-storage-driver-<name>`, where one is installed beside this package.
 *
 * @throws `ERR_DRAYAGE_STORE_UNSUPPORTED`, `ERR_DRAYAGE_PLUGIN_INVALID`
 */
export async function loadDriver(name: string, given: Drivers = {}): Promise<StorageDriver> {
  const load = own(given, name) ?? own(builtinDrivers, name);
  if (load !== undefined) return checked(await load(), name, `the driver ${name}`);
  for (const packageName of [`@drayage/storage-driver-${name}`, `drayage-storage-driver-${name}`]) {
    const found = await importBeside(packageName);
    if (found !== undefined) return checked(exported(found, name), name, `the package ${packageName}`);
  }
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_UNSUPPORTED",
    `there is no storage driver ${JSON.stringify(name)}`,
    {
      hint: `there are ${[...new Set([...Object.keys(given), ...Object.keys(builtinDrivers)])].sort().join(", ")}; others come as packages named drayage-storage-driver-NAME`,
    },
  );
}

function own(drivers: Drivers, name: string): LoadDriver | undefined {
  return Object.hasOwn(drivers, name) ? drivers[name] : undefined;
}

async function importBeside(name: string): Promise<object | undefined> {
  try {
    return (await import(name)) as object;
  } catch (error) {
    const { code, message = "" } = error as { readonly code?: string; readonly message?: string };
    if (code === "ERR_MODULE_NOT_FOUND" && message.includes(`'${name}'`)) return undefined;
    if (isDrayageError(error)) throw error;
    throw new DrayageError("ERR_DRAYAGE_PLUGIN_INVALID", `cannot load the package ${name}: ${message}`, {
      cause: error,
    });
  }
}

/** A module's `default` export, else its `driver`, else `<name>Driver`; each may be a function that makes it. */
function exported(module: object, name: string): unknown {
  const exports = module as Readonly<Record<string, unknown>>;
  const own = `${name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Driver`;
  const found = exports.default ?? exports.driver ?? exports[own];
  return typeof found === "function" ? found() : found;
}

function checked(driver: unknown, name: string, what: string): StorageDriver {
  const problem = problemOf(driver, name);
  if (problem === undefined) return driver as StorageDriver;
  throw new DrayageError("ERR_DRAYAGE_PLUGIN_INVALID", `${what} ${problem}`);
}

function problemOf(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null || !(storageDriverBrand in value)) {
    return "is no storage driver";
  }
  const driver = value as Partial<StorageDriver>;
  if (driver.apiVersion !== storageDriverApiVersion) {
    return `is made for version ${String(driver.apiVersion)} of the contract, and this is version ${storageDriverApiVersion}`;
  }
  if (driver.name !== name) return `is the storage driver ${JSON.stringify(driver.name)}, not ${name}`;
  return typeof driver.open === "function" ? undefined : "lacks open()";
}
