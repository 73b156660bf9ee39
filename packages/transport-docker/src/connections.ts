import type { Environment, KeychainOptions, RegistriesConfig } from "@drayage/containers-config";
import type { HttpClient } from "@drayage/http";
import type { DockerReference } from "@drayage/reference";
import type { Credentials, Keychain, RegistryClient, Repository } from "@drayage/registry-client";
import type { ConnectionOptions, OperationOptions, SourceOptions } from "@drayage/transport";
import { type Arrivals, createArrivals } from "./arrivals.ts";
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
  readonly env?: Environment | undefined;
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
  readonly credentialHelpers: readonly string[] | undefined;
  /** Told of what the registry warns of. */
  onWarning(message: string): void;
}

/** Where a name leads to. */
export interface Endpoint {
  readonly reference: DockerReference;
  readonly insecure: boolean;
  /** Whether it stands in for the registry that the user named, on another host. */
  readonly foreign: boolean;
  /** What keeps logins, as registries.conf says; the usual files where absent. */
  readonly credentialHelpers?: readonly string[] | undefined;
}

/** A registry's client, and what was learnt of the registry. */
export interface Connection {
  /** `docker.io` or `127.0.0.1:5000`: as it stands in image names. */
  readonly host: string;
  /** The same for all who ask for the same: it keeps its tokens. */
  repository(path: string, access: "pull" | "push"): Repository;
  /** The paths of the registry's repositories. */
  catalog(options: OperationOptions): AsyncIterable<string>;
  /** The types of manifests that the registry has taken. */
  readonly acceptedTypes: Set<string>;
  readonly arrivals: Arrivals;
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

/** What `@drayage/http` calls itself, which a prefix goes before. */
const userAgent = "drayage";

interface Kept extends Connection {
  readonly warn: Listeners;
  close(): void;
}

export function createConnections(options: DockerOptions): Connections {
  const pool = createPool<Kept>(idleTime, (kept) => kept.close());
  const externals = createPool<HttpClient>(idleTime, (http) => http.close());
  const files = createRegistriesReader(options);

  async function configured(asked: SourceOptions): Promise<Configured> {
    const { pullSources, pushTarget } = await import("./on-demand.ts");
    return { config: options.registries ?? (await files(asked)), pullSources, pushTarget };
  }

  return {
    async sources(reference, asked) {
      const { config, pullSources } = await configured(asked);
      return pullSources(config, reference).map((source) => endpointOf(source, reference, config));
    },
    async target(reference, asked) {
      const { config, pushTarget } = await configured(asked);
      return endpointOf(pushTarget(config, reference), reference, config);
    },
    async connect(endpoint, { connection = {}, onWarning }) {
      const wanted = wantedOf(endpoint, connection);
      const lease = await pool.lease(keyOf(wanted), async () => {
        const warn = createListeners();
        const client = await makeClient({ ...wanted, onWarning: warn.tell }, options);
        return { ...connectionOf(client), warn, close: () => client.close() };
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
        if (options.http !== undefined) return leftOpen(options.http);
        const { createHttpClient } = await import("./on-demand.ts");
        return createHttpClient({ env: options.env });
      }),
  };
}

/** How long, in milliseconds, registries.conf is not read again: one command may open thousands of images. */
const configurationTime = 5000;

/** Milliseconds, of a clock that nobody sets. `performance` takes Node a millisecond to load. */
const now = (): number => process.uptime() * 1000;

/** Reads registries.conf, whose files are complained of once. */
function createRegistriesReader({ env }: DockerOptions): (asked: SourceOptions) => Promise<RegistriesConfig> {
  const told = new Set<string>();
  const read = new Map<string, { readonly at: number; readonly config: RegistriesConfig }>();
  return async ({ connection = {}, onWarning }) => {
    const { registriesConf: path, registriesConfDir: dropInFolder } = connection;
    const key = JSON.stringify([path, dropInFolder]);
    const earlier = read.get(key);
    if (earlier !== undefined && now() - earlier.at < configurationTime) return earlier.config;
    const { readRegistriesConfig } = await import("./on-demand.ts");
    const config = await readRegistriesConfig({
      path,
      dropInFolder,
      env,
      onWarning(message) {
        if (!told.has(message)) onWarning?.(message);
        told.add(message);
      },
    });
    read.set(key, { at: now(), config });
    return config;
  };
}

type Configured = Pick<typeof import("./on-demand.ts"), "pullSources" | "pushTarget"> & {
  readonly config: RegistriesConfig;
};

function endpointOf(
  { reference, insecure }: Pick<Endpoint, "reference" | "insecure">,
  named: DockerReference,
  { credentialHelpers }: RegistriesConfig,
): Endpoint {
  return { reference, insecure, foreign: reference.domain !== named.domain, credentialHelpers };
}

function wantedOf(
  { reference, insecure, foreign, credentialHelpers }: Endpoint,
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
    credentialHelpers,
  };
}

/** Who asks for the same may share a client. */
function keyOf(wanted: Omit<WantedClient, "onWarning">): string {
  const { host, insecure, credentials, bearerToken, connection, credentialHelpers } = wanted;
  const { authFile, certDir, userAgentPrefix, retries, retryDelay } = connection;
  return JSON.stringify([
    host,
    insecure,
    credentials,
    bearerToken,
    credentialHelpers,
    { authFile, certDir, userAgentPrefix, retries, retryDelay },
  ]);
}

export function connectionOf(client: RegistryClient): Connection {
  const repositories = new Map<string, Repository>();
  return {
    host: client.host,
    acceptedTypes: new Set(),
    arrivals: createArrivals(),
    catalog: (options) => client.catalog(options),
    repository(path, access) {
      const key = `${access} ${path}`;
      const repository = repositories.get(key) ?? client.repository(path, { access });
      repositories.set(key, repository);
      return repository;
    },
  };
}

/** What is somebody else's to close. */
function leftOpen(http: HttpClient): HttpClient {
  return { request: (request) => http.request(request), close: () => undefined };
}

async function makeClient(wanted: WantedClient, options: DockerOptions): Promise<RegistryClient> {
  if (options.clientFor !== undefined) return options.clientFor(wanted);
  const { host, insecure, credentials, bearerToken, connection, credentialHelpers, onWarning } = wanted;
  const { authFile, userAgentPrefix, retries, retryDelay } = connection;
  const { createRegistryClient } = await import("./on-demand.ts");
  const [http, keychain] = await Promise.all([
    options.http === undefined ? machineHttp(wanted, options) : leftOpen(options.http),
    options.keychain ?? machineKeychain({ authFile, credentialHelpers, env: options.env, onWarning }),
  ]);
  return createRegistryClient({
    host,
    http,
    keychain,
    credentials,
    bearerToken,
    insecure,
    userAgent: userAgentPrefix === undefined ? undefined : `${userAgentPrefix} ${userAgent}`,
    onWarning,
    retry: { retries, delay: retryDelay },
  });
}

async function machineHttp(
  { host, insecure, connection, onWarning }: WantedClient,
  { env }: DockerOptions,
): Promise<HttpClient> {
  const { createHttpClient, readHostCertificates } = await import("./on-demand.ts");
  const certificates = await readHostCertificates(host, { certDir: connection.certDir, env, onWarning });
  return createHttpClient({ tls: { ...certificates, verify: !insecure }, env });
}

async function machineKeychain(options: KeychainOptions): Promise<Keychain> {
  const { containersKeychain } = await import("./on-demand.ts");
  return containersKeychain(options);
}

const mostEarly = 20;

type Listener = (message: string) => void;

interface Listeners {
  /** Gives back what takes it out again. */
  add(listener: Listener | undefined): () => void;
  tell(message: string): void;
}

/** Those who use a shared client at the moment: each function once, however many images it belongs to. */
function createListeners(): Listeners {
  const counts = new Map<Listener, number>();
  /** What was said before anybody listened. */
  const early: string[] = [];
  return {
    add(listener) {
      if (listener === undefined) return () => undefined;
      for (const message of early.splice(0)) listener(message);
      counts.set(listener, (counts.get(listener) ?? 0) + 1);
      return () => {
        const count = (counts.get(listener) ?? 0) - 1;
        if (count > 0) counts.set(listener, count);
        else counts.delete(listener);
      };
    },
    tell(message) {
      if (counts.size === 0 && early.length < mostEarly) early.push(message);
      for (const listener of counts.keys()) listener(message);
    },
  };
}
