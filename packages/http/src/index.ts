/**
 * HTTP for drayage: one small client type, over node:http or fetch.
 * @module
 */
export type {
  HttpBody,
  HttpClient,
  HttpHeaders,
  HttpRequest,
  HttpResponse,
  TlsOptions,
} from "./client.ts";
export { createHttpClient, type HttpClientOptions } from "./create-http-client.ts";
export type { Timeouts } from "./node/exchange.ts";
export { redactedUrl } from "./redacted-url.ts";
