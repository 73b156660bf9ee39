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
