/**
 * HTTP for drayage: one small client type, over node:http or fetch.
 * @module
 */
export { createHttpClient, type HttpClientOptions } from "./create-http-client.ts";
export type { Timeouts } from "./node/exchange.ts";
export * from "./shared.ts";
