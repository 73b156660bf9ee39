import type { Environment } from "../environment.ts";
import { type AuthFile, isForbidden, readAuthFile } from "./auth-file.ts";
import { decodeEntry, type StoredCredentials } from "./entries.ts";
import type { AuthFilePath } from "./files.ts";
import type { HelperMemory } from "./helper-memory.ts";
import { dockerHubUrl, normalizeRegistry, registryOf, registryOfKey, withParents } from "./names.ts";

/** A login that was found, and where. */
export interface FoundLogin extends StoredCredentials {
  /** The key that it was found under: the name itself, what the name lies in, or another spelling of the registry. */
  readonly key: string;
  /** The file that has it, or that names the helper that has it; undefined for helpers of registries.conf. */
  readonly file: string | undefined;
  /** The helper that has it. */
  readonly helper: string | undefined;
}

export interface LookupOptions {
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
  readonly helperTimeout?: number | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Helpers are asked each time where absent. */
  readonly memory?: HelperMemory | undefined;
}

/** The first file's login for a name. Files that are not there, or that one may not read and has not named, are passed over. */
export async function findInFiles(
  name: string,
  paths: readonly AuthFilePath[],
  options: LookupOptions,
): Promise<FoundLogin | undefined> {
  for (const path of paths) {
    const file = await openAuthFile(path, options);
    const found = file === undefined ? undefined : await findInFile(name, file, options);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A file with logins; undefined where there is none, and, with a warning, where one that nobody has named cannot be read. */
export async function openAuthFile(
  { path, legacy, named }: AuthFilePath,
  { onWarning }: Pick<LookupOptions, "onWarning">,
): Promise<AuthFile | undefined> {
  try {
    return await readAuthFile(path, { legacy });
  } catch (error) {
    if (named || !isForbidden(error)) throw error;
    onWarning?.(`${(error as Error).message}: logins in it are not seen`);
    return undefined;
  }
}

/**
 * A file's login for a name: of the helper for its registry (`credHelpers`), else of the entry with the longest path, else
 * of one with another spelling of the registry, else of docker's helper for all (`credsStore`), which the Go tools do not ask.
 */
async function findInFile(
  name: string,
  file: AuthFile,
  options: LookupOptions,
): Promise<FoundLogin | undefined> {
  const registry = registryOf(name);
  const [configuredFor, helper] = configuredHelper(registry, file.credHelpers);
  if (helper !== undefined && helper !== "") {
    return askHelper(helper, serversOf(registry, configuredFor), { ...options, file: file.path });
  }
  const entry = findEntry(name, file, options);
  if (entry !== undefined || file.credsStore === undefined || helper === "") return entry;
  try {
    return await askHelper(file.credsStore, [storeServer(registry)], { ...options, file: file.path });
  } catch (error) {
    const { isHelperMissing } = await import("./helper.ts");
    // docker's own configuration, copied to a machine without docker: the Go tools do not even look at it.
    if (!isHelperMissing(error)) throw error;
    options.onWarning?.(`${(error as Error).message}, which credsStore of ${file.path} names`);
    return undefined;
  }
}

/** The helper that is configured for a registry, and the key that says so. Docker Hub has several. */
export function configuredHelper(
  registry: string,
  credHelpers: ReadonlyMap<string, string>,
): readonly [key: string, helper: string | undefined] {
  const exact = credHelpers.get(registry);
  if (exact !== undefined) return [registry, exact];
  for (const [key, helper] of credHelpers) {
    if (
      normalizeRegistry(registry) === "index.docker.io" &&
      registryOfKey(key, false) === "index.docker.io"
    ) {
      return [key, helper];
    }
  }
  return [registry, undefined];
}

/** What docker calls a registry towards its credential store. */
export function storeServer(registry: string): string {
  return normalizeRegistry(registry) === "index.docker.io" ? dockerHubUrl : registry;
}

/** What a helper is asked for: the key in the configuration, and docker's name of it where that is another. */
function serversOf(registry: string, key: string): readonly string[] {
  return [...new Set([key, storeServer(registry)])];
}

/** The first of the servers that the helper has a login for. */
export async function askHelper(
  helper: string,
  servers: readonly string[],
  { file, ...options }: LookupOptions & { readonly file?: string | undefined },
): Promise<FoundLogin | undefined> {
  for (const server of servers) {
    const stored = await askOrRecall(helper, server, options);
    if (stored !== undefined) return { ...stored, key: server, file, helper };
  }
  return undefined;
}

async function askOrRecall(
  helper: string,
  server: string,
  { env, signal, helperTimeout, memory }: LookupOptions,
): Promise<StoredCredentials | undefined> {
  const recalled = memory?.recall(helper, server);
  if (recalled !== undefined) return recalled.login;
  // Few logins are kept by helpers.
  const { getFromHelper } = await import("./helper.ts");
  const login = await getFromHelper(helper, server, { env, signal, timeout: helperTimeout });
  memory?.keep(helper, server, login);
  return login;
}

function findEntry(name: string, file: AuthFile, { onWarning }: LookupOptions): FoundLogin | undefined {
  const { path, auths } = file;
  const key = entryKey(name, file);
  if (key === undefined) return undefined;
  const stored = decodeEntry(auths.get(key), { path, key, onWarning });
  return stored === undefined ? undefined : { ...stored, key, file: path, helper: undefined };
}

function entryKey(name: string, { auths, legacy }: AuthFile): string | undefined {
  const exact = legacy ? [registryOf(name)] : withParents(name);
  const registry = normalizeRegistry(registryOf(name));
  return (
    exact.find((candidate) => auths.has(candidate)) ??
    [...auths.keys()].find((candidate) => registryOfKey(candidate, legacy) === registry)
  );
}
