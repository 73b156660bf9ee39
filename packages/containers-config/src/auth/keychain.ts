import { DrayageError } from "@drayage/errors";
import type { Keychain } from "@drayage/registry-client";
import type { Environment } from "../environment.ts";
import { type AuthFilePath, authFilePaths } from "./files.ts";
import { createHelperMemory } from "./helper-memory.ts";
import { askHelper, type FoundLogin, findInFiles, type LookupOptions } from "./lookup.ts";
import { registryOf } from "./names.ts";

/** The entry of `credential-helpers` in registries.conf that stands for the files. */
export const authFilesHelper = "containers-auth.json";

export interface KeychainOptions {
  /** The file with the logins, instead of all the usual ones. `$REGISTRY_AUTH_FILE` where absent. */
  readonly authFile?: string | undefined;
  /** `process.env` where absent: where the usual files are, and what helpers run with. */
  readonly env?: Environment | undefined;
  /** `credential-helpers` of registries.conf: names of helpers, and `containers-auth.json` for the files, in the order to ask. The files alone where absent. */
  readonly credentialHelpers?: readonly string[] | undefined;
  /** Milliseconds that a credential helper may take; 60,000 where absent. */
  readonly helperTimeout?: number | undefined;
  /** Told once of each thing that the user should know but that stops nothing. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * The logins that podman, buildah, skopeo and docker share: containers-auth.json(5), docker's config.json, and credential
 * helpers.
 *
 * Looked up are: the file that was named, and no other; else `$XDG_RUNTIME_DIR/containers/auth.json` (`/run/containers/UID`
 * where the variable is not set), `$XDG_CONFIG_HOME/containers/auth.json`, `$DOCKER_CONFIG/config.json` or
 * `~/.docker/config.json`, and `~/.dockercfg`. In each: `credHelpers`, the entry with the longest path of the name,
 * entries with another spelling of the registry, `credsStore`.
 *
 * Asking throws `ERR_DRAYAGE_CONFIGURATION_INVALID` for a malformed file, `ERR_DRAYAGE_CREDENTIALS` where a helper fails,
 * `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_USAGE` for what is no name.
 */
export function containersKeychain(options: KeychainOptions = {}): Keychain {
  const { env = process.env, authFile, credentialHelpers, helperTimeout } = options;
  const onWarning = onceEach(options.onWarning);
  const memory = createHelperMemory();
  return {
    async credentials(name, { signal } = {}) {
      const paths = authFilePaths({ authFile, env, onWarning });
      const lookup = { env, signal, helperTimeout, onWarning, memory };
      const login = await findLoginFor(name, { paths, credentialHelpers, lookup });
      return login?.credentials;
    },
  };
}

/** Asks the helpers of registries.conf, one of which stands for the files, in their order. */
export async function findLoginFor(
  name: string,
  {
    paths,
    credentialHelpers = [authFilesHelper],
    lookup,
  }: {
    readonly paths: readonly AuthFilePath[];
    readonly credentialHelpers: readonly string[] | undefined;
    readonly lookup: LookupOptions;
  },
): Promise<FoundLogin | undefined> {
  checkLookupName(name);
  const failures: unknown[] = [];
  for (const helper of credentialHelpers.length === 0 ? [authFilesHelper] : credentialHelpers) {
    try {
      const found =
        helper === authFilesHelper
          ? await findInFiles(name, paths, lookup)
          : await askHelper(helper, [registryOf(name)], lookup);
      if (found === undefined) continue;
      for (const failure of failures) lookup.onWarning?.(messageOf(failure));
      return found;
    } catch (error) {
      if (lookup.signal?.aborted) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 1) {
    throw new DrayageError("ERR_DRAYAGE_CREDENTIALS", failures.map(messageOf).join("; "), {
      cause: failures[0],
    });
  }
  if (failures.length > 0) throw failures[0];
  return undefined;
}

/** As containers/image: what looks like a URL, a tag or a digest is a mistake of the caller's. */
function checkLookupName(name: string): void {
  if (/^https?:\/\//.test(name) || name.includes("@") || name.slice(registryOf(name).length).includes(":")) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      "logins are looked up by host[:port][/path], without a scheme, a tag or a digest",
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A function that passes each message on one time. */
function onceEach(tell: ((message: string) => void) | undefined): (message: string) => void {
  const told = new Set<string>();
  return (message) => {
    if (told.has(message)) return;
    told.add(message);
    tell?.(message);
  };
}
