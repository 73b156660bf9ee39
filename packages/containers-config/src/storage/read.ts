import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readFileLimited } from "@drayage/blob";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { firstPresent, machineFolders } from "../config-folders.ts";
import { type Environment, homeFolder, variable } from "../environment.ts";
import { configurationLimit } from "../registries/read.ts";
import type { AppendableTexts } from "../registries/toml-file.ts";
import { driverName, parseStorageOption } from "./options.ts";
import type { StorageFile } from "./parse-file.ts";
import { expandPath, machineRoots, userRoots } from "./paths.ts";
import type { StorageOption, StorageSettings } from "./settings.ts";

export interface ReadStorageOptions {
  /** Read instead of `$CONTAINERS_STORAGE_CONF` and the usual files. */
  readonly path?: string | undefined;
  /** `process.env` where absent. */
  readonly env?: Environment | undefined;
  /** The folders of the machine's configuration, the one that counts more first, instead of the usual ones. */
  readonly machineFolders?: readonly string[] | undefined;
  /** Whose store it is; `$_CONTAINERS_ROOTLESS_UID`, which the Go tools set in user namespaces, or the process's where absent. */
  readonly uid?: number | undefined;
}

/**
 * Where the machine's or the user's container storage is, and how it is kept, as containers/storage finds it out
 * (types.DefaultStoreOptions):
 *
 * - The file is `path` or `$CONTAINERS_STORAGE_CONF`, alone. Else it is `$XDG_CONFIG_HOME/containers/storage.conf`, for users
 *   but root also `~/.config/containers/storage.conf`; else `/etc/containers/storage.conf`; else
 *   `/usr/share/containers/storage.conf`.
 * - A user without a file of their own gets their own roots, and of the machine's file only the driver, the
 *   `rootless_storage_path` and `ignore_chown_errors`.
 * - Then the drop-ins of newer containers/storage: `storage.conf.d`, `storage.rootful.conf.d`, `storage.rootless.conf.d` and
 *   `storage.rootless.conf.d/UID` of the machine, and the user's `storage.conf.d`; of two with one name the one that counts
 *   more, all by their names. Then `$CONTAINERS_STORAGE_CONF_OVERRIDE`.
 * - `$STORAGE_DRIVER` and `$STORAGE_OPTS` count more than any file.
 *
 * Keys that are not known are passed over. A file that was named has to be there. Nothing is created.
 *
 * @throws ERR_DRAYAGE_CONFIGURATION_INVALID naming file and line, ERR_DRAYAGE_IO
 */
export async function readStorageSettings(options: ReadStorageOptions = {}): Promise<StorageSettings> {
  const { env = process.env } = options;
  const uid = options.uid ?? userOf(env);
  const rootless = uid !== 0;
  const chosen = filesToRead(options, env, uid);
  const paths = [...(chosen.main === undefined ? [] : [chosen.main]), ...chosen.others];
  const files = await readAll(paths);
  const limited = rootless && !chosen.isOwn ? files.map(asForUsers(chosen.main)) : files;
  return settingsOf(limited, { env, uid, rootless });
}

function userOf(env: Environment): number {
  const said = variable(env, "_CONTAINERS_ROOTLESS_UID");
  if (said !== undefined && /^\d{1,10}$/.test(said)) return Number(said);
  return process.geteuid?.() ?? 0;
}

interface ChosenFiles {
  readonly main: string | undefined;
  /** Whether the main file was named, or is the user's: then all of it counts. */
  readonly isOwn: boolean;
  readonly others: readonly string[];
}

function filesToRead(
  { path, machineFolders: machine = machineFolders }: ReadStorageOptions,
  env: Environment,
  uid: number,
): ChosenFiles {
  const override = variable(env, "CONTAINERS_STORAGE_CONF_OVERRIDE");
  const overrides = override === undefined ? [] : [override];
  const named = path ?? variable(env, "CONTAINERS_STORAGE_CONF");
  if (named !== undefined) return { main: named, isOwn: true, others: overrides };
  const own = ownFolder(env, uid);
  const ownMain = own === undefined ? undefined : firstPresent([join(own, mainFile)]);
  const main = ownMain ?? firstPresent(machine.map((folder) => join(folder, mainFile)));
  const folders = machine.toReversed().flatMap((folder) => machineDropIns(folder, uid));
  if (own !== undefined) folders.push(join(own, `${mainFile}.d`));
  return { main, isOwn: ownMain !== undefined, others: [...dropInsOf(folders), ...overrides] };
}

const mainFile = "storage.conf";

