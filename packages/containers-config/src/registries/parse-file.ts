import { isDrayageError } from "@drayage/errors";
import { parseReference } from "@drayage/reference";
import { parseAliases } from "./aliases.ts";
import type { RegistriesFile, RegistryEntry, ShortNameMode } from "./config.ts";
import { parseRegistryTable, type RegistryTableOptions, trimLocation } from "./registry-table.ts";
import { parseToml, type TomlTable } from "./toml-file.ts";

export interface ParseRegistriesOptions extends RegistryTableOptions {
  /** Whether the old format is taken, too: in registries.conf itself, not in drop-ins. */
  readonly allowVersion1: boolean;
}

const shortNameModes: ReadonlySet<string> = new Set<ShortNameMode>(["enforcing", "permissive", "disabled"]);
const searchKey = "unqualified-search-registries";

/** Reads a file in the format of containers-registries.conf(5). Throws `ERR_DRAYAGE_CONFIGURATION_INVALID`. */
export function parseRegistriesFile(bytes: Uint8Array, options: ParseRegistriesOptions): RegistriesFile {
  const file = parseToml(bytes, options.path);
  const old = version1Lists(file);
  if (old === undefined) return parseVersion2(file, options);
  if (!options.allowVersion1) {
    throw file.invalid("a drop-in is written in the format of version 2, this is version 1", {
      key: "registries",
      hint: "write [[registry]] tables and unqualified-search-registries",
    });
  }
  if (saysVersion2(file)) {
    throw file.invalid("[registries] of version 1 and settings of version 2 cannot stand in one file", {
      key: "registries",
      hint: "write [[registry]] tables and unqualified-search-registries instead of [registries.…]",
    });
  }
  return convertVersion1(old, file, options);
}

function parseVersion2(file: TomlTable, options: ParseRegistriesOptions): RegistriesFile {
  const registries = (file.tables("registry") ?? []).map((table) => {
    warnUnknown(table, registryKeys, options);
    for (const mirror of table.tables("mirror") ?? []) warnUnknown(mirror, mirrorKeys, options);
    return { entry: parseRegistryTable(table, options), table };
  });
  warnUnknown(file, fileKeys, options);
  refuseConflicts(registries);
  return {
    path: options.path,
    registries: firstOfPrefix(registries, options),
    unqualifiedSearchRegistries: file.texts(searchKey)?.map((host) => readHost(host, file, searchKey)),
    credentialHelpers: file.texts("credential-helpers"),
    shortNameMode: readShortNameMode(file),
    aliases: parseAliases(file.table("aliases"), options.path),
  };
}

const fileKeys = [
  "registry",
  searchKey,
  "credential-helpers",
  "short-name-mode",
  "additional-layer-store-auth-helper",
  "aliases",
  "registries",
];
const mirrorKeys = ["location", "insecure", "pull-from-mirror"];
const registryKeys = [...mirrorKeys, "prefix", "mirror", "blocked", "mirror-by-digest-only"];

function warnUnknown(
  table: TomlTable,
  known: readonly string[],
  { onWarning }: ParseRegistriesOptions,
): void {
  for (const key of table.keys()) {
    if (known.includes(key.toLowerCase())) continue;
    onWarning(`${table.place(key)}: there is no setting ${JSON.stringify(key)}; it is ignored`);
  }
}

interface ParsedTable {
  readonly entry: RegistryEntry;
  readonly table: TomlTable;
}

/** Several prefixes may lead to one location, but not say different things about it. */
function refuseConflicts(registries: readonly ParsedTable[]): void {
  const byLocation = new Map<string, RegistryEntry>();
  for (const { entry, table } of registries) {
    const key = entry.location ?? entry.prefix;
    const earlier = byLocation.get(key);
    byLocation.set(key, earlier ?? entry);
    for (const setting of ["insecure", "blocked"] as const) {
      if (earlier === undefined || earlier[setting] === entry[setting]) continue;
      throw table.invalid(
        `${setting} is ${entry[setting]} for ${JSON.stringify(key)}, and ${earlier[setting]} in another [[registry]]`,
        { hint: `say the same in all [[registry]] tables of this location` },
      );
    }
  }
}

