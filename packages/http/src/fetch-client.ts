import { abortError, DrayageError, isDrayageError } from "@drayage/errors";
import type { HttpClient, HttpRequest, HttpResponse } from "./client.ts";
import { collectBody, type FetchBody, streamBody } from "./fetch-body.ts";
import { contentLength, headersOf } from "./headers.ts";
import { type Circumstances, networkError, timeoutError } from "./network-error.ts";
import { redactedUrl } from "./redacted-url.ts";
import { maxRedirects, redirected, tooManyRedirects } from "./redirects.ts";
import { type ChunkSource, responseOf } from "./response.ts";

export interface FetchClientOptions {
  /** The platform's where absent. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Sent where the platform lets one: browsers send their own. */
  readonly userAgent?: string | undefined;
  /** Milliseconds: idle 300,000; response 600,000. */
  readonly timeouts?:
    | { readonly idle?: number | undefined; readonly response?: number | undefined }
    | undefined;
  /** Whether bodies can be sent while they are made; found out where absent. */
  readonly streamsBodies?: boolean | undefined;
  /** Bytes of a body that is kept in memory where it cannot be streamed: 256 MiB where absent. */
  readonly bodyLimit?: number | undefined;
}

/**
 * A client over fetch, for browsers. What the platform decides stays so: its proxies, certificates and connections, CORS, which headers may
 * be sent, and, in browsers, the following of redirects. There, `manual` is an error for a response that redirects.
 */
export function createFetchClient(options: FetchClientOptions = {}): HttpClient {
  const closing = new AbortController();
  return {
    request: (request) => follow(request, options, closing.signal),
    close: () => closing.abort(),
  };
}

async function follow(
  first: HttpRequest,
  options: FetchClientOptions,
  closing: AbortSignal,
): Promise<HttpResponse> {
  const { method } = first;
  const follows =
    (first.redirect ?? (method === "GET" || method === "HEAD" ? "follow" : "manual")) === "follow";
  // A browser follows by itself or says nothing of where to. Elsewhere it is done here, where HTTPS never becomes HTTP.
  const ours = !follows || globalThis.process?.getBuiltinModule !== undefined;
  let request = first;
  for (let redirects = 0; ; redirects += 1) {
    const response = await fetchOnce(request, { options, closing, redirect: ours ? "manual" : "follow" });
    const next = follows && ours ? await nextRequest(request, response) : undefined;
    if (next === undefined) return response;
    await response.discard();
    if (redirects === maxRedirects) throw tooManyRedirects(first.url);
    request = next;
  }
}

async function nextRequest(request: HttpRequest, response: HttpResponse): Promise<HttpRequest | undefined> {
  try {
    return redirected(request, response);
  } catch (error) {
    await response.discard();
    throw error;
  }
}

interface FetchSettings {
  readonly options: FetchClientOptions;
  readonly closing: AbortSignal;
  readonly redirect: "follow" | "manual";
}

async function fetchOnce(
  request: HttpRequest,
  { options, closing, redirect }: FetchSettings,
): Promise<HttpResponse> {
  const { method, url, signal } = request;
  const { fetch = globalThis.fetch, timeouts } = options;
  const op = `${method} ${redactedUrl(url)}`;
  if (!/^https?:\/\/[^/?#@]+(?:[/?#]|$)/i.test(url) || !URL.canParse(url)) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `${redactedUrl(url)} is no URL of HTTP or HTTPS without credentials`,
    );
  }
  if (signal?.aborted) throw abortError(signal.reason, op);

  const stop = new AbortController();
  let failure: DrayageError | undefined;
  const circumstances: Circumstances = { op, peer: new URL(url).host, connected: true };
  const fail = (error: DrayageError): void => {
    failure ??= error;
    streamed?.stop(failure);
    stop.abort();
  };
  const onAbort = (): void => fail(abortError(signal?.reason, op));
  const onClose = (): void =>
    fail(new DrayageError("ERR_DRAYAGE_CONNECTION", `${op}: the client was closed`));
  const finish = (): void => {
    signal?.removeEventListener("abort", onAbort);
    closing.removeEventListener("abort", onClose);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  closing.addEventListener("abort", onClose, { once: true });
  const explain = (error: unknown): unknown => failure ?? fetchError(error, circumstances);
  const limitTime = async <T>(milliseconds: number, work: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => fail(timeoutError(milliseconds, circumstances)), milliseconds);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  };

  let streamed: FetchBody | undefined;
  try {
    const { body } = request;
    let payload: Uint8Array | ReadableStream<Uint8Array> | undefined;
    if (body instanceof Uint8Array) payload = body.slice();
    else if (body !== undefined && (options.streamsBodies ?? canStreamBodies())) {
      streamed = streamBody(body, op);
      payload = streamed.stream;
    } else if (body !== undefined) {
      payload = await collectBody(body, {
        op,
        limit: options.bodyLimit ?? 256 * 1024 * 1024,
        signal: stop.signal,
      });
    }
    const init: RequestInit & { readonly cache: string } = {
      method,
      headers: {
        ...(options.userAgent === undefined ? {} : { "user-agent": options.userAgent }),
        ...request.headers,
      },
      redirect,
      signal: stop.signal,
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      ...(payload === undefined ? {} : { body: payload }),
      ...(streamed === undefined ? {} : { duplex: "half" }),
    };
    const answer = fetch(url, init);
    const response = await (streamed === undefined
      ? limitTime(timeouts?.response ?? 600_000, answer)
      : afterBody(answer, { body: streamed, op }));
    return fetched(response, {
      url,
      op,
      finish,
      explain,
      stop,
      within: (work) => limitTime(timeouts?.idle ?? 300_000, work),
    });
  } catch (error) {
    finish();
    stop.abort();
    throw explain(error);
  }
}

