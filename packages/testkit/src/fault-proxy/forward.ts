import { once } from "node:events";
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { type BodyFaults, passBody } from "./body.ts";
import type { Faults } from "./faults.ts";
import { changeHeaders, headerOf, headersObject } from "./headers.ts";
import type { LoggedRequest } from "./log.ts";
import type { Place } from "./place.ts";
import { responseTo, type Target } from "./target.ts";

export interface Forward {
  readonly entry: LoggedRequest;
  readonly faults: Faults;
  readonly place: Place;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted once the client's connection is closed, or the response is sent. */
  readonly signal: AbortSignal;
  readonly target: Target;
  /** What to ask the target for, and as whom. */
  readonly path: string;
  readonly authorization: string | undefined;
  /** Of the proxy, to stand where the target names itself. */
  readonly ownUrl: string;
}

/** Passes a request on to the target, and its response back. Throws where one of the connections ends by itself. */
export async function forward(exchange: Forward): Promise<void> {
  const { entry, faults, place, request, signal, target, path, authorization, ownUrl } = exchange;
  const headers = changeHeaders(request.rawHeaders, {
    authorization,
    // docker-registry makes the addresses of uploads of this and of `host`, which is passed as it came.
    "x-forwarded-proto": ownUrl.startsWith("https:") ? "https" : "http",
    ...(faults.ignoreRange === true && { range: undefined }),
  });
  const upstream = target.send(entry.method, path, headers);
  signal.addEventListener("abort", () => upstream.destroy());
  const head = responseTo(upstream);
  // Rejected too where the cut below ends it.
  head.catch(() => {});
  // A response may come before the request's end, and must not wait for it.
  const pushed = passRequest(exchange, upstream);
  const cut = pushed.then((isCut) => (isCut ? undefined : head));
  const response = await Promise.race([head, cut]);
  if (response === undefined) {
    upstream.destroy();
    await place.breakConnection(request, faults.cutRequest?.ending ?? "reset");
    return;
  }
  await passResponse(exchange, response);
}

/** Gives true where the connection is to be cut. */
async function passRequest(exchange: Forward, upstream: ClientRequest): Promise<boolean> {
  const { entry, faults, request, signal } = exchange;
  const body: BodyFaults = {
    cutAfter: faults.cutRequest?.after,
    stallAfter: faults.stallRequest?.after,
    bytesPerSecond: faults.bytesPerSecond,
  };
  const onBytes = (count: number): void => {
    entry.requestBytes += count;
  };
  try {
    // Leaving the iteration must not end the connection, on which the response has to go.
    const from = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    upstream.flushHeaders();
    const result = await passBody({ from, to: upstream, faults: body, onBytes, signal });
    if (result === "ended") upstream.end();
    // Who reads nothing does not hear either that the client has given up.
    if (result === "stalled") request.on("data", () => {}).resume();
    return result === "cut";
  } catch {
    // The response, or that there is none, tells more than that the target did not want the rest.
    request.on("data", (chunk: Uint8Array) => onBytes(chunk.length)).resume();
    return false;
  }
}

async function passResponse(exchange: Forward, from: IncomingMessage): Promise<void> {
  const { entry, faults, place, request, response, signal, target, ownUrl } = exchange;
  if (faults.loseResponse !== undefined) {
    for await (const _ of from);
    await place.breakConnection(request, faults.loseResponse);
    return;
  }
  const { statusCode = 0, statusMessage = "", rawHeaders } = from;
  const location = headerOf(rawHeaders, "location");
  const length = headerOf(rawHeaders, "content-length");
  const headers = changeHeaders(rawHeaders, {
    ...(location?.startsWith(`${target.origin}/`) && {
      location: ownUrl + location.slice(target.origin.length),
    }),
    ...(faults.truncate !== undefined &&
      length !== undefined && {
        "content-length": String(Math.min(Number(length), faults.truncate.length)),
      }),
    ...faults.responseHeaders,
  });
  entry.status = statusCode;
  entry.responseHeaders = headersObject(headers);
  response.writeHead(statusCode, statusMessage, headers);
  response.flushHeaders();
  const result = await passBody({
    from,
    to: response,
    faults: {
      cutAfter: faults.cutResponse?.after,
      stallAfter: faults.stallResponse?.after,
      truncateTo: faults.truncate?.length,
      corruptAt: faults.corrupt?.at,
      bytesPerSecond: faults.bytesPerSecond,
    },
    onBytes: (count) => {
      entry.responseBytes += count;
    },
    signal,
  });
  if (result === "cut") {
    await place.breakConnection(request, faults.cutResponse?.ending ?? "reset");
    return;
  }
  if (result === "stalled") await aborted(signal);
  response.end();
  await once(response, "finish", { signal });
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
