import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { abortError, DrayageError, errnoOf } from "@drayage/errors";
import type { HttpHeaders, HttpRequest } from "../client.ts";
import { contentLength, headersOf } from "../headers.ts";
import { type Circumstances, networkError, timeoutError } from "../network-error.ts";
import type { ChunkSource } from "../response.ts";
import type { DirectConnection } from "./direct.ts";
import { directSource } from "./direct-source.ts";
import { createIdleWatch } from "./idle-watch.ts";
import { type SendingBody, sendBody } from "./request-body.ts";
import { type ResponseSource, responseSource } from "./response-source.ts";
import type { Abandonable } from "./tunnel.ts";

/** Milliseconds. */
export interface Timeouts {
  /** To look the name up, connect, and shake hands for TLS. */
  readonly connect: number;
  /** Without one byte, while the other side should send or take some. */
  readonly idle: number;
  /** From the end of the request to the head of the response: a registry may have to put a large blob together. */
  readonly response: number;
}

export interface ExchangePlan {
  /** `request` of node:http or node:https. */
  readonly start: (options: RequestOptions) => ClientRequest;
  readonly options: RequestOptions;
  readonly body: HttpRequest["body"];
  readonly timeouts: Timeouts;
  /** The connection of a request for much, whose body goes past node:http: one without a body of its own. */
  readonly direct?: DirectConnection | undefined;
  readonly op: string;
  readonly peer: string;
  readonly signal: AbortSignal | undefined;
}

export interface Exchanged {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly source: ChunkSource;
}

/** A connection that was kept alive, and that the other side had closed meanwhile: the request was not served. */
export interface StaleConnection {
  readonly stale: DrayageError;
  /** Nothing of the request was sent, nor was its body asked for any. */
  readonly unsent: boolean;
}

/** The response to a direct request does not say how long it is: to be asked for in the usual way. */
export interface IndirectResponse {
  readonly indirect: true;
}

/** One request and its response, over one connection. */
export async function exchange(plan: ExchangePlan): Promise<Exchanged | StaleConnection | IndirectResponse> {
  const { op, peer, signal, timeouts, body, direct } = plan;
  if (signal?.aborted) throw abortError(signal.reason, op);

  let failure: DrayageError | undefined;
  let connected = false;
  let sending: SendingBody | undefined;
  let source: ResponseSource | undefined;
  let settleHead: { resolve(response: IncomingMessage): void; reject(error: Error): void } | undefined;
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    settleHead = { resolve, reject };
  });
  // It is awaited below, but not while the body is sent.
  head.catch(() => undefined);

  const circumstances = (): Circumstances => ({ op, peer, connected });
  const abandon = new AbortController();
  const request = begin(plan, { abandoned: abandon.signal });

  const fail = (error: DrayageError, when: "now" | "after what came" = "now"): void => {
    if (failure !== undefined) return;
    failure = error;
    finish();
    sending?.stop(error);
    source?.fail(error, when);
    settleHead?.reject(error);
    request.destroy();
    // Its source ends it otherwise, and may have something to give before that.
    if (source === undefined) direct?.destroy();
    abandon.abort();
  };
  const onAbort = (): void => fail(abortError(signal?.reason, op));
  const watch = createIdleWatch(timeouts.idle, (milliseconds) =>
    fail(timeoutError(milliseconds, circumstances())),
  );
  const finish = (): void => {
    watch.stop();
    signal?.removeEventListener("abort", onAbort);
  };

  signal?.addEventListener("abort", onAbort, { once: true });
  request.on("error", (error) => fail(networkError(error, circumstances()), "after what came"));
  request.once("close", () => {
    if (source === undefined) fail(networkError(cut(), circumstances()));
  });
  watchConnecting(request, plan, {
    onConnected: () => {
      connected = true;
    },
    onTimeout: () => fail(timeoutError(timeouts.connect, circumstances())),
  });
  request.on("information", () => direct?.interim());
  request.once("response", (response) => {
    watch.stop();
    if (direct !== undefined) {
      const length = directLength(response);
      if (length !== undefined) {
        source = directSource(direct, length, {
          watch,
          onEnd: finish,
          onCut: (error) => fail(networkError(error ?? cut(), circumstances()), "after what came"),
        });
      } else {
        finish();
        direct.destroy();
      }
      settleHead?.resolve(response);
      return;
    }
    response.on("error", (error) => fail(networkError(error, circumstances()), "after what came"));
    response.once("close", () => {
      if (!response.complete) fail(networkError(cut(), circumstances()), "after what came");
    });
    source = responseSource(response, {
      empty: hasNoBody(plan.options.method, response),
      watch,
      onEnd: (how) => {
        finish();
        // A request that was not sent whole leaves its connection in the middle of it.
        if (how === "cancelled" || (sending !== undefined && !sending.complete())) request.destroy();
      },
    });
    if (sending !== undefined && !sending.complete()) sending.stop(answeredEarly(op));
    settleHead?.resolve(response);
  });

  if (body === undefined || body instanceof Uint8Array) {
    watch.start(timeouts.response);
    request.end(body);
  } else {
    await Promise.race([usableConnection(request), head]).catch(() => undefined);
    if (failure !== undefined) {
      if (request.reusedSocket && wasClosed(failure)) return { stale: failure, unsent: true };
      throw failure;
    }
    sending = sendBody(request, body, { op, watch });
    await sent(sending, { request, finish, failed: () => failure, answered: () => source !== undefined });
    if (source === undefined && failure === undefined) watch.start(timeouts.response);
  }
  try {
    const response = await head;
    if (direct !== undefined && source === undefined) return { indirect: true };
    // It is set where the head is.
    if (source === undefined) throw new DrayageError("ERR_DRAYAGE_CONNECTION", `${op}: no answer`);
    return { status: response.statusCode ?? 0, headers: headersOf(pairs(response.rawHeaders)), source };
  } catch (error) {
    if (request.reusedSocket && failure !== undefined && wasClosed(failure))
      return { stale: failure, unsent: false };
    throw error;
  }
}

