import { DrayageError, isDrayageError } from "@drayage/errors";
import { createHttpClient, type HttpClient, withRetries } from "@drayage/http";
import { createAlone } from "./alone.ts";
import { type Authorizer, createAuthorizer } from "./authorizer.ts";
import type { CallOptions, Credentials, Keychain, RegistryClient, RetryPolicy } from "./client.ts";
import { createDiscovery } from "./discovery.ts";
import { listNames } from "./lists.ts";
import { checkHost, checkPath } from "./names.ts";
import { createRepository } from "./repository.ts";
import { catalogScope, noScope } from "./scope.ts";
import { createSession, type Session } from "./session.ts";
import { createRetryReporter, createWarningReporter } from "./warnings.ts";

export interface RegistryClientOptions {
  /** As in image names: `docker.io`, `127.0.0.1:5000`. */
  readonly host: string;
  /** What sends requests; it is closed with the client. One of node:http where absent. */
  readonly http?: HttpClient | undefined;
  readonly keychain?: Keychain | undefined;
  /** Used instead of those of the keychain; `none`: ask as nobody. */
  readonly credentials?: Credentials | "none" | undefined;
  /** Sent as it is, instead of asking a token server for one. */
  readonly bearerToken?: string | undefined;
  /** Plain HTTP is tried where HTTPS is not spoken. Whether certificates are checked is up to `http`. */
  readonly insecure?: boolean | undefined;
  readonly userAgent?: string | undefined;
  /** Told once of each warning that the registry sends, and once that it cannot be reached, while it is asked again. */
  readonly onWarning?: ((message: string) => void) | undefined;
  readonly retry?: RetryPolicy | undefined;
}

/** A client of one registry. Nothing is sent before the first call. Throws ERR_DRAYAGE_REFERENCE_INVALID. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const host = checkHost(options.host);
  const httpOnce = options.http ?? createHttpClient({});
  const onRetry = createRetryReporter(options.onWarning);
  const http = withRetries(httpOnce, { ...options.retry, onRetry });
  const insecure = options.insecure ?? false;
  const discovery = createDiscovery({ host, http, httpOnce, insecure });
  const report = createWarningReporter(host, options.onWarning);

  /** The credentials of `name`: repositories may have their own. */
  const authorizerOf = (name: string): Authorizer =>
    createAuthorizer({
      ...{ host, http, discovery, insecure },
      bearerToken: options.bearerToken,
      given: options.credentials !== undefined,
      lookUp: async (signal) => {
        if (options.credentials === "none") return undefined;
        return options.credentials ?? options.keychain?.credentials(name, { signal });
      },
    });
  const sessionOf = (authorizer: Authorizer): Session =>
    createSession({
      ...{ host, http, httpOnce, discovery, authorizer },
      userAgent: options.userAgent,
      onResponse: ({ headers }) => report(headers),
    });

  const authorizer = authorizerOf(host);
  const session = sessionOf(authorizer);
  const alone = createAlone();
  const limits = { chunkSize: undefined };

  return {
    host,
    ping: async ({ signal, authenticate = false } = {}) => {
      const anonymous = authenticate ? session : sessionOf(nobody);
      await ping(anonymous, { signal, authenticate });
    },
    repository(path, { access } = {}) {
      const name = checkPath(host, path);
      const own = sessionOf(authorizerOf(name.name));
      return createRepository({ session: own, retry: options.retry, alone, limits, name, access });
    },
    catalog: ({ pageSize, signal } = {}) => listCatalog(session, { pageSize, signal }),
    close: () => http.close(),
  };
}

/** Sends nothing of anybody. */
const nobody: Authorizer = {
  given: false,
  credentials: async () => undefined,
  authorize: async () => undefined,
  reauthorize: async () => undefined,
};

async function ping(
  session: Session,
  { signal, authenticate }: CallOptions & { readonly authenticate: boolean },
): Promise<void> {
  try {
    const response = await session.call(
      { method: "GET", target: "/v2/", scopes: noScope, signal },
      { doing: "ask for version 2 of the registry's interface", host: session.host, statuses: [200] },
    );
    await response.discard();
  } catch (error) {
    // That it wants credentials says that it is a registry.
    if (!authenticate && isDrayageError(error, "ERR_DRAYAGE_UNAUTHORIZED")) return;
    throw error;
  }
}

async function* listCatalog(
  session: Session,
  { pageSize, signal }: CallOptions & { readonly pageSize: number | undefined },
): AsyncGenerator<string, void, undefined> {
  try {
    yield* listNames(session, {
      path: "/v2/_catalog",
      field: "repositories",
      pageSize,
      scopes: catalogScope,
      expected: {
        doing: "list the repositories",
        host: session.host,
        statuses: [200],
        missing: "ERR_DRAYAGE_REGISTRY_UNSUPPORTED",
      },
      signal,
    });
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_REGISTRY_UNSUPPORTED")) throw error;
    throw new DrayageError(
      "ERR_DRAYAGE_REGISTRY_UNSUPPORTED",
      `${session.host} does not list its repositories`,
      { cause: error },
    );
  }
}
