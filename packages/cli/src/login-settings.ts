import type { LoginOptions, RegistriesConfig } from "@drayage/containers-config";
import { DrayageError, isDrayageError } from "@drayage/errors";
import type { Credentials } from "@drayage/transport";
import type { DrayContext } from "./context.ts";
import type { GlobalFlags } from "./global-flags.ts";
import { warn } from "./source-options.ts";

/** What login and logout know of the machine. */
export interface LoginSettings {
  readonly options: LoginOptions;
  readonly registries: RegistriesConfig;
}

interface LoginFileFlags extends GlobalFlags {
  readonly authfile?: string;
  readonly compatAuthFile?: string;
}

export async function loginSettings(context: DrayContext, flags: LoginFileFlags): Promise<LoginSettings> {
  const { readRegistriesConfig } = await import("@drayage/containers-config");
  const { env, signal } = context;
  const told = new Set<string>();
  const onWarning = (message: string): void => {
    if (!told.has(message)) warn(context, message);
    told.add(message);
  };
  const { registriesConf: path, registriesConfDir: dropInFolder } = flags;
  const registries = await readRegistriesConfig({ path, dropInFolder, env, onWarning });
  return {
    registries,
    options: {
      // An empty value is skopeo's way to say none.
      authFile: flags.authfile || undefined,
      compatAuthFile: flags.compatAuthFile || undefined,
      credentialHelpers: registries.credentialHelpers,
      env,
      signal,
      onWarning,
    },
  };
}

export interface CheckedLogin {
  /** `host[:port]` */
  readonly host: string;
  readonly credentials: Credentials;
  readonly certDir?: string | undefined;
  readonly tlsVerify?: boolean | undefined;
  readonly userAgentPrefix?: string | undefined;
}

/**
 * Asks a registry whether it takes these credentials. False where it says that they are wrong; another failure is thrown:
 * `ERR_DRAYAGE_CONNECTION`, `ERR_DRAYAGE_TLS`, `ERR_DRAYAGE_REGISTRY_BLOCKED`, …
 */
export async function isLoginTaken(login: CheckedLogin, settings: LoginSettings): Promise<boolean> {
  const { findRegistry, readHostCertificates } = await import("@drayage/containers-config");
  const { createHttpClient } = await import("@drayage/http");
  const { createRegistryClient } = await import("@drayage/registry-client");
  const { host, credentials, certDir, tlsVerify, userAgentPrefix } = login;
  const { env, signal, onWarning } = settings.options;
  const entry = findRegistry(settings.registries, host);
  if (entry?.blocked) {
    throw new DrayageError(
      "ERR_DRAYAGE_REGISTRY_BLOCKED",
      `the registry ${host} is blocked by ${entry.origin}`,
    );
  }
  const insecure = tlsVerify === undefined ? (entry?.insecure ?? false) : !tlsVerify;
  const certificates = await readHostCertificates(host, { certDir: certDir || undefined, env, onWarning });
  const client = createRegistryClient({
    host,
    http: createHttpClient({ tls: { ...certificates, verify: !insecure }, env }),
    credentials,
    insecure,
    userAgent: userAgentPrefix === undefined ? undefined : `${userAgentPrefix} drayage`,
    onWarning,
  });
  try {
    await client.ping({ authenticate: true, signal });
    return true;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_UNAUTHORIZED")) return false;
    throw error;
  } finally {
    client.close();
  }
}

/** `host[:port]` of a name. */
export function hostOf(name: string): string {
  return name.split("/", 1)[0] ?? name;
}

export function notLoggedIn(name: string, hint?: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CREDENTIALS", `not logged into ${name}`, { hint });
}