/** root's own is only read where it is named, as by Debian's tools. */
function ownFolder(env: Environment, uid: number): string | undefined {
  const named = variable(env, "XDG_CONFIG_HOME");
  if (named !== undefined) return join(named, "containers");
  return uid === 0 ? undefined : join(homeFolder(env), ".config", "containers");
}

function machineDropIns(folder: string, uid: number): readonly string[] {
  const special = join(folder, `storage.${uid === 0 ? "rootful" : "rootless"}.conf.d`);
  const all = [join(folder, `${mainFile}.d`), special];
  return uid === 0 ? all : [...all, join(special, String(uid))];
}

/** The files of all these folders by their names; of those with one name the last folder's. */
function dropInsOf(folders: readonly string[]): readonly string[] {
  const byName = new Map<string, string>();
  for (const folder of folders) {
    for (const name of dropInNames(folder)) byName.set(name, join(folder, name));
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

function dropInNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".conf"))
      .map(({ name }) => name);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(errnoOf(error) ?? "")) return [];
    throw ioError(error, "read", { path: folder });
  }
}

async function readAll(paths: readonly string[]): Promise<readonly StorageFile[]> {
  if (paths.length === 0) return [];
  const { parseStorageFile } = await import("./parse-file.ts");
  const files: StorageFile[] = [];
  for (const path of paths) {
    files.push(parseStorageFile(await readFileLimited(path, configurationLimit), path));
  }
  return files;
}

/** What of the machine's main file is for users: its roots are root's, and so are most of its options. */
function asForUsers(main: string | undefined): (file: StorageFile) => StorageFile {
  return (file) => {
    if (file.path !== main) return file;
    const driver = file.driver !== undefined && userDrivers.has(file.driver) ? file.driver : undefined;
    return {
      ...file,
      driver,
      graphRoot: undefined,
      runRoot: undefined,
      imageStore: undefined,
      transientStore: undefined,
      additionalImageStores: undefined,
      additionalLayerStores: undefined,
      options: file.options.filter(({ name }) => name === "ignore_chown_errors"),
    };
  };
}

const userDrivers: ReadonlySet<string> = new Set(["btrfs", "overlay", "vfs"]);

function settingsOf(
  files: readonly StorageFile[],
  { env, uid, rootless }: { readonly env: Environment; readonly uid: number; readonly rootless: boolean },
): StorageSettings {
  const last = <Key extends keyof StorageFile>(key: Key): StorageFile[Key] | undefined =>
    files.findLast((file) => file[key] !== undefined)?.[key];
  const list = (key: "driverPriority" | "additionalImageStores" | "additionalLayerStores") =>
    merged(files.map((file) => file[key]));
  const roots = rootless ? userRoots(env, uid) : machineRoots;
  const expand = (path: string): string => expandPath(path, env, uid);
  const graphRoot =
    last("graphRoot") ?? (rootless ? last("rootlessStoragePath") : undefined) ?? roots.graphRoot;
  const driver = variable(env, "STORAGE_DRIVER") ?? last("driver");
  const said = env.STORAGE_OPTS;
  const options =
    said === undefined
      ? [
          ...files.flatMap((file) => file.options),
          ...list("additionalImageStores").map((value) => ({ name: imageStoreOption, value })),
          ...list("additionalLayerStores").map((value) => ({ name: "additionallayerstore", value })),
        ]
      : said
          .split(",")
          .filter((text) => text !== "")
          .map(parseStorageOption);
  const settings: StorageSettings = {
    driver: driver === undefined ? undefined : driverName(driver),
    driverPriority: list("driverPriority"),
    graphRoot: expand(graphRoot),
    runRoot: expand(last("runRoot") ?? roots.runRoot),
    imageStore: last("imageStore"),
    additionalImageStores: additionalStores(options),
    transientStore: last("transientStore") ?? false,
    options: options.filter(({ name }) => name !== imageStoreOption),
    rootless,
    files: files.map((file) => file.path),
  };
  if (settings.imageStore !== settings.graphRoot) return settings;
  throw new DrayageError(
    "ERR_DRAYAGE_CONFIGURATION_INVALID",
    `imagestore and graphroot are both ${JSON.stringify(settings.graphRoot)}`,
    { hint: `leave out imagestore in ${files.map(({ path }) => JSON.stringify(path)).join(", ")}` },
  );
}

const imageStoreOption = "imagestore";

/** The stores that options name, from which images are only read. */
export function additionalStores(options: readonly StorageOption[]): readonly string[] {
  return options.filter(({ name }) => name === imageStoreOption).map(({ value }) => value);
}

function merged(lists: readonly (AppendableTexts | undefined)[]): readonly string[] {
  let items: readonly string[] = [];
  for (const list of lists) {
    if (list !== undefined) items = list.append ? [...items, ...list.items] : list.items;
  }
  return items;
}
