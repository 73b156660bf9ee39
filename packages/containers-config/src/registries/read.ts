import { join } from "node:path";
import { readFileLimited } from "@drayage/blob";
import { dropIns, firstPresent, machineFolders, userFolders } from "../config-folders.ts";
import { type Environment, variable } from "../environment.ts";
import type { RegistriesConfig, RegistriesFile, RegistryEntry, ShortNameAlias } from "./config.ts";

export interface ReadRegistriesOptions {
  /** Read instead of the usual registries.conf, before the usual drop-ins: `--registries-conf`. */
  readonly path?: string | undefined;
  /** The folder of drop-ins, instead of the usual ones: `--registries-conf-dir`. */
  readonly dropInFolder?: string | undefined;
  /** `process.env` where absent. */
  readonly env?: Environment | undefined;
  /** The folders of the machine's configuration, the one that counts more first, instead of the usual ones. */
  readonly machineFolders?: readonly string[] | undefined;
  /** Told of what a file says that has no effect. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** More than any such file has. */
export const configurationLimit: number = 1024 * 1024;

/**
 * What registries.conf and its drop-ins say, read as containers/image does:
 *
 * - The main file is `path`; else `$CONTAINERS_REGISTRIES_CONF`, which no drop-ins are read beside; else the user's
 *   `~/.config/containers/registries.conf`; else `/etc/containers/registries.conf`.
 * - Then the drop-ins by their names: those of `dropInFolder`; else those of `registries.conf.d`, the machine's (not beside the
 *   user's main file), then the user's.
 * - Then `$CONTAINERS_REGISTRIES_CONF_OVERRIDE`.
 *
 * What a later file says counts more; `[[registry]]` tables and aliases are merged by prefix and name. A file that was
 * named has to be there, the others need not.
 *
 * @throws ERR_DRAYAGE_CONFIGURATION_INVALID naming file and line, ERR_DRAYAGE_IO
 */
export async function readRegistriesConfig(options: ReadRegistriesOptions = {}): Promise<RegistriesConfig> {
  const { main, others } = filesToRead(options);
  const { onWarning = () => {} } = options;
  const paths = main === undefined ? others : [main, ...others];
  if (paths.length === 0) return merge([]);
  // Most machines have no such file: what reads TOML is not loaded for nothing.
  const { parseRegistriesFile } = await import("./parse-file.ts");
  const files: RegistriesFile[] = [];
  for (const path of paths) {
    const bytes = await readFileLimited(path, configurationLimit);
    files.push(parseRegistriesFile(bytes, { path, allowVersion1: path === main, onWarning }));
  }
  return merge(files);
}

function filesToRead({
  path,
  dropInFolder,
  env = process.env,
  machineFolders: machine = machineFolders,
}: ReadRegistriesOptions): { readonly main: string | undefined; readonly others: readonly string[] } {
  const override = variable(env, "CONTAINERS_REGISTRIES_CONF_OVERRIDE");
  const overrides = override === undefined ? [] : [override];
  const named = variable(env, "CONTAINERS_REGISTRIES_CONF");
  const chosen = dropInFolder === undefined ? undefined : dropIns(dropInFolder);
  if (path === undefined && named !== undefined) {
    return { main: named, others: [...(chosen ?? []), ...overrides] };
  }
  const inFolder = (folder: string): string => join(folder, "registries.conf");
  const users = userFolders(env);
  const ownMain = path === undefined ? firstPresent(users.map(inFolder)) : undefined;
  // What counts less is read first.
  const folders = [...(ownMain === undefined ? machine.toReversed() : []), ...users.toReversed()];
  return {
    main: path ?? ownMain ?? firstPresent(machine.map(inFolder)),
    others: [...(chosen ?? folders.flatMap((folder) => dropIns(`${inFolder(folder)}.d`))), ...overrides],
  };
}

function merge(files: readonly RegistriesFile[]): RegistriesConfig {
  const registries = new Map<string, RegistryEntry>();
  const aliases = new Map<string, ShortNameAlias>();
  for (const file of files) {
    for (const entry of file.registries) registries.set(entry.prefix, entry);
    for (const [name, alias] of file.aliases) aliases.set(name, alias);
  }
  const search = files.findLast((file) => file.unqualifiedSearchRegistries !== undefined);
  const helpers = files.findLast((file) => file.credentialHelpers !== undefined)?.credentialHelpers ?? [];
  return {
    registries: [...registries.values()].sort((a, b) => (a.prefix < b.prefix ? -1 : 1)),
    unqualifiedSearchRegistries: search?.unqualifiedSearchRegistries ?? [],
    unqualifiedSearchOrigin: search?.path,
    credentialHelpers: helpers.length === 0 ? ["containers-auth.json"] : helpers,
    shortNameMode: files.findLast((file) => file.shortNameMode !== undefined)?.shortNameMode ?? "permissive",
    aliases,
    files: files.map((file) => file.path),
  };
}
