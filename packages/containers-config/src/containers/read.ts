import { join } from "node:path";
import { readFileLimited } from "@drayage/blob";
import { dropIns, firstPresent, machineFolders, userFolders } from "../config-folders.ts";
import { type Environment, variable } from "../environment.ts";
import { configurationLimit } from "../registries/read.ts";
import { type AppendableTexts, parseToml } from "../registries/toml-file.ts";

export interface ReadContainersOptions {
  /** Read instead of `$CONTAINERS_CONF` and the usual files. */
  readonly path?: string | undefined;
  /** `process.env` where absent. */
  readonly env?: Environment | undefined;
  /** The folders of the machine's configuration, the one that counts more first, instead of the usual ones. */
  readonly machineFolders?: readonly string[] | undefined;
}

/** What containers.conf(5) says of new containers. Undefined where no file says anything: then each tool has its own. */
export interface ContainersSettings {
  /** `default_capabilities`: with or without `CAP_`. */
  readonly capabilities: readonly string[] | undefined;
  /** `default_ulimits`: `name=soft:hard`. */
  readonly ulimits: readonly string[] | undefined;
  /** `devices`: `source:destination:permissions`. */
  readonly devices: readonly string[] | undefined;
  /** The files that were read, those that count more last. */
  readonly files: readonly string[];
}

const mainFile = "containers.conf";

/**
 * What the files in the format of containers.conf(5) say of new containers, as containers/common finds it out: those of the machine, the
 * system's before the administrator's, then the user's, each with the drop-ins in its `containers.conf.d`; or `path`, or
 * `$CONTAINERS_CONF`, alone; then `$CONTAINERS_CONF_OVERRIDE`. A list replaces that of the files before, unless it ends in
 * `{ append = true }`. Keys that are not known are passed over.
 *
 * @throws ERR_DRAYAGE_CONFIGURATION_INVALID naming file and line, ERR_DRAYAGE_IO
 */
export async function readContainersSettings(
  options: ReadContainersOptions = {},
): Promise<ContainersSettings> {
  const files = filesToRead(options);
  const found = new Map<string, readonly string[]>();
  for (const path of files) {
    const table = parseToml(await readFileLimited(path, configurationLimit), path).table("containers");
    for (const key of ["default_capabilities", "default_ulimits", "devices"]) {
      const said = table?.appendable(key);
      if (said !== undefined) found.set(key, merged(found.get(key), said));
    }
  }
  return {
    capabilities: found.get("default_capabilities"),
    ulimits: found.get("default_ulimits"),
    devices: found.get("devices"),
    files,
  };
}

function merged(before: readonly string[] = [], { items, append }: AppendableTexts): readonly string[] {
  return append ? [...before, ...items] : items;
}

function filesToRead({
  path,
  env = process.env,
  machineFolders: machine = machineFolders,
}: ReadContainersOptions): readonly string[] {
  const override = variable(env, "CONTAINERS_CONF_OVERRIDE");
  const overrides = override === undefined ? [] : [override];
  const named = path ?? variable(env, "CONTAINERS_CONF");
  if (named !== undefined) return [named, ...overrides];
  const [own] = userFolders(env);
  const folders = [...machine.toReversed(), ...(own === undefined ? [] : [own])];
  return [...folders.flatMap(filesOf), ...overrides];
}

function filesOf(folder: string): readonly string[] {
  const main = firstPresent([join(folder, mainFile)]);
  return [...(main === undefined ? [] : [main]), ...dropIns(join(folder, `${mainFile}.d`))];
}
