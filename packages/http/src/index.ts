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
export { type ResumableOptions, type ResumeEvent, readResumable } from "./resumable.ts";
export { type RetryEvent, type RetryOptions, withRetries } from "./retries.ts";