/** The response, once the sender has come to its end, be that the body's or that of an early response. */
async function afterBody(
  answer: Promise<Response>,
  { body, op }: { body: FetchBody; op: string },
): Promise<Response> {
  const sent = body.done.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  let response: Response;
  try {
    response = await answer;
  } catch (error) {
    body.stop(error instanceof Error ? error : new Error(String(error)));
    const outcome = await sent;
    // What the sender threw is why fetch failed, or the other way round: then it is a cut connection.
    throw outcome !== undefined && !body.complete() && isOwn(outcome.error, error) ? outcome.error : error;
  }
  const early = !body.complete();
  if (early)
    body.stop(
      new DrayageError("ERR_DRAYAGE_CONNECTION", `${op}: the answer came before the end of the body`),
    );
  const outcome = await sent;
  if (outcome !== undefined && !early) throw outcome.error;
  return response;
}

/** Whether the sender's error was not made of fetch's. */
function isOwn(sender: unknown, fetchFailure: unknown): boolean {
  for (let error = sender; error instanceof Error; error = error.cause)
    if (error === fetchFailure) return false;
  return true;
}

interface Fetched {
  readonly url: string;
  readonly op: string;
  finish(): void;
  explain(error: unknown): unknown;
  readonly stop: AbortController;
  within<T>(work: Promise<T>): Promise<T>;
}

function fetched(response: Response, { url, op, finish, explain, stop, within }: Fetched): HttpResponse {
  if (response.type === "opaqueredirect") {
    throw new DrayageError(
      "ERR_DRAYAGE_CONNECTION",
      `${op}: the answer is a redirect, and browsers do not say where to`,
    );
  }
  const at = response.url === "" ? url : response.url;
  if (url.startsWith("https:") && at.startsWith("http:")) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONNECTION",
      `${op}: it redirects from HTTPS to HTTP: that is refused`,
    );
  }
  const headers = headersOf(response.headers);
  const reader = response.body?.getReader();
  let left =
    response.headers.has("content-encoding") || response.body === null ? undefined : contentLength(headers);
  if (reader === undefined) finish();
  const source: ChunkSource = {
    async next() {
      if (reader === undefined) return undefined;
      let chunk: Uint8Array | undefined;
      try {
        chunk = (await within(reader.read())).value;
      } catch (error) {
        finish();
        throw explain(error);
      }
      if (chunk !== undefined) {
        if (left !== undefined) left -= chunk.length;
        return chunk;
      }
      finish();
      if (left === undefined || left === 0) return undefined;
      throw new DrayageError("ERR_DRAYAGE_CONNECTION", `${op}: the body ended too early`, {
        op,
        retryable: true,
      });
    },
    cancel() {
      finish();
      stop.abort();
    },
  };
  return responseOf({ status: response.status, headers, url: at, source });
}

/** A browser says only that fetch failed; Node says why in the cause. */
function fetchError(error: unknown, circumstances: Circumstances): unknown {
  if (isDrayageError<string>(error) || !(error instanceof Error)) return error;
  if (error.name !== "TypeError" && error.name !== "AbortError") return error;
  const { cause } = error;
  if (typeof cause === "object" && cause !== null && "code" in cause) {
    const undici = String(cause.code).startsWith("UND_ERR_");
    return networkError(
      undici ? Object.assign(new Error(error.message), { code: "ECONNRESET" }) : cause,
      circumstances,
    );
  }
  return new DrayageError("ERR_DRAYAGE_CONNECTION", `${circumstances.op}: ${error.message}`, {
    op: circumstances.op,
    hint: "in a browser, the registry has to allow this page to ask it (CORS)",
    retryable: true,
    cause: error,
  });
}

/** Whether fetch takes a stream as a body: one that does not know `duplex` makes a text of it. */
function canStreamBodies(): boolean {
  let asked = false;
  const init = {
    method: "POST",
    body: new ReadableStream(),
    get duplex(): "half" {
      asked = true;
      return "half";
    },
  };
  return !new Request("https://registry.invalid/", init).headers.has("content-type") && asked;
}
