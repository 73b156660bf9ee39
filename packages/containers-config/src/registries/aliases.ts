import { isDrayageError } from "@drayage/errors";
import { type DockerReference, isNameOnly, parseNormalizedNamed, parseReference } from "@drayage/reference";
import type { ShortNameAlias } from "./config.ts";
import type { TomlTable } from "./toml-file.ts";

/** Whether a reference names its registry, rather than being one for which the registry has to be found. */
export function hasRegistry({ domain }: DockerReference): boolean {
  return /[.:]/.test(domain) || domain === "localhost";
}

/** Reads an `[aliases]` table. Throws `ERR_DRAYAGE_CONFIGURATION_INVALID`. */
export function parseAliases(
  table: TomlTable | undefined,
  origin: string,
): ReadonlyMap<string, ShortNameAlias> {
  const aliases = new Map<string, ShortNameAlias>();
  for (const short of table?.keys() ?? []) {
    if (table === undefined) break;
    checkShortName(short, table);
    const value = table.text(short);
    // An empty value takes back what a file before this one says.
    aliases.set(short, {
      name: value === undefined || value === "" ? undefined : readName(value, short, table),
      origin,
    });
  }
  return aliases;
}

function checkShortName(short: string, table: TomlTable): void {
  const reference = parsePart(short, short, table);
  if (isNameOnly(reference) && !hasRegistry(reference)) return;
  throw table.invalid(`${JSON.stringify(short)} is not a short name`, {
    key: short,
    hint: "the left side of an alias has no registry, no tag and no digest: name or namespace/name",
  });
}

function readName(value: string, short: string, table: TomlTable): DockerReference {
  const reference = parsePart(value, short, table);
  if (isNameOnly(reference) && hasRegistry(reference)) return parseNormalizedNamed(value);
  throw table.invalid(`${JSON.stringify(value)} is not the full name of a repository`, {
    key: short,
    hint: "the right side of an alias has a registry, and neither tag nor digest: quay.io/podman/stable",
  });
}

function parsePart(text: string, short: string, table: TomlTable): DockerReference {
  try {
    return parseReference(text);
  } catch (error) {
    if (!isDrayageError(error)) throw error;
    throw table.invalid(error.message, { key: short, hint: error.hint ?? "" });
  }
}
