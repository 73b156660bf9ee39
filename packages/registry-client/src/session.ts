import { DrayageError, isDrayageError } from "@drayage/errors";
import type { HttpClient, HttpRequest, HttpResponse } from "@drayage/http";
import type { Authorization, Authorizer } from "./authorizer.ts";
import type { Challenge } from "./challenge.ts";
import type { Discovery } from "./discovery.ts";
import type { FailedCall } from "./errors.ts";
import { resolveLocation } from "./location.ts";
import { noScope, type Scopes } from "./scope.ts";

export interface RegistryRequest extends Omit<HttpRequest, "url"> {
  /** A path of the registry, or a URL that it has named. */
  readonly target: string | URL;
  /** What a token has to allow. */
  readonly scopes: Scopes;
  /** Sent without further tries. */
  readonly once?: boolean | undefined;
}

export interface ExpectedAnswer extends FailedCall {
  readonly statuses: readonly number[] | "any";
}

/** Sends requests to one registry, as one user. */
export interface Session {
  /** The registry as it stands in image names. */
  readonly host: string;
  origin(signal: AbortSignal | undefined): Promise<string>;
  /** Whether a URL is the registry's. Only known once a request was sent. */
  isOwn(url: URL): boolean;
  /**
   * The answer, whatever it says, but for 401: there one new token is tried where that may help.
   *
   * @throws ERR_DRAYAGE_UNAUTHORIZED, ERR_DRAYAGE_DENIED: with `retryable` where the request's body stood in the way of
   *   another try
   */
  send(request: RegistryRequest): Promise<HttpResponse>;
  /** As {@link send}, where all but these statuses is an error, and errors say what was being done. */
  call(request: RegistryRequest, expected: ExpectedAnswer): Promise<HttpResponse>;
}

export interface SessionOptions {
  readonly host: string;
  readonly http: HttpClient;
  /** Sends without further tries. */
  readonly httpOnce: HttpClient;
  readonly discovery: Discovery;
  readonly authorizer: Authorizer;
  readonly userAgent: string | undefined;
  onResponse(response: HttpResponse): void;
}

/** One to find out how the registry wants to be asked, one for a token that has expired or allows too little. */
const renewalLimit = 2;

const redirectLimit = 5;

