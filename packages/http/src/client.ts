/** What sends requests. `createHttpClient` makes one of node:http, `createFetchClient` one of fetch. */
export interface HttpClient {
  /**
   * Sends a request and gives back the head of the response; its body is read, or discarded, by the caller.
   *
   * @throws `ERR_DRAYAGE_CONNECTION` (`retryable` where it may pass), `ERR_DRAYAGE_TLS`, `ERR_DRAYAGE_ABORTED`, and what the
   * request's body throws
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Closes the connections that are kept alive. */
  close(): void;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | HttpBody | undefined;
  /**
   * `follow`, the default for GET and HEAD: at most ten, never from https to http; `authorization`, `cookie` and
   * `proxy-authorization` are dropped for good once a redirect leaves the origin. `manual`, the default for the rest: the response is that of
   * the redirect.
   */
  readonly redirect?: "follow" | "manual" | undefined;
  /**
   * Whether it does no harm to send the request twice. Where absent, that of the method: GET, HEAD, PUT and DELETE may be sent again on a new
   * connection when one that was kept alive was closed meanwhile; `withRetries` says what it sends again.
   */
  readonly repeatable?: boolean | undefined;
  /**
   * The chunks of the response's body may be overwritten once the next one is asked for: much faster where much arrives. It
   * has no meaning for `bytes`.
   */
  readonly borrow?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A body that is made while it is sent. */
export interface HttpBody {
  /** Bytes, where they are known: `content-length`. Else the body is sent in chunks. */
  readonly length?: number | undefined;
  /**
   * Writes the body. The promise of a write is fulfilled once the chunk may be overwritten and the next one given. A write rejects
   * when the connection breaks, or when the response came before the body's end.
   */
  send(write: (chunk: Uint8Array) => Promise<void>, options: { readonly signal: AbortSignal }): Promise<void>;
}

export interface HttpHeaders {
  /** The value of a header, the name in lower case; several of one name are joined by `, `. */
  get(name: string): string | undefined;
  /** Each value by itself: `www-authenticate`, `warning`, `link`. */
  all(name: string): readonly string[];
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** Where the response came from, after redirects. */
  readonly url: string;
  /**
   * The body's chunks, each the caller's own unless they are borrowed. It can be iterated once; leaving the iteration early ends the connection.
   * A body that ends before its `content-length` throws `ERR_DRAYAGE_CONNECTION` with `retryable`.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body. @throws `ERR_DRAYAGE_LIMIT_EXCEEDED`, and what `body` throws */
  bytes(limit: number): Promise<Uint8Array>;
  /** Has no use for the body: reads what little is left of it, so that the connection can be used again, or ends the connection. */
  discard(): Promise<void>;
}

/** How hosts prove who they are, and how one proves who one is to them. PEM texts. */
export interface TlsOptions {
  /** Certificate authorities that are trusted besides the system's. */
  readonly ca?: readonly string[] | undefined;
  /** Client certificates, each with its key. */
  readonly clients?: readonly { readonly cert: string; readonly key: string }[] | undefined;
  /** False: any certificate is taken. */
  readonly verify?: boolean | undefined;
}
