import { readdir } from "node:fs/promises";
import {
  additionalStores,
  driverOptions,
  type Environment,
  parseStorageOption,
  readStorageSettings,
  type StorageOption,
  type StorageSettings,
} from "@drayage/containers-config";
import { DrayageError, errnoOf, ioError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { openStore, type Store } from "@drayage/storage";
import { type Drivers, loadDriver, usualDrivers } from "./drivers.ts";
import type { StorePlace } from "./store-place.ts";

export interface FindStoreOptions {
  /** `process.env` where absent. */
  readonly env?: Environment | undefined;
  /** Read instead of the usual storage.conf. */
  readonly storageConf?: string | undefined;
}

export interface OpenContainersStoreOptions extends FindStoreOptions {
  /** Drivers beside those that there are: overlay and vfs, and those of packages. */
  readonly drivers?: Drivers | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where a store is, and how it is kept. */
export interface FoundStore {
  readonly graphRoot: string;
  readonly runRoot: string;
  /** The drivers to try, in this order; the first one that can be used here is taken. One where it is certain. */
  readonly drivers: readonly string[];
  /** Those that do not count for the driver that is used included. */
  readonly options: readonly StorageOption[];
  readonly additionalStores: readonly string[];
  /** The files of storage.conf that were read. */
  readonly files: readonly string[];
}

/**
 * Finds a store: what a reference says of it, the rest from storage.conf and the environment. The options of storage.conf are only for
 * its own graph root. Where no driver is named it is the one whose files are there already.
 *
 * @throws `ERR_DRAYAGE_CONFIGURATION_INVALID`, `ERR_DRAYAGE_STORE_UNSUPPORTED`, `ERR_DRAYAGE_IO`
 */
export async function findStore(place: StorePlace = {}, options: FindStoreOptions = {}): Promise<FoundStore> {
  const settings = await readStorageSettings({ env: options.env, path: options.storageConf });
  const graphRoot = place.graphRoot ?? settings.graphRoot;
  const isConfigured = graphRoot === settings.graphRoot;
  if (isConfigured) refuseUnsupported(settings);
  const given = place.options?.filter((text) => text !== "").map(parseStorageOption);
  const own = isConfigured ? settings.options : [];
  return {
    files: settings.files,
    graphRoot,
    runRoot: place.runRoot ?? settings.runRoot,
    drivers: await driversFor(
      graphRoot,
      place.driver ?? (isConfigured ? settings.driver : undefined),
      settings,
    ),
    options: (given ?? own).filter(({ name }) => name !== "imagestore"),
    additionalStores:
      given === undefined ? (isConfigured ? settings.additionalImageStores : []) : additionalStores(given),
  };
}

function refuseUnsupported({ imageStore, transientStore, files }: StorageSettings): void {
  const setting = imageStore !== undefined ? "imagestore" : transientStore ? "transient_store" : undefined;
  if (setting === undefined) return;
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_UNSUPPORTED",
    `the store is configured with ${setting}, which is not supported yet`,
    {
      hint: `it is set in ${files.map((path) => JSON.stringify(path)).join(" or ")}; name another store in [ ]`,
    },
  );
}

async function driversFor(
  graphRoot: string,
  named: string | undefined,
  { driverPriority }: StorageSettings,
): Promise<readonly string[]> {
  if (named !== undefined) return [named];
  const present = await driversPresent(graphRoot);
  const wanted = driverPriority.length > 0 ? driverPriority : usualDrivers;
  if (present.length === 0) return wanted;
  return [wanted.find((driver) => present.includes(driver)) ?? present[0] ?? ""];
}

/** The drivers that have images in a graph root. */
async function driversPresent(graphRoot: string): Promise<readonly string[]> {
  const ending = "-images";
  try {
    const names = await readdir(graphRoot);
    return names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
  } catch (error) {
    const errno = errnoOf(error);
    // Whose a store is that nobody else may look into is said when it is opened.
    if (errno === "ENOENT" || errno === "EACCES") return [];
    throw ioError(error, "read the store", { path: graphRoot });
  }
}

/**
 * Opens a store of podman, buildah and skopeo: the machine's or the user's own, or the one that is named.
 *
 * @throws what {@link findStore}, {@link loadDriver} and `openStore` throw
 */
export async function openContainersStore(
  place: StorePlace = {},
  options: OpenContainersStoreOptions = {},
): Promise<Store> {
  const { signal } = options;
  throwIfAborted(signal, "open the store");
  const found = await findStore(place, options);
  const refusals: unknown[] = [];
  for (const name of found.drivers) {
    try {
      return await openWith(name, found, options);
    } catch (error) {
      if (found.drivers.length === 1 || !isUnsupported(error)) throw error;
      refusals.push(error);
    }
  }
  const reasons = refusals.map((error) => (error instanceof Error ? error.message : String(error)));
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_UNSUPPORTED",
    `none of the storage drivers ${found.drivers.join(", ")} can be used here: ${reasons.join("; ")}`,
    { hint: "name one in storage.conf or $STORAGE_DRIVER", cause: new AggregateError(refusals) },
  );
}

async function openWith(
  name: string,
  { graphRoot, runRoot, options, additionalStores: additional }: FoundStore,
  { drivers, signal }: OpenContainersStoreOptions,
): Promise<Store> {
  return openStore({
    graphRoot,
    runRoot,
    driver: await loadDriver(name, drivers),
    driverOptions: driverOptions(options, name),
    additionalStores: additional,
    signal,
  });
}

function isUnsupported(error: unknown): boolean {
  return (
    isDrayageError(error, "ERR_DRAYAGE_STORE_UNSUPPORTED") ||
    isDrayageError(error, "ERR_DRAYAGE_SYSTEM_UNSUPPORTED")
  );
}
