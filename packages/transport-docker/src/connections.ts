import type { RegistriesConfig } from "@drayage/containers-config";
import type { HttpClient } from "@drayage/http";
import type { DockerReference } from "@drayage/reference";
import type { Credentials, Keychain, RegistryClient } from "@drayage/registry-client";
import type { ConnectionOptions, SourceOptions } from "@drayage/transport";
import { createPool, type Lease } from "./pool.ts";

/** What this transport uses instead of what the machine is configured with. */
export interface DockerOptions {
  /** Where credentials are looked up, instead of the files that the containers tools share. */
  readonly keychain?: Keychain | undefined;
  /** Instead of what registries.conf says. */
  readonly registries?: RegistriesConfig | undefined;
  /** Sends all requests, with what certificates and proxies it has. The caller closes it. */
  readonly http?: HttpClient | undefined;
  /** Makes the client of a registry: the other options but for `registries` do not apply to it then. */
  readonly clientFor?: ((wanted: WantedClient) => Promise<RegistryClient> | RegistryClient) | undefined;
  /** The environment that configuration files are looked for in; that of the process where absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** What a registry's client is made for. */
export interface WantedClient {
  /** As in image names: `docker.io`, `127.0.0.1:5000`. */
  readonly host: string;
  /** Certificates are not checked, and plain HTTP is tried where HTTPS is not spoken. */
  readonly insecure: boolean;
  /** Undefined: what the keychain has. */
  readonly credentials: Credentials | "none" | undefined;
  readonly bearerToken: string | undefined;
  readonly connection: ConnectionOptions;
  /** Told of what the registry warns of. */
  onWarning(message: string): void;
}

/** Where a name leads to. */
export interface Endpoint {
  readonly reference: DockerReference;
  readonly insecure: boolean;
  /** Whether it stands in for the registry that the user named, on another host. */
  readonly foreign: boolean;
}

/** A registry's client, and what was learnt of the registry. */
export interface Connection {
  readonly client: RegistryClient;
  /** The types of manifests that it has taken. */
  readonly acceptedTypes: Set<string>;
}

/** How images of one transport object reach their registries: one client for each, whoever asks. */
export interface Connections {
  /** Where an image is read: mirrors first. Throws `ERR_DRAYAGE_REGISTRY_BLOCKED`, `ERR_DRAYAGE_CONFIGURATION_INVALID`. */
  sources(reference: DockerReference, options: SourceOptions): Promise<readonly Endpoint[]>;
  /** Where an image is written. Throws as `sources`. */
  target(reference: DockerReference, options: SourceOptions): Promise<Endpoint>;
  connect(endpoint: Endpoint, options: SourceOptions): Promise<Lease<Connection>>;
  /** What fetches layers that are kept outside of registries: without credentials. */
  external(): Promise<Lease<HttpClient>>;
}

/** How long clients are kept for the next image. Servers end idle connections after about a minute. */
const idleTime = 30_000;

interface Kept extends Connection {
  readonly warn: Listeners;
  close(): void;
}

export function createConnections(options: DockerOptions): Connections {
  const pool = createPool<Kept>(idleTime, (kept) => kept.close());
  const externals = createPool<HttpClient>(idleTime, (http) => http.close());

  async function registries({ connection = {} }: SourceOptions): Promise<RegistriesConfig> {
    if (options.registries !== undefined) return options.registries;
    const { readRegistriesConfig } = await import("@drayage/containers-config");
    return readRegistriesConfig({ path: connection.registriesConf, env: options.env });
  }

  return {
    async sources(reference, asked) {
      const { pullSources } = await import("@drayage/containers-config");
      return pullSources(await registries(asked), reference).map((source) => ({
        reference: source.reference,
        insecure: source.insecure,
        foreign: source.reference.domain !== reference.domain,
      }));
    },
    async target(reference, asked) {
      const { pushTarget } = await import("@drayage/containers-config");
      const target = pushTarget(await registries(asked), reference);
      return { ...target, foreign: target.reference.domain !== reference.domain };
    },
    async connect(endpoint, { connection = {}, onWarning }) {
      const wanted = wantedOf(endpoint, connection);
      const lease = await pool.lease(keyOf(wanted), async () => {
        const warn = createListeners();
        const { client, close } = await makeClient({ ...wanted, onWarning: warn.tell }, options);
        return { client, acceptedTypes: new Set<string>(), warn, close };
      });
      const forget = lease.value.warn.add(onWarning);
      return {
        value: lease.value,
        [Symbol.dispose]() {
          forget();
          lease[Symbol.dispose]();
        },
      };
    },
    external: () =>
      externals.lease("", async () => {
        if (options.http !== undefined) return { request: options.http.request, close: () => undefined };
        const { createHttpClient } = await import("@drayage/http");
        return createHttpClient({ env: options.env });
      }),
  };
}

function wantedOf(
  { reference, insecure, foreign }: Endpoint,
  connection: ConnectionOptions,
): Omit<WantedClient, "onWarning"> {
  const { tlsVerify, credentials, bearerToken } = connection;
  return {
    host: reference.domain,
    insecure: tlsVerify === undefined ? insecure : !tlsVerify,
    // What the user gave is for the registry that the user named. Who wants to be nobody is nobody everywhere.
    credentials: foreign && credentials !== "none" ? undefined : credentials,
    bearerToken: foreign ? undefined : bearerToken,
    connection,
  };
}

/** Who asks for the same may share a client. */
function keyOf({
  host,
  insecure,
  credentials,
  bearerToken,
  connection,
}: Omit<WantedClient, "onWarning">): string {
  const { authFile, certDir, userAgentPrefix, retries, retryDelay } = connection;
  return JSON.stringify([
    host,
    insecure,
    credentials,
    bearerToken,
    { authFile, certDir, userAgentPrefix, retries, retryDelay },
  ]);
}

interface MadeClient {
  readonly client: RegistryClient;
  close(): void;
}

async function makeClient(wanted: WantedClient, options: DockerOptions): Promise<MadeClient> {
  if (options.clientFor !== undefined) {
    const client = await options.clientFor(wanted);
    return { client, close: () => client.close() };
  }
  const { host, insecure, credentials, bearerToken, connection, onWarning } = wanted;
  const { authFile, userAgentPrefix, retries, retryDelay } = connection;
  const [{ createRegistryClient }, http, keychain] = await Promise.all([
    import("@drayage/registry-client"),
    options.http ?? machineHttp(wanted, options),
    options.keychain ?? machineKeychain({ authFile, env: options.env, onWarning }),
  ]);
  const client = createRegistryClient({
    host,
    http,
    keychain,
    credentials,
    bearerToken,
    insecure,
    userAgent: userAgentPrefix,
    onWarning,
    retry: { retries, delay: retryDelay },
  });
  return {
    client,
    close() {
      client.close();
      if (options.http === undefined) http.close();
    },
  };
}

async function machineHttp(
  { host, insecure, connection }: WantedClient,
  { env }: DockerOptions,
): Promise<HttpClient> {
  const [{ createHttpClient }, { readHostCertificates }] = await Promise.all([
    import("@drayage/http"),
    import("@drayage/containers-config"),
  ]);
  const certificates = await readHostCertificates(host, { certDir: connection.certDir, env });
  return createHttpClient({ tls: { ...certificates, verify: !insecure }, env });
}

async function machineKeychain(options: {
  readonly authFile: string | undefined;
  readonly env: DockerOptions["env"];
  onWarning(message: string): void;
}): Promise<Keychain> {
  const { containersKeychain } = await import("@drayage/containers-config");
  return containersKeychain(options);
}

type Listener = (message: string) => void;

interface Listeners {
  /** Gives back what takes it out again. */
  add(listener: Listener | undefined): () => void;
  tell(message: string): void;
}

/** Those who use a shared client at the moment: each function once, however many images it belongs to. */
function createListeners(): Listeners {
  const counts = new Map<Listener, number>();
  return {
    add(listener) {
      if (listener === undefined) return () => undefined;
      counts.set(listener, (counts.get(listener) ?? 0) + 1);
      return () => {
        const count = (counts.get(listener) ?? 0) - 1;
        if (count > 0) counts.set(listener, count);
        else counts.delete(listener);
      };
    },
    tell(message) {
      for (const listener of counts.keys()) listener(message);
    },
  };
}
