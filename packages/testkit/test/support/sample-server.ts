import http from "node:http";
import type { AddressInfo } from "node:net";

/** A server with one thing, of which it gives parts, and which notes what it is sent. */
export interface SampleServer {
  readonly url: string;
  /** The bodies that it was sent, as far as they came. */
  readonly received: { readonly bytes: number; readonly whole: boolean }[];
  /** How many connections it has seen. */
  readonly connections: number;
  readonly headers: readonly http.IncomingHttpHeaders[];
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `PUT /early` is answered before its body is read. */
export async function sampleServer(thing: Uint8Array): Promise<SampleServer> {
  const received: { bytes: number; whole: boolean }[] = [];
  const headers: http.IncomingHttpHeaders[] = [];
  let connections = 0;
  const server = http.createServer((request, response) => {
    headers.push(request.headers);
    if (request.url === "/early") {
      request.resume();
      response.writeHead(403, { "content-length": "3" }).end("no\n");
      return;
    }
    const body = { bytes: 0, whole: false };
    if (request.method !== "GET") received.push(body);
    request.on("data", (chunk: Uint8Array) => {
      body.bytes += chunk.length;
    });
    // A request that is cut fails, and that is noted already.
    request.on("error", () => {});
    request.on("end", () => {
      body.whole = true;
      answer(request, response, thing);
    });
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return {
    url,
    received,
    headers,
    get connections() {
      return connections;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function answer(request: http.IncomingMessage, response: http.ServerResponse, thing: Uint8Array): void {
  const { host } = request.headers;
  const about = { "docker-content-digest": "sha256:right", location: `http://${host}/next` };
  if (request.url === "/chunked") {
    response.writeHead(200, about);
    response.end(thing);
    return;
  }
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? -1);
  if (start < 0) {
    response.writeHead(200, { ...about, "content-length": String(thing.length) }).end(thing);
    return;
  }
  const range = `bytes ${start}-${thing.length - 1}/${thing.length}`;
  const part = thing.subarray(start);
  response
    .writeHead(206, { ...about, "content-length": String(part.length), "content-range": range })
    .end(part);
}
