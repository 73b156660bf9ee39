import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type FaultMatch, type FaultRule, type Faults, faultRules } from "./faults.ts";
import { forward } from "./forward.ts";
import { type BlobBytes, countBlobBytes, type LoggedRequest, type ProxiedRequest } from "./log.ts";
import { type FaultProxyTls, openPlace, type Place } from "./place.ts";
import { openTarget } from "./target.ts";

export interface FaultProxyOptions {
  /** Where the registry is: `http://host:port` or `https://host:port`. */
  readonly target: string;
  /** PEM text of the authority that a registry with TLS is trusted by. */
  readonly authority?: string | undefined;
  /** The proxy's own certificate, where it speaks HTTPS; it need not be as the registry does. */
  readonly tls?: FaultProxyTls | undefined;
  /** That of the other host, to which blobs are redirected; that of the proxy where absent, `none`: plain HTTP. */
  readonly elsewhereTls?: FaultProxyTls | "none" | undefined;
  /** How the other host is called in redirects: `127.0.0.1` where absent, or `localhost`. */
  readonly elsewhereName?: "127.0.0.1" | "localhost" | undefined;
}

/** A proxy before a registry that counts what passes, and breaks it as its rules say. */
export interface FaultProxy {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** `http://…` or `https://…`, without a slash at the end. */
  readonly url: string;
  /** `<name>:<port>` of the other host, to which blobs are redirected. */
  readonly elsewhere: string;
  /** All that came, the oldest first. */
  readonly requests: readonly ProxiedRequest[];
  /** How many were answered at once, at the most. */
  readonly mostAtOnce: number;
  /** Has these faults happen to requests that match. Where several rules match, the oldest counts. */
  rule(match: FaultMatch, faults: Faults): FaultRule;
  /** Removes all rules. */
  clearRules(): void;
  /** Bytes of blobs that were pushed and pulled through it so far, those of broken requests included. */
  blobBytes(): BlobBytes;
  /** Forgets the requests so far. */
  forget(): void;
  /** Waits until no request is running. */
  settled(): Promise<void>;
  /** Ends all connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a proxy on 127.0.0.1. Without rules it passes everything on, and counts. */
export async function createFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { tls, elsewhereTls = tls, elsewhereName = "127.0.0.1" } = options;
  const target = openTarget({ url: options.target, authority: options.authority });
  const rules = faultRules();
  const running = new Set<Promise<void>>();
  /** What the other host serves, by path, and with whose credentials it gets it. */
  const served = new Map<string, { readonly target: string; readonly authorization: string | undefined }>();
  const signature = randomBytes(16).toString("hex");
  let requests: LoggedRequest[] = [];
  let count = 0;
  let mostAtOnce = 0;

  const listen = (at: ProxiedRequest["at"], own: () => Place) => {
    return (request: IncomingMessage, response: ServerResponse): void => {
      const entry = newEntry(at, count++, request);
      requests.push(entry);
      const done = handle(entry, own(), request, response).finally(() => running.delete(done));
      running.add(done);
      mostAtOnce = Math.max(mostAtOnce, running.size);
    };
  };
  const registry: Place = await openPlace(
    listen("registry", () => registry),
    tls,
  );
  const other: Place = await openPlace(
    listen("elsewhere", () => other),
    elsewhereTls === "none" ? undefined : elsewhereTls,
  );
  const host = `127.0.0.1:${registry.port}`;
  const elsewhere = `${elsewhereName}:${other.port}`;

  async function handle(
    entry: LoggedRequest,
    place: Place,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const closed = new AbortController();
    response.on("close", () => closed.abort());
    const { signal } = closed;
    try {
      const faults = rules.choose(entry);
      entry.faults = faults;
      if (faults.delay !== undefined) await sleep(faults.delay, undefined, { signal });
      const answer = answerTo(entry, faults);
      if (faults.refuse !== undefined) await place.breakConnection(request, faults.refuse);
      else if (faults.dropRequest !== undefined) {
        await takeBytes(entry, request, faults.dropRequest.after);
        await place.breakConnection(request, faults.dropRequest.ending ?? "reset");
      } else if (answer !== undefined) await reply({ entry, request, response, answer, signal });
      else {
        const { target: path, authorization } = served.get(entry.path) ?? { target: entry.target };
        await forward({
          entry,
          faults,
          place,
          request,
          response,
          signal,
          target,
          path: entry.at === "registry" ? entry.target : path,
          authorization: entry.at === "registry" ? entry.headers.authorization : authorization,
          ownUrl: `${registry.scheme}://${host}`,
        });
      }
      entry.state = response.writableFinished ? "answered" : "broken";
    } catch {
      // Whoever closed its connection first: the other one is told by the same.
      entry.state = "broken";
      await place.breakConnection(request, "end");
    }
  }

  function answerTo(entry: LoggedRequest, faults: Faults): Answer | undefined {
    const { answer, redirect } = faults;
    if (answer !== undefined) return answer;
    if (redirect !== undefined) {
      const path = `/storage${entry.path}`;
      if (redirect.to === undefined) {
        const { target: wanted, headers } = entry;
        served.set(path, served.get(entry.path) ?? { target: wanted, authorization: headers.authorization });
      }
      const there = `${other.scheme}://${elsewhere}${path}?X-Amz-Signature=${signature}`;
      return { status: redirect.status ?? 307, headers: { location: redirect.to ?? there } };
    }
    if (entry.at === "registry") return undefined;
    if (!served.has(entry.path)) return { status: 404, body: "no such object\n" };
    if (!entry.target.includes(signature)) return { status: 403, body: "the signature is missing\n" };
    // As S3 does.
    if (entry.headers.authorization !== undefined)
      return { status: 400, body: "only one way to authenticate is allowed\n" };
    return undefined;
  }

  const close = async (): Promise<void> => {
    await Promise.all([registry.close(), other.close()]);
    target.close();
    await Promise.all(running);
  };
  return {
    host,
    url: `${registry.scheme}://${host}`,
    elsewhere,
    get requests() {
      return requests;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    rule: rules.add,
    clearRules: rules.clear,
    blobBytes: () => countBlobBytes(requests),
    forget() {
      requests = [];
      mostAtOnce = running.size;
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function newEntry(at: ProxiedRequest["at"], number: number, request: IncomingMessage): LoggedRequest {
  const { method = "", url = "", headers } = request;
  const [path = ""] = url.split("?", 1);
  return {
    number,
    at,
    method,
    target: url,
    path,
    headers,
    requestBytes: 0,
    status: undefined,
    responseHeaders: {},
    responseBytes: 0,
    faults: {},
    state: "running",
  };
}

/** Reads so much of a request's body, or all of it where there is less. */
async function takeBytes(entry: LoggedRequest, request: IncomingMessage, count: number): Promise<void> {
  if (count === 0) return;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    entry.requestBytes = Math.min(count, entry.requestBytes + chunk.length);
    if (entry.requestBytes === count) return;
  }
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

interface Reply {
  readonly entry: LoggedRequest;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answer: Answer;
  readonly signal: AbortSignal;
}

async function reply({ entry, request, response, answer, signal }: Reply): Promise<void> {
  for await (const chunk of request as AsyncIterable<Uint8Array>) entry.requestBytes += chunk.length;
  const body = Buffer.from(answer.body ?? "");
  const headers = { "content-length": String(body.length), ...answer.headers };
  entry.status = answer.status;
  entry.responseHeaders = headers;
  if (entry.method !== "HEAD") entry.responseBytes = body.length;
  response.writeHead(answer.status, headers).end(body);
  await once(response, "finish", { signal });
}
