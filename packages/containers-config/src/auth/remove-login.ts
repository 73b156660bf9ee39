import { readAuthFile } from "./auth-file.ts";
import { editAuths } from "./edit-auth-file.ts";
import { type AuthTarget, authTarget } from "./files.ts";
import { eraseInHelper, getFromHelper, isHelperMissing, listHelper } from "./helper.ts";
import { emptyObject, type JsonObject, withoutMember } from "./json-tree.ts";
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
import { checkLoginName, normalizeRegistry, registryOf, registryOfKey } from "./names.ts";

/**
 * Removes a login from where {@link storeLogin} would put it; false where there was none. Every spelling of the registry
 * is removed, keys with paths are not.
 *
 * @throws as {@link storeLogin}
 */
export async function removeLogin(name: string, options: LoginOptions = {}): Promise<boolean> {
  checkLoginName(name);
  const target = authTarget(targetOptions(options));
  const work = writtenHelpers(options, target.docker).map((helper) => async (): Promise<boolean> => {
    if (helper === authFilesHelper) return removeByFile(name, { ...options, target });
    return hasPath(name) ? false : eraseInHelper(helper, registryOf(name), helperOptions(options));
  });
  const removed = await doAll(work, options);
  return removed.includes(true);
}

/**
 * Removes all logins from where {@link storeLogin} would put them, and from the helpers that are configured there. Which
 * helpers those are stays in the file. Of a `credsStore`, which others share, the servers are removed that the file lists.
 *
 * @throws as {@link storeLogin}
 */
export async function removeAllLogins(options: LoginOptions = {}): Promise<void> {
  const target = authTarget(targetOptions(options));
  const work = writtenHelpers(options, target.docker).map((helper) => async (): Promise<void> => {
    await (helper === authFilesHelper
      ? removeAllByFile({ ...options, target })
      : removeAllByHelper(helper, options));
  });
  await doAll(work, options);
}

type TargetOptions = LoginOptions & { readonly target: AuthTarget };

async function removeByFile(name: string, options: TargetOptions): Promise<boolean> {
  const { target, signal } = options;
  const key = fileKey(name, target.docker);
  const file = await readAuthFile(target.path, { legacy: false });
  if (file === undefined) return false;
  const [server, helper = ""] = configuredHelper(registryOf(name), file.credHelpers);
  const removals = [() => removeEntry(target.path, { name, key, signal })];
  if (!hasPath(name) && helper !== "") {
    removals.push(() => eraseInHelper(helper, server, helperOptions(options)));
  } else if (!hasPath(name) && file.credsStore !== undefined) {
    const { credsStore } = file;
    removals.push(() => eraseFromStore(credsStore, storeServer(name), options));
  }
  return (await doAll(removals, options)).includes(true);
}

async function removeEntry(
  path: string,
  { name, key, signal }: { name: string; key: string; signal: AbortSignal | undefined },
): Promise<boolean> {
  let found = false;
  const edit = (auths: JsonObject): JsonObject => {
    const keys = auths.members.map((member) => member.key).filter((other) => isSame(other, { name, key }));
    found = keys.length > 0;
    return keys.reduce(withoutMember, auths);
  };
  await editAuths(path, edit, { signal });
  return found;
}

function isSame(other: string, { name, key }: { name: string; key: string }): boolean {
  return other === key || (!hasPath(name) && registryOfKey(other, false) === normalizeRegistry(name));
}

/** Some helpers take it well to erase what they do not have: whether there was a login has to be asked. */
async function eraseFromStore(helper: string, server: string, options: LoginOptions): Promise<boolean> {
  const asked = helperOptions(options);
  if ((await getFromHelper(helper, server, asked)) === undefined) return false;
  return eraseInHelper(helper, server, asked);
}

async function removeAllByFile(options: TargetOptions): Promise<void> {
  const { target, signal } = options;
  const file = await readAuthFile(target.path, { legacy: false });
  if (file === undefined) return;
  const asked = helperOptions(options);
  const removals = [...file.credHelpers]
    .filter(([, helper]) => helper !== "")
    .map(
      ([registry, helper]) =>
        () =>
          eraseInHelper(helper, registry, asked),
    );
  const { credsStore } = file;
  if (credsStore !== undefined) {
    const registries = [...file.auths.keys()].map((key) => registryOfKey(key, false));
    for (const registry of registries.filter((name) => !hasPath(name))) {
      removals.push(() => eraseFromStore(credsStore, storeServer(registry), options));
    }
  }
  const forget = async (): Promise<boolean> => {
    await editAuths(target.path, () => emptyObject, { signal });
    return true;
  };
  await doAll([forget, ...removals], options);
}

async function removeAllByHelper(helper: string, options: LoginOptions): Promise<void> {
  const asked = helperOptions(options);
  let servers: Iterable<string>;
  try {
    servers = (await listHelper(helper, asked)).keys();
  } catch (error) {
    if (isHelperMissing(error)) return;
    throw error;
  }
  await doAll(
    [...servers].map((server) => () => eraseInHelper(helper, server, asked)),
    options,
  );
}

/** Does each, whatever becomes of the others, and then throws the first failure: no secret stays for another's sake. */
async function doAll<T>(
  work: readonly (() => Promise<T>)[],
  { signal, onWarning }: LoginOptions,
): Promise<readonly T[]> {
  const results: T[] = [];
  const failures: unknown[] = [];
  for (const item of work) {
    try {
      results.push(await item());
    } catch (error) {
      if (signal?.aborted) throw error;
      failures.push(error);
    }
  }
  for (const failure of failures.slice(1)) onWarning?.((failure as Error).message);
  if (failures.length > 0) throw failures[0];
  return results;
}
