import { type DrayageError, isDrayageError } from "@drayage/errors";
import type { HttpClient, HttpResponse } from "@drayage/http";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { type SharedWork, shareWork } from "./share.ts";

/** Where a registry is reached, and how it wants to be asked. Found out once. */
export interface Discovery {
  /** `https://registry-1.docker.io` */
  origin(signal: AbortSignal | undefined): Promise<string>;
  /**
   * The ways in that the registry offers, none where it is open to all. Undefined: it has not said yet, and the request that
   * is to be sent will find out. With `ask` it is asked (`GET /v2/`) where it has not said.
   */
  challenges(
    signal: AbortSignal | undefined,
    options?: { readonly ask?: boolean | undefined },
  ): Promise<readonly Challenge[] | undefined>;
  /** Notes the ways in that an answer names. */
  learn(response: HttpResponse): readonly Challenge[];
}

export interface DiscoveryOptions {
  readonly host: string;
  readonly http: HttpClient;
  /** Sends once: whether a host speaks HTTPS is asked without tries. */
  readonly httpOnce: HttpClient;
  readonly insecure: boolean;
}

export function createDiscovery({ host, http, httpOnce, insecure }: DiscoveryOptions): Discovery {
  const authority = host === "docker.io" || host === "index.docker.io" ? "registry-1.docker.io" : host;
  let found: string | undefined = insecure ? undefined : `https://${authority}`;
  let known: readonly Challenge[] | undefined;
  let asking: SharedWork<void> | undefined;

  const learn = (response: HttpResponse): readonly Challenge[] => {
    known = response.headers.all("www-authenticate").flatMap(parseChallenges);
    return known;
  };

  const ping = async (client: HttpClient, origin: string, signal: AbortSignal): Promise<void> => {
    const response = await client.request({ method: "GET", url: `${origin}/v2/`, signal });
    await response.discard();
    if (new URL(response.url).origin !== new URL(origin).origin) return;
    if (response.status === 401) learn(response);
    else if (response.status === 200) known = [];
  };

  /** Whether plain HTTP is spoken to this machine itself, where nobody else listens: TLS would be loaded in vain. */
  const isPlainAndNear = async (signal: AbortSignal): Promise<boolean> => {
    if (!isLoopback(authority)) return false;
    try {
      const request = { method: "GET", url: `http://${authority}/v2/`, redirect: "manual", signal } as const;
      const response = await httpOnce.request(request);
      await response.discard();
      if (response.status === 401) learn(response);
      else if (response.status === 200) known = [];
      return response.status === 401 || response.status === 200;
    } catch (error) {
      if (isDrayageError(error, "ERR_DRAYAGE_ABORTED")) throw error;
      // What is wrong is better said of HTTPS.
      return false;
    }
  };

  const find = async (signal: AbortSignal): Promise<void> => {
    if (await isPlainAndNear(signal)) {
      found = `http://${authority}`;
      return;
    }
    try {
      await ping(httpOnce, `https://${authority}`, signal);
      found = `https://${authority}`;
    } catch (error) {
      if (!speaksNoTls(error)) throw error;
      try {
        await ping(httpOnce, `http://${authority}`, signal);
      } catch (second) {
        // That it cannot be reached at all is better said of HTTPS.
        throw isDrayageError(second, "ERR_DRAYAGE_CONNECTION") ? error : second;
      }
      found = `http://${authority}`;
    }
  };

  /** Asks the registry, all who want to know at the same time at once. */
  const ask = async (signal: AbortSignal | undefined): Promise<void> => {
    if (asking === undefined || asking.abandoned) {
      const work: SharedWork<void> = shareWork(
        (inner) => (found === undefined ? find(inner) : ping(http, found, inner)),
        () => {
          if (asking === work) asking = undefined;
        },
      );
      asking = work;
    }
    await asking.wait(signal);
  };

  return {
    async origin(signal) {
      if (found === undefined) await ask(signal);
      return found ?? `https://${authority}`;
    },
    async challenges(signal, options) {
      if (known === undefined && (options?.ask || found === undefined)) await ask(signal);
      return known;
    },
    learn,
  };
}

/** Whether `host:port` is this machine itself. */
function isLoopback(authority: string): boolean {
  const { hostname } = new URL(`http://${authority}`);
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/** Whether a connection failed in a way that plain HTTP may not: a certificate that is not trusted is none. */
function speaksNoTls(error: unknown): error is DrayageError {
  if (isDrayageError(error, "ERR_DRAYAGE_CONNECTION")) return true;
  return isDrayageError(error, "ERR_DRAYAGE_TLS") && tlsFaults.test(causeCode(error));
}

/** What OpenSSL says of an answer that is not TLS. */
const tlsFaults = /^(?:EPROTO|ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST))$/;

function causeCode(error: DrayageError): string {
  const { cause } = error;
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
}
