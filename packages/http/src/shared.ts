/** What needs no Node. */
export type {
  HttpBody,
  HttpClient,
  HttpHeaders,
  HttpRequest,
  HttpResponse,
  TlsOptions,
} from "./client.ts";
export { createFetchClient, type FetchClientOptions } from "./fetch-client.ts";
export { redactedUrl } from "./redacted-url.ts";
export { type ResumableOptions, type ResumeEvent, readResumable } from "./resumable.ts";
export { type RetryEvent, type RetryOptions, withRetries } from "./retries.ts";
