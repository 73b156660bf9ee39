import type { IncomingHttpHeaders } from "node:http";
import type { Faults } from "./faults.ts";

/** One request as the proxy saw it. It is up to date while the request runs. */
export interface ProxiedRequest {
  /** From 0, in the order in which they came. */
  readonly number: number;
  /** Where it came to: the registry's place, or the other host. */
  readonly at: "registry" | "elsewhere";
  readonly method: string;
  /** The path and the query. */
  readonly target: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Bytes of its body that were taken from the client. */
  readonly requestBytes: number;
  /** Of the response that was sent; undefined where there was none. */
  readonly status: number | undefined;
  /** Those that were sent, names in lower case. */
  readonly responseHeaders: IncomingHttpHeaders;
  /** Bytes of the response's body that were sent to the client. */
  readonly responseBytes: number;
  /** What was done to it. */
  readonly faults: Faults;
  /** `running`, answered to the end, or ended before that by a fault, by the client or by the target. */
  readonly state: "running" | "answered" | "broken";
}

/** The same, for the proxy. */
export type LoggedRequest = { -readonly [K in keyof ProxiedRequest]: ProxiedRequest[K] };

/** Bytes of blobs, configs among them. */
export interface BlobBytes {
  /** From the client, in uploads of blobs. */
  readonly pushed: number;
  /** To the client, in answers to GET of blobs. */
  readonly pulled: number;
}

/** How many bytes of blobs went over the wire, those of failed requests included. */
export function countBlobBytes(requests: Iterable<ProxiedRequest>): BlobBytes {
  let pushed = 0;
  let pulled = 0;
  for (const { path, method, status, requestBytes, responseBytes } of requests) {
    if (path.includes("/blobs/uploads/")) pushed += requestBytes;
    else if (path.includes("/blobs/") && method === "GET" && (status === 200 || status === 206))
      pulled += responseBytes;
  }
  return { pushed, pulled };
}