/** As in containers/image, of several entries with one prefix the first counts. */
function firstOfPrefix(
  registries: readonly ParsedTable[],
  { onWarning }: ParseRegistriesOptions,
): readonly RegistryEntry[] {
  const byPrefix = new Map<string, RegistryEntry>();
  for (const { entry, table } of registries) {
    if (byPrefix.has(entry.prefix)) {
      onWarning(
        `${table.place()}: this [[registry]] is ignored, another one before it has its prefix ${JSON.stringify(entry.prefix)}`,
      );
    } else byPrefix.set(entry.prefix, entry);
  }
  return [...byPrefix.values()];
}

function readHost(text: string, table: TomlTable, key: string): string {
  const host = trimLocation(text, table, key) ?? "";
  try {
    if (parseReference(`${host}/name`).domain === host) return host;
  } catch (error) {
    if (!isDrayageError(error)) throw error;
  }
  throw table.invalid(`${key}: ${JSON.stringify(text)} is not the name of a host`, {
    key,
    hint: "write HOST or HOST:PORT",
  });
}

function readShortNameMode(file: TomlTable): ShortNameMode | undefined {
  const key = "short-name-mode";
  const mode = file.text(key) ?? "";
  if (mode === "") return undefined;
  if (isShortNameMode(mode)) return mode;
  throw file.invalid(`${key}: ${JSON.stringify(mode)} is not enforcing, permissive or disabled`, { key });
}

function isShortNameMode(text: string): text is ShortNameMode {
  return shortNameModes.has(text);
}

interface Version1Lists {
  readonly search?: readonly string[] | undefined;
  readonly insecure?: readonly string[] | undefined;
  readonly block?: readonly string[] | undefined;
}

/** The lists of version 1; undefined where all are empty. */
function version1Lists(file: TomlTable): Version1Lists | undefined {
  const registries = file.table("registries");
  const list = (name: string): readonly string[] | undefined => registries?.table(name)?.texts("registries");
  const lists = { search: list("search"), insecure: list("insecure"), block: list("block") };
  return Object.values(lists).some((found) => !isEmpty(found)) ? lists : undefined;
}

function saysVersion2(file: TomlTable): boolean {
  return (
    !isEmpty(file.tables("registry")) ||
    !isEmpty(file.texts(searchKey)) ||
    !isEmpty(file.texts("credential-helpers")) ||
    !isEmpty(file.table("aliases")?.keys()) ||
    (file.text("short-name-mode") ?? "") !== "" ||
    (file.text("additional-layer-store-auth-helper") ?? "") !== ""
  );
}

/** Empty lists say nothing, as for skopeo 1.9: files that come with systems have them. */
function isEmpty(list: readonly unknown[] | undefined): boolean {
  return list === undefined || list.length === 0;
}

function convertVersion1(
  { search, insecure, block }: Version1Lists,
  file: TomlTable,
  { path }: ParseRegistriesOptions,
): RegistriesFile {
  const locations = (list: readonly string[] | undefined): ReadonlySet<string> =>
    new Set((list ?? []).flatMap((text) => trimLocation(text, file, "registries") ?? []));
  const insecureOnes = locations(insecure);
  const blockedOnes = locations(block);
  return {
    path,
    registries: [...new Set([...blockedOnes, ...insecureOnes])].map((location) => ({
      prefix: location,
      location,
      insecure: insecureOnes.has(location),
      blocked: blockedOnes.has(location),
      mirrors: [],
      origin: path,
    })),
    unqualifiedSearchRegistries: search?.map((host) => readHost(host, file, "registries")),
    aliases: new Map(),
  };
}
