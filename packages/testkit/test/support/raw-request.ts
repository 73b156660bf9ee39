import http from "node:http";

/** What a client saw of a response, whole or not. */
export interface Seen {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Uint8Array;
  /** How the connection failed: `ECONNRESET`, … */
  readonly failure: string | undefined;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly agent?: http.Agent;
  readonly signal?: AbortSignal;
}

/** Sends a request, follows nothing, and tells what came until the end, however that came. */
export async function rawRequest(url: string, options: RawRequest = {}): Promise<Seen> {
  const { body, agent, signal, ...rest } = options;
  return new Promise((resolve) => {
    const request = http.request(url, { agent: agent ?? false, signal, ...rest });
    const parts: Uint8Array[] = [];
    let response: http.IncomingMessage | undefined;
    const settle = (failure?: string): void =>
      resolve({
        status: response?.statusCode,
        headers: response?.headers ?? {},
        body: Buffer.concat(parts),
        failure,
      });
    request.on("error", (error: NodeJS.ErrnoException) => settle(error.code));
    request.on("response", (head) => {
      response = head;
      head.on("data", (chunk: Uint8Array) => parts.push(chunk));
      head.on("error", (error: NodeJS.ErrnoException) => settle(error.code));
      head.on("end", () => settle());
    });
    request.end(body);
  });
}
