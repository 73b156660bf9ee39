import { DrayageError } from "@drayage/errors";
import type { Credentials } from "@drayage/transport";
import { readAuthFile } from "./auth-file.ts";
import { editAuths } from "./edit-auth-file.ts";
import { encodeEntry } from "./entries.ts";
import { type AuthTarget, authTarget } from "./files.ts";
import { storeInHelper } from "./helper.ts";
import { emptyObject, treeOf, withMember } from "./json-tree.ts";
import { authFilesHelper } from "./keychain.ts";
import {
  fileKey,
  hasPath,
  helperOptions,
  type LoginOptions,
  targetOptions,
  writtenHelpers,
} from "./login-options.ts";
import { configuredHelper, storeServer } from "./lookup.ts";
import { checkLoginName, registryOf } from "./names.ts";

/** Where a login went: the file that has it, or the helper that does. */
export interface LoginPlace {
  readonly file?: string | undefined;
  readonly helper?: string | undefined;
}

/**
 * Stores a login, whoever it is for: nothing is asked of the registry. It goes where `skopeo login` puts it: into the file
 * that is named, `$REGISTRY_AUTH_FILE`, the `config.json` of `$DOCKER_CONFIG`, or the primary auth.json; or into the helper
 * that the file has for the registry (`credHelpers`) or for all (`credsStore`). All else in the file stays.
 *
 * @param name `host[:port]`, or `host[:port]/path` for a part of the registry
 * @throws `ERR_DRAYAGE_USAGE`, `ERR_DRAYAGE_CONFIGURATION_INVALID`, `ERR_DRAYAGE_CREDENTIALS`, `ERR_DRAYAGE_IO`
 */
export async function storeLogin(
  name: string,
  credentials: Credentials,
  options: LoginOptions = {},
): Promise<LoginPlace> {
  checkLoginName(name);
  checkCredentials(credentials);
  const target = authTarget(targetOptions(options));
  const failures: unknown[] = [];
  for (const helper of writtenHelpers(options, target.docker)) {
    try {
      if (helper === authFilesHelper) return await storeByFile(name, credentials, { ...options, target });
      return await storeByHelper(helper, { name, server: registryOf(name), credentials }, options);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      failures.push(error);
    }
  }
  // All have failed: the first is the one that was meant.
  for (const failure of failures.slice(1)) options.onWarning?.((failure as Error).message);
  throw failures[0];
}

async function storeByFile(
  name: string,
  credentials: Credentials,
  options: LoginOptions & { readonly target: AuthTarget },
): Promise<LoginPlace> {
  const { target, signal } = options;
  const key = fileKey(name, target.docker);
  const file = await readAuthFile(target.path, { legacy: false });
  const [server, helper] = configuredHelper(registryOf(name), file?.credHelpers ?? new Map<string, string>());
  if (helper !== undefined && helper !== "") {
    return storeByHelper(helper, { name, server, credentials }, options);
  }
  const store = helper === "" || hasPath(name) ? undefined : file?.credsStore;
  if (store !== undefined) {
    await storeByHelper(store, { name, server: storeServer(name), credentials }, options);
  }
  // Beside its credential store docker keeps an empty entry, and so knows whom it may log out.
  const entry = store === undefined ? treeOf(encodeEntry(credentials)) : emptyObject;
  await editAuths(target.path, (auths) => withMember(auths, key, entry), { signal });
  return store === undefined ? { file: target.path } : { helper: store };
}

async function storeByHelper(
  helper: string,
  { name, server, credentials }: { name: string; server: string; credentials: Credentials },
  options: LoginOptions,
): Promise<LoginPlace> {
  if (hasPath(name)) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `the credential helper ${helper} keeps logins for registries alone, not for ${JSON.stringify(name)}`,
      { hint: `log in to ${registryOf(name)}, or name another file with --authfile` },
    );
  }
  await storeInHelper(helper, { server, credentials }, helperOptions(options));
  return { helper };
}

/** Basic authentication ends the user's name at the first colon, and readers strip NULs. */
function checkCredentials(credentials: Credentials): void {
  if ("identityToken" in credentials) {
    if (credentials.identityToken === "") throw refused("the identity token is empty");
    return;
  }
  if (credentials.username === "") throw refused("the user's name is empty");
  if (credentials.username.includes(":")) throw refused("a user's name has no colon");
  if (`${credentials.username}${credentials.password}`.includes("\0"))
    throw refused("there is a NUL in them");
}

function refused(why: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `these credentials cannot be stored: ${why}`);
}
