import { DrayageError } from "@drayage/errors";
import type { Environment } from "../environment.ts";
import type { AuthTargetOptions } from "./files.ts";
import { authFilesHelper, type KeychainOptions } from "./keychain.ts";
import type { LookupOptions } from "./lookup.ts";
import { dockerHubUrl, normalizeRegistry, registryOf } from "./names.ts";

/** Which logins are read or changed. */
export interface LoginOptions extends KeychainOptions {
  /** A `config.json` that is written as docker does: docker.io under docker's key, no keys with paths. Excludes `authFile`. */
  readonly compatAuthFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function targetOptions({ env = process.env, ...rest }: LoginOptions): AuthTargetOptions {
  return { ...rest, env };
}

export function lookupOptions(options: LoginOptions): LookupOptions {
  const { env = process.env, signal, helperTimeout, onWarning } = options;
  return { env, signal, helperTimeout, onWarning };
}

/** What helpers are called with. */
export function helperOptions(options: LoginOptions): {
  readonly env: Environment;
  readonly signal: AbortSignal | undefined;
  readonly timeout: number | undefined;
} {
  return { env: options.env ?? process.env, signal: options.signal, timeout: options.helperTimeout };
}

/** The places to write to, in their order. Docker does not know registries.conf. */
export function writtenHelpers(options: LoginOptions, docker: boolean): readonly string[] {
  const { credentialHelpers = [] } = options;
  return docker || credentialHelpers.length === 0 ? [authFilesHelper] : credentialHelpers;
}

/** The key in a file for a name. @throws `ERR_DRAYAGE_USAGE` for a path in docker's file */
export function fileKey(name: string, docker: boolean): string {
  if (!docker) return name;
  if (hasPath(name)) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `credentials for ${JSON.stringify(name)} cannot be recorded in docker's format, which knows registries alone`,
      { hint: `log in to ${registryOf(name)}, or name the file with --authfile` },
    );
  }
  return normalizeRegistry(name) === "index.docker.io" ? dockerHubUrl : name;
}

export function hasPath(name: string): boolean {
  return name.includes("/");
}