/**
 * Waits for a connection, and, where it was kept alive, for two turns of the event loop: that it was closed is noticed then. A body that is
 * made while it is sent can only be sent once.
 */
async function usableConnection(request: ClientRequest): Promise<void> {
  await new Promise((resolve) => {
    request.once("socket", resolve);
  });
  if (!request.reusedSocket) return;
  await new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}

interface SentOptions {
  readonly request: ClientRequest;
  finish(): void;
  failed(): DrayageError | undefined;
  answered(): boolean;
}

/** Waits for the body's end. Once there is an answer, what becomes of the rest of the body is of no interest. */
async function sent(sending: SendingBody, { request, finish, failed, answered }: SentOptions): Promise<void> {
  try {
    await sending.done;
  } catch (error) {
    if (failed() !== undefined) throw failed();
    if (answered() && !sending.complete()) return;
    finish();
    request.destroy();
    throw error;
  }
}

function begin({ start, options, op }: ExchangePlan, abandonable: Abandonable): ClientRequest {
  try {
    return start({ ...options, ...abandonable });
  } catch (error) {
    // node:http names the header, and not its value.
    const text = error instanceof Error ? error.message : String(error);
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${op}: the request cannot be sent: ${text}`, {
      op,
      cause: error,
    });
  }
}

function watchConnecting(
  request: ClientRequest,
  { options, timeouts }: ExchangePlan,
  { onConnected, onTimeout }: { onConnected(): void; onTimeout(): void },
): void {
  request.once("socket", (socket) => {
    const event = options.protocol === "https:" ? "secureConnect" : "connect";
    if (request.reusedSocket || (event === "connect" && !socket.connecting)) {
      onConnected();
      return;
    }
    const timer = setTimeout(onTimeout, timeouts.connect);
    const done = (): void => {
      clearTimeout(timer);
      socket.off(event, ready);
      socket.off("close", done);
    };
    const ready = (): void => {
      done();
      onConnected();
    };
    socket.once(event, ready);
    socket.once("close", done);
  });
}

/** Undefined where only node:http can tell where the body ends, or what it is. */
function directLength(response: IncomingMessage): number | undefined {
  const status = response.statusCode ?? 0;
  if (status === 204 || status === 304) return 0;
  const headers = headersOf(pairs(response.rawHeaders));
  return headers.get("transfer-encoding") === undefined ? contentLength(headers) : undefined;
}

function* pairs(raw: readonly string[]): Generator<readonly [string, string]> {
  for (let at = 0; at + 1 < raw.length; at += 2) yield [raw[at] ?? "", raw[at + 1] ?? ""];
}

function hasNoBody(method: string | undefined, response: IncomingMessage): boolean {
  const status = response.statusCode ?? 0;
  if (method === "HEAD" || status === 204 || status === 304) return true;
  return contentLength(headersOf(pairs(response.rawHeaders))) === 0;
}

function wasClosed(failure: DrayageError): boolean {
  const errno = errnoOf(failure.cause);
  return errno === "ECONNRESET" || errno === "EPIPE";
}

/** The connection ended, and node:http does not say why. */
function cut(): Error {
  return Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });
}

function answeredEarly(op: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CONNECTION", `${op}: the answer came before the end of the body`, {
    op,
  });
}
