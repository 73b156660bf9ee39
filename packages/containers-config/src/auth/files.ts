import { existsSync } from "node:fs";
import { join } from "node:path";
import { DrayageError } from "@drayage/errors";
import { type Environment, homeFolder, variable } from "../environment.ts";

/** A file that logins are read from. */
export interface AuthFilePath {
  readonly path: string;
  /** `~/.dockercfg`: the whole document is what elsewhere is its `auths`. */
  readonly legacy: boolean;
  /** The user has named it. One that he has not is passed over with a warning where it cannot be opened. */
  readonly named: boolean;
}

export interface AuthFilesOptions {
  /** Read instead of all the others; `$REGISTRY_AUTH_FILE` where absent. */
  readonly authFile?: string | undefined;
  readonly env: Environment;
  readonly onWarning?: ((message: string) => void) | undefined;
  readonly platform?: NodeJS.Platform | undefined;
}

/** The files that logins are looked up in, in the order of containers-auth.json(5). They need not exist. */
export function authFilePaths({ authFile, env, onWarning, platform }: AuthFilesOptions): AuthFilePath[] {
  const named = authFile ?? variable(env, "REGISTRY_AUTH_FILE");
  if (named !== undefined) return [{ path: named, legacy: false, named: true }];
  const home = homeFolder(env);
  const missing = missingRuntimeFolder(env, platform);
  if (missing !== undefined) onWarning?.(`${missing}: logins in it are not seen`);
  const paths = [
    ...(missing === undefined ? [primaryAuthFile(env, platform)] : []),
    join(variable(env, "XDG_CONFIG_HOME") ?? join(home, ".config"), "containers", "auth.json"),
    join(variable(env, "DOCKER_CONFIG") ?? join(home, ".docker"), "config.json"),
  ];
  return [
    // On systems other than Linux the first two are one.
    ...[...new Set(paths)].map((path) => ({ path, legacy: false, named: false })),
    { path: join(home, ".dockercfg"), legacy: true, named: false },
  ];
}

/** The file that logins are written to, and how. */
export interface AuthTarget {
  readonly path: string;
  /** Docker's own: docker.io has docker's key, and no key names a repository. */
  readonly docker: boolean;
}

export interface AuthTargetOptions extends AuthFilesOptions {
  /** A `config.json` to write as docker does. Excludes `authFile`. */
  readonly compatAuthFile?: string | undefined;
}

/**
 * Where `login` of skopeo and podman writes: the file that was named, `$REGISTRY_AUTH_FILE`, the `config.json` of
 * `$DOCKER_CONFIG`, or the primary auth.json.
 *
 * @throws `ERR_DRAYAGE_USAGE`, and `ERR_DRAYAGE_CONFIGURATION_INVALID` where `$XDG_RUNTIME_DIR` does not exist
 */
export function authTarget(options: AuthTargetOptions): AuthTarget {
  const { env, platform } = options;
  const named = namedTarget(options);
  if (named !== undefined) return named;
  const missing = missingRuntimeFolder(env, platform);
  if (missing !== undefined) {
    throw new DrayageError("ERR_DRAYAGE_CONFIGURATION_INVALID", missing, {
      hint: "create the folder, or unset the variable",
    });
  }
  return { path: primaryAuthFile(env, platform), docker: false };
}

/** The files that `login` looks for a login in: the one that it would write where that was named, else all the usual ones. */
export function loginPaths(options: AuthTargetOptions): readonly AuthFilePath[] {
  const named = namedTarget(options);
  return named === undefined ? authFilePaths(options) : [{ path: named.path, legacy: false, named: true }];
}

function namedTarget(options: AuthTargetOptions): AuthTarget | undefined {
  const { authFile, compatAuthFile, env } = options;
  if (authFile !== undefined && compatAuthFile !== undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      "options for paths to the credential file and to the Docker-compatible credential file can not be set simultaneously",
    );
  }
  if (compatAuthFile !== undefined) return { path: compatAuthFile, docker: true };
  const named = authFile ?? variable(env, "REGISTRY_AUTH_FILE");
  if (named !== undefined) {
    warnOfDockerFile(named, options);
    return { path: named, docker: false };
  }
  const dockerFolder = variable(env, "DOCKER_CONFIG");
  return dockerFolder === undefined ? undefined : { path: join(dockerFolder, "config.json"), docker: true };
}

function warnOfDockerFile(path: string, { env, onWarning }: AuthTargetOptions): void {
  if (path !== join(homeFolder(env), ".docker", "config.json")) return;
  onWarning?.(
    `${path} is docker's, and gets keys that docker does not know: name it as the docker-compatible file`,
  );
}

function primaryAuthFile(env: Environment, platform: NodeJS.Platform = process.platform): string {
  if (platform !== "linux") return join(homeFolder(env), ".config", "containers", "auth.json");
  const runtime = variable(env, "XDG_RUNTIME_DIR");
  if (runtime !== undefined) return join(runtime, "containers", "auth.json");
  return join("/run/containers", String(process.getuid?.() ?? 0), "auth.json");
}

/** A sentence where `$XDG_RUNTIME_DIR` names what is not there: a typing error, or a session that has ended. */
function missingRuntimeFolder(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const runtime = platform === "linux" ? variable(env, "XDG_RUNTIME_DIR") : undefined;
  if (runtime === undefined || existsSync(runtime)) return undefined;
  return `${JSON.stringify(runtime)}, which XDG_RUNTIME_DIR names, does not exist`;
}