export function createSession(options: SessionOptions): Session {
  const { host, discovery, authorizer } = options;
  let known: string | undefined;

  const send = async (request: RegistryRequest): Promise<HttpResponse> => {
    const { target, scopes, headers, once, ...rest } = request;
    const { signal, body } = rest;
    const http = once ? options.httpOnce : options.http;
    const streamed = body !== undefined && !(body instanceof Uint8Array);
    const origin = new URL(await discovery.origin(signal)).origin;
    known = origin;
    let url = new URL(target, origin);
    let authorization: Authorization | undefined;
    let authorized = false;
    let left = false;
    let renewals = 0;
    for (let redirects = 0; ; ) {
      // Credentials go to the registry alone, also where it has uploads sent elsewhere. What another host leads back to is that host's
      // wish and not the registry's.
      left ||= url.origin !== origin;
      const ours = !left;
      if (ours && !authorized) authorization = await authorizer.authorize(scopes, signal);
      authorized = true;
      const response = await http.request({
        ...rest,
        url: url.href,
        headers: {
          ...(options.userAgent === undefined ? {} : { "user-agent": options.userAgent }),
          ...headers,
          ...(ours && authorization !== undefined ? { authorization: authorization.header } : {}),
        },
      });
      options.onResponse(response);
      if (isMoved(response, rest) && redirects < redirectLimit) {
        redirects++;
        await response.discard();
        url = resolveLocation(response.headers.get("location"), url, host);
        continue;
      }
      // What another host says, to which it redirected, is nothing to answer with credentials.
      if (response.status !== 401 || !ours || new URL(response.url).origin !== origin) return response;
      await response.discard();
      const offered = learn(discovery, response);
      const next = await authorizer.reauthorize(authorization, offered, { scopes, signal });
      if (next === undefined || streamed || renewals === renewalLimit) {
        throw await refusal({ offered, authorization, retryable: next !== undefined && streamed, signal });
      }
      authorization = next;
      renewals++;
    }
  };

  const refusal = async (answer: Refusal): Promise<DrayageError> => {
    const { offered, authorization, retryable, signal } = answer;
    const { unauthorized } = await import("./unauthorized.ts");
    const error = unauthorized(host, await authorizer.credentials(signal), authorizer);
    if (authorization === undefined) return withRetryable(error, retryable);
    const insufficient = offered.some(({ parameters }) => parameters.get("error") === "insufficient_scope");
    if (!insufficient) return withRetryable(error, retryable);
    return new DrayageError("ERR_DRAYAGE_DENIED", `${host} does not allow it`, {
      hint: `ask for access, or log in as somebody who may: dray login ${host}`,
      retryable,
    });
  };

  let pinged: boolean | undefined;

  /** Whether what has just said 404 is no registry at all, but some other web server: asked once, where nothing shows it. */
  const isStranger = async (response: HttpResponse, signal: AbortSignal | undefined): Promise<boolean> => {
    if (response.status !== 404 || pinged === false) return false;
    if (response.headers.get("docker-distribution-api-version") !== undefined) return false;
    if (new URL(response.url).origin !== known) return false;
    if (pinged === undefined) {
      const ping = await send({ method: "GET", target: "/v2/", scopes: noScope, signal }).catch(
        () => undefined,
      );
      await ping?.discard();
      pinged = ping?.status === 404;
    }
    return pinged;
  };

  return {
    host,
    origin: (signal) => discovery.origin(signal),
    isOwn: (url) => url.origin === known,
    send: (request) => send(request),
    async call(request, expected) {
      let response: HttpResponse;
      try {
        response = await send(request);
      } catch (error) {
        throw named(error, expected);
      }
      if (expected.statuses === "any" || expected.statuses.includes(response.status)) return response;
      const { readError } = await import("./errors.ts");
      const { error, spoken } = await readError(response, expected);
      throw !spoken && (await isStranger(response, request.signal)) ? stranger(host) : error;
    },
  };
}

function stranger(host: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_REGISTRY", `${host} is no registry: it answers 404 to GET /v2/`, {
    hint: "check the host's name and port",
  });
}

/** Whether a request that changes something is to be made elsewhere. Those that only read are redirected by the HTTP client. */
function isMoved(
  { status }: HttpResponse,
  { method, body, redirect }: Pick<HttpRequest, "method" | "body" | "redirect">,
): boolean {
  if (method === "GET" || method === "HEAD" || redirect === "manual") return false;
  return (status === 307 || status === 308) && (body === undefined || body instanceof Uint8Array);
}

interface Refusal {
  readonly offered: readonly Challenge[];
  readonly authorization: Authorization | undefined;
  readonly retryable: boolean;
  readonly signal: AbortSignal | undefined;
}

/** A registry names its ways in once for all; a later answer may name the scopes that it wants. */
function learn(discovery: Discovery, response: HttpResponse): readonly Challenge[] {
  return response.headers.all("www-authenticate").length === 0 ? [] : discovery.learn(response);
}

/** A refusal with what was refused. */
function named(error: unknown, { doing, host }: FailedCall): unknown {
  if (!isDrayageError(error, "ERR_DRAYAGE_UNAUTHORIZED") && !isDrayageError(error, "ERR_DRAYAGE_DENIED")) {
    return error;
  }
  const { code, hint, retryable, message } = error;
  return new DrayageError(code, `cannot ${doing} at ${host}: ${message}`, { hint, retryable });
}

function withRetryable(error: DrayageError, retryable: boolean): DrayageError {
  const { code, message, hint } = error;
  return new DrayageError(code, message, { hint, retryable });
}
