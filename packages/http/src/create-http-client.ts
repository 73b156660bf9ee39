import type { RequestOptions } from "node:http";
import { DrayageError } from "@drayage/errors";
import type { HttpClient, HttpRequest, HttpResponse, TlsOptions } from "./client.ts";
import { type Connections, checkSocketRedirect, createConnections } from "./node/connections.ts";
import type { DirectConnection } from "./node/direct.ts";
import { type Exchanged, exchange, type Timeouts } from "./node/exchange.ts";
import { redactedUrl } from "./redacted-url.ts";
import { maxRedirects, redirected, tooManyRedirects } from "./redirects.ts";
import { responseOf } from "./response.ts";

export interface HttpClientOptions {
  readonly tls?: TlsOptions | undefined;
  /**
   * `environment`, the default: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` as Go's tools read them. A URL: all requests go by this
   * proxy.
   */
  readonly proxy?: "environment" | "none" | (string & {}) | undefined;
  /** Where the names of proxies and of the system's certificates (`SSL_CERT_FILE`) are read; `process.env` where absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** `drayage` where absent. A request's own `user-agent` goes before it. */
  readonly userAgent?: string | undefined;
  /** Milliseconds: connect 30,000; idle 300,000; response 600,000. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** All requests go to this unix socket, whatever their URL's host. */
  readonly socketPath?: string | undefined;
  /** Connections to one host at a time; as many as there are requests where absent. */
  readonly maxSockets?: number | undefined;
  /** Bytes of a response's headers: 65,536 where absent. */
  readonly maxHeaderSize?: number | undefined;
}

const usualTimeouts: Timeouts = { connect: 30_000, idle: 300_000, response: 600_000 };
const usualHeaderSize = 64 * 1024;

/** Safe to be sent twice (RFC 9110, section 9.2.2): where a connection that was kept alive turns out to be closed. */
const idempotent = new Set(["GET", "HEAD", "PUT", "DELETE"]);

/** A client over node:http and node:https. Both are loaded when the first request needs them. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const { tls, socketPath, proxy = "environment", env = globalThis.process?.env ?? {} } = options;
  const timeouts: Timeouts = { ...usualTimeouts, ...defined(options.timeouts) };
  const connections = createConnections({
    tls,
    proxy,
    env,
    socketPath,
    maxSockets: options.maxSockets ?? Number.POSITIVE_INFINITY,
    connectTimeout: timeouts.connect,
  });
  const settings: Settings = {
    connections,
    socketPath,
    timeouts,
    maxHeaderSize: options.maxHeaderSize ?? usualHeaderSize,
    userAgent: options.userAgent ?? "drayage",
  };
  return {
    request: (request) => follow(request, settings),
    close: () => connections.close(),
  };
}

interface Settings {
  readonly connections: Connections;
  readonly socketPath: string | undefined;
  readonly timeouts: Timeouts;
  readonly maxHeaderSize: number;
  readonly userAgent: string;
}

async function follow(first: HttpRequest, settings: Settings): Promise<HttpResponse> {
  const follows =
    (first.redirect ?? (first.method === "GET" || first.method === "HEAD" ? "follow" : "manual")) ===
    "follow";
  let request = first;
  for (let redirects = 0; ; redirects += 1) {
    const url = parseUrl(request.url);
    const exchanged = await exchangeOnce(request, url, settings);
    const response = responseOf({ ...exchanged, url: url.href });
    let next: HttpRequest | undefined;
    try {
      next = follows ? redirected(request, response) : undefined;
      if (next === undefined) return response;
      if (redirects === maxRedirects) throw tooManyRedirects(first.url);
      checkSocketRedirect(settings.socketPath, url, new URL(next.url));
    } catch (error) {
      exchanged.source.cancel();
      throw error;
    }
    await response.discard();
    request = next;
  }
}

async function exchangeOnce(request: HttpRequest, url: URL, settings: Settings): Promise<Exchanged> {
  const { connections, timeouts, maxHeaderSize } = settings;
  const { method, body, signal, repeatable = idempotent.has(method) } = request;
  const route = await connections.route(url);
  const options: RequestOptions = {
    ...route.options,
    method,
    maxHeaderSize,
    headers: { ...requestHeaders(request, url, settings), ...route.headers },
  };
  const plan = {
    start: route.start,
    options,
    body,
    timeouts,
    op: `${method} ${redactedUrl(url)}`,
    peer: route.peer,
    signal,
  };
  if (
    request.borrow === true &&
    method === "GET" &&
    body === undefined &&
    route.connectDirectly !== undefined
  ) {
    const direct = route.connectDirectly();
    const result = await exchange({ ...plan, direct, options: directOptions(options, direct) });
    if (!("stale" in result) && !("indirect" in result)) return result;
  }
  const again = repeatable && (body === undefined || body instanceof Uint8Array);
  for (;;) {
    const result = await exchange(plan);
    if ("indirect" in result) continue;
    if (!("stale" in result)) return result;
    // Each of these connections is gone then, so that this comes to an end with a new one.
    if (!again && !result.unsent) throw result.stale;
  }
}

/** What node:http has to think of a direct request. */
function directOptions(options: RequestOptions, { socket }: DirectConnection): RequestOptions {
  const { agent: _, ...rest } = options;
  return { ...rest, method: "HEAD", createConnection: () => socket };
}

function requestHeaders(
  { headers = {}, method, body }: HttpRequest,
  url: URL,
  { userAgent }: Settings,
): Record<string, string> {
  const all: Record<string, string> = { host: url.host, "user-agent": userAgent, ...headers };
  if (body !== undefined) {
    const { length } = body;
    if (length === undefined) all["transfer-encoding"] = "chunked";
    else all["content-length"] = String(length);
  } else if (method !== "GET" && method !== "HEAD" && method !== "DELETE") {
    all["content-length"] = "0";
  }
  return all;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${redactedUrl(text)} is no URL of HTTP or HTTPS`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `${redactedUrl(url)}: credentials do not belong into the URL of a request`,
    );
  }
  return url;
}

function defined(timeouts: Partial<Timeouts> = {}): Partial<Timeouts> {
  return Object.fromEntries(Object.entries(timeouts).filter(([, value]) => value !== undefined));
}
