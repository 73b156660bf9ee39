/**
 * What browsers get of this package (`browser` in package.json): the same names, and nothing that needs Node.
 * @module
 */
import { DrayageError } from "@drayage/errors";
import type { HttpClient } from "./client.ts";
import type { HttpClientOptions } from "./create-http-client.ts";

export type { HttpClientOptions } from "./create-http-client.ts";
export type { Timeouts } from "./node/exchange.ts";
export * from "./shared.ts";

/** There are no sockets in a browser. @throws `ERR_DRAYAGE_USAGE` */
export function createHttpClient(_options?: HttpClientOptions): HttpClient {
  throw new DrayageError("ERR_DRAYAGE_USAGE", "createHttpClient needs Node", {
    hint: "use createFetchClient in a browser",
  });
}
