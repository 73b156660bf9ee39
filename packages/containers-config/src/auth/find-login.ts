import { loginPaths } from "./files.ts";
import { listHelper } from "./helper.ts";
import { authFilesHelper, findLoginFor } from "./keychain.ts";
import { type LoginOptions, lookupOptions, targetOptions } from "./login-options.ts";
import { type FoundLogin, openAuthFile } from "./lookup.ts";
import { checkLoginName, registryOfKey } from "./names.ts";

/**
 * The login that is in force for a name, as `login --get-login` finds it: in the file that was named, `$REGISTRY_AUTH_FILE`,
 * the `config.json` of `$DOCKER_CONFIG`, or else in all the usual files. It holds the secret.
 *
 * @throws `ERR_DRAYAGE_USAGE`, `ERR_DRAYAGE_CONFIGURATION_INVALID`, `ERR_DRAYAGE_CREDENTIALS`, `ERR_DRAYAGE_IO`
 */
export async function findLogin(name: string, options: LoginOptions = {}): Promise<FoundLogin | undefined> {
  return findLoginFor(checkLoginName(name), {
    paths: loginPaths(targetOptions(options)),
    credentialHelpers: options.credentialHelpers,
    lookup: lookupOptions(options),
  });
}

/** A login without its secret. */
export interface ListedLogin {
  /** `host[:port]`, or `host[:port]/path`. */
  readonly name: string;
  /** Undefined for an identity token without a user's name. */
  readonly username: string | undefined;
  /** The file that has it or that names the helper that has it. */
  readonly file: string | undefined;
  readonly helper: string | undefined;
}

/** All logins that {@link findLogin} finds, by name. @throws as {@link findLogin} */
export async function listLogins(options: LoginOptions = {}): Promise<readonly ListedLogin[]> {
  const logins: ListedLogin[] = [];
  for (const name of [...(await knownNames(options))].sort()) {
    const found = await findLoginFor(name, {
      paths: loginPaths(targetOptions(options)),
      credentialHelpers: options.credentialHelpers,
      lookup: lookupOptions(options),
    });
    if (found === undefined) continue;
    const { username, file, helper } = found;
    logins.push({ name, username, file, helper });
  }
  return logins;
}

async function knownNames(options: LoginOptions): Promise<ReadonlySet<string>> {
  const lookup = lookupOptions(options);
  const names = new Set<string>();
  const { credentialHelpers = [authFilesHelper] } = options;
  for (const helper of credentialHelpers) {
    if (helper === authFilesHelper) {
      for (const key of await keysInFiles(options)) names.add(familiar(key));
    } else {
      const { env, signal, helperTimeout: timeout } = lookup;
      for (const server of (await listHelper(helper, { env, signal, timeout })).keys()) {
        names.add(familiar(registryOfKey(server, false)));
      }
    }
  }
  return names;
}

async function keysInFiles(options: LoginOptions): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const path of loginPaths(targetOptions(options))) {
    const file = await openAuthFile(path, options);
    if (file === undefined) continue;
    for (const key of [...file.credHelpers.keys(), ...file.auths.keys()]) {
      keys.push(registryOfKey(key, file.legacy));
    }
  }
  return keys;
}

function familiar(name: string): string {
  return name === "index.docker.io" ? "docker.io" : name;
}
