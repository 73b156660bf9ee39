import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { type RunOptions, type RunResult, run, runPeer } from "@drayage-internal/peers/run";
import { drayBinary } from "./dray.ts";
import { expectNoSecrets } from "./secrets.ts";

/** A user of the machine with a home of its own, for dray and for skopeo: what one stores, the other finds. */
export interface TestUser {
  readonly home: string;
  /** Where both store logins. */
  readonly authFile: string;
  /** What dray knows of blobs. */
  readonly cacheFile: string;
  readonly policyFile: string;
  readonly registriesConf: string;
  /** What the commands get instead of this process's variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs dray. It may fail, but it never prints a secret of the user's. */
  dray(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs dray by the name of skopeo. */
  asSkopeo(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs skopeo itself. It may fail. */
  skopeo(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Has both reach these registries without TLS. */
  allowPlain(...hosts: readonly string[]): void;
  /** Forgets what dray knows of blobs, so that all is to be sent again. */
  forgetBlobs(): void;
}

export interface TestUserOptions {
  /** A new folder, which the caller removes. */
  readonly home: string;
  /** What must not be printed. */
  readonly secrets?: readonly string[] | undefined;
}

const acceptAll = { default: [{ type: "insecureAcceptAnything" }] };

export function createUser({ home, secrets = [] }: TestUserOptions): TestUser {
  const at = (...names: readonly string[]): string => path.join(home, ...names);
  for (const folder of [".config/containers", "runtime", "cache", "bin"])
    mkdirSync(at(folder), { recursive: true });
  const policyFile = at(".config/containers/policy.json");
  const registriesConf = at(".config/containers/registries.conf");
  writeFileSync(policyFile, JSON.stringify(acceptAll));
  writeFileSync(registriesConf, "");
  const link = at("bin/skopeo");
  symlinkSync(drayBinary, link);
  const env = {
    HOME: home,
    XDG_CACHE_HOME: at("cache"),
    XDG_RUNTIME_DIR: at("runtime"),
    XDG_CONFIG_HOME: undefined,
    XDG_DATA_HOME: undefined,
    DOCKER_CONFIG: undefined,
    DOCKER_HOST: undefined,
    REGISTRY_AUTH_FILE: undefined,
    CONTAINERS_REGISTRIES_CONF: undefined,
    CONTAINERS_POLICY_JSON: undefined,
    HTTP_PROXY: undefined,
    HTTPS_PROXY: undefined,
    http_proxy: undefined,
    https_proxy: undefined,
    // Root's cache of blobs is the machine's, whatever its home.
    _CONTAINERS_ROOTLESS_UID: "1000",
  };
  const careful = async (
    binary: string,
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<RunResult> => {
    const result = await run(process.execPath, [binary, ...args], {
      mayFail: true,
      ...options,
      env: { ...env, ...options.env },
    });
    expectNoSecrets(result, secrets);
    return result;
  };
  const cacheFile = at("cache/drayage/blob-info-cache");
  return {
    home,
    authFile: at("runtime/containers/auth.json"),
    cacheFile,
    policyFile,
    registriesConf,
    env,
    dray: (args, options) => careful(drayBinary, args, options),
    asSkopeo: (args, options) => careful(link, args, options),
    skopeo: (args, options) =>
      runPeer("skopeo", args, { mayFail: true, ...options, env: { ...env, ...options?.env } }),
    allowPlain(...hosts) {
      for (const host of hosts)
        appendFileSync(registriesConf, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
    },
    forgetBlobs: () => rmSync(cacheFile, { recursive: true, force: true }),
  };
}

/** The keys of the logins that are stored. */
export function loginsOf({ authFile }: TestUser): readonly string[] {
  if (!existsSync(authFile)) return [];
  const { auths = {} } = JSON.parse(readFileSync(authFile, "utf8")) as { auths?: object };
  return Object.keys(auths).sort();
}
