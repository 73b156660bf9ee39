import { existsSync } from "node:fs";
import { join } from "node:path";
import { readFileLimited } from "@drayage/blob";
import { DrayageError } from "@drayage/errors";
import {
  type DockerReference,
  formatReference,
  parseNormalizedNamed,
  parseReference,
  tagNameOnly,
  trimNamed,
  withDigest,
  withTag,
} from "@drayage/reference";
import { type Environment, homeFolder, variable } from "../environment.ts";
import { hasRegistry, parseAliases } from "./aliases.ts";
import type { RegistriesConfig, ShortNameAlias } from "./config.ts";
import { configurationLimit } from "./read.ts";
import { parseToml } from "./toml-file.ts";

export interface ResolveShortNameOptions {
  /** `process.env` where absent. */
  readonly env?: Environment | undefined;
  /** The file in which Podman records what its users chose, instead of the usual one. */
  readonly aliasFile?: string | undefined;
  /**
   * Asked where several registries may be meant, unless `short-name-mode` is `disabled`. Without it all of them are
   * candidates, or, with the mode `enforcing`, the name is refused.
   */
  readonly choose?: ((candidates: readonly DockerReference[]) => Promise<DockerReference>) | undefined;
}

/** What a name may stand for. */
export interface ShortNameResolution {
  /** Full names with a tag or digest, the first to be tried first. */
  readonly candidates: readonly DockerReference[];
  /** How they were found: the name was a full one, an alias, or the registries that are searched. */
  readonly by: "full-name" | "alias" | "search";
  /** The file that says so. */
  readonly origin?: string | undefined;
}

/**
 * The full names that a name without a registry may stand for, as Podman resolves them: by alias, else by searching the
 * registries of `unqualified-search-registries`. A full name stands for itself; `latest` is added where there is
 * neither tag nor digest. `docker://` does without: there `busybox` is `docker.io/library/busybox`.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID where the name is none, or nothing says what it stands for,
 *   ERR_DRAYAGE_CONFIGURATION_INVALID for a malformed file of aliases, ERR_DRAYAGE_IO
 */
export async function resolveShortName(
  config: RegistriesConfig,
  name: string,
  { env = process.env, aliasFile, choose }: ResolveShortNameOptions = {},
): Promise<ShortNameResolution> {
  const reference = parseReference(name);
  if (hasRegistry(reference)) {
    return { candidates: [tagNameOnly(parseNormalizedNamed(name))], by: "full-name" };
  }
  const alias = await findAlias(config, trimNamed(reference).name, aliasFile ?? aliasFilePath(env));
  if (alias?.name !== undefined) {
    const full = tagNameOnly(withPartsOf(alias.name, reference));
    return { candidates: [full], by: "alias", origin: alias.origin };
  }
  const candidates = config.unqualifiedSearchRegistries.map((host) =>
    tagNameOnly(parseNormalizedNamed(`${host}/${name}`)),
  );
  const found = { by: "search", origin: config.unqualifiedSearchOrigin } as const;
  if (candidates.length === 0) throw unresolved(name, config);
  if (candidates.length === 1 || config.shortNameMode === "disabled") return { candidates, ...found };
  if (choose !== undefined) return { candidates: [await choose(candidates)], ...found };
  if (config.shortNameMode === "permissive") return { candidates, ...found };
  throw new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(name)} is a short name that may mean ${candidates.map(formatReference).join(" or ")}`,
    { hint: "write the full name: short-name-mode is enforcing" },
  );
}

function withPartsOf(name: DockerReference, { tag, digest }: DockerReference): DockerReference {
  const tagged = tag === undefined ? name : withTag(name, tag);
  return digest === undefined ? tagged : withDigest(tagged, digest);
}

/** What users chose before counts more than what files say, also where that is that there is no alias. */
async function findAlias(
  config: RegistriesConfig,
  name: string,
  aliasFile: string,
): Promise<ShortNameAlias | undefined> {
  const chosen = existsSync(aliasFile)
    ? parseToml(await readFileLimited(aliasFile, configurationLimit), aliasFile).table("aliases")
    : undefined;
  return parseAliases(chosen, aliasFile).get(name) ?? config.aliases.get(name);
}

/** Where Podman keeps these aliases: root's in /var/cache, those of others in their caches. */
function aliasFilePath(env: Environment): string {
  const cache =
    process.getuid?.() === 0
      ? "/var/cache"
      : (variable(env, "XDG_CACHE_HOME") ?? join(homeFolder(env), ".cache"));
  return join(cache, "containers", "short-name-aliases.conf");
}

function unresolved(name: string, { unqualifiedSearchOrigin: origin }: RegistriesConfig): DrayageError {
  const where = origin === undefined ? "" : ` in ${JSON.stringify(origin)}`;
  return new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(name)} is a short name: there is no alias for it, and no registries to search${where}`,
    { hint: "write the full name, such as docker.io/library/busybox" },
  );
}
