import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import {
  type AddressInfo,
  createServer as createNetServer,
  type Server as NetServer,
  type Socket,
} from "node:net";

/** A server on a free port of 127.0.0.1. */
export interface Running extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
  /** How many connections were ever made. */
  connections(): number;
  readonly server: NetServer;
}

type Listener = (...parameters: Parameters<RequestListener>) => void | Promise<void>;

export function serve(listener: Listener): Promise<Running> {
  return listen(createServer(asynchronously(listener)), "http");
}

export function serveTls(options: ServerOptions, listener: Listener): Promise<Running> {
  return listen(createTlsServer(options, asynchronously(listener)), "https");
}

/** A listener that fails cuts the connection. */
function asynchronously(listener: Listener): RequestListener {
  return (request, response) => {
    request.on("error", () => undefined);
    void (async () => {
      try {
        await listener(request, response);
      } catch {
        response.destroy();
      }
    })();
  };
}

/** A server that writes what it likes. */
export function serveRaw(onConnection: (socket: Socket) => void): Promise<Running> {
  return listen(
    createNetServer((socket) => {
      socket.on("error", () => undefined);
      onConnection(socket);
    }),
    "http",
  );
}

export async function listen(server: Server | NetServer, scheme: string, path?: string): Promise<Running> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, "127.0.0.1", resolve);
    else server.listen(path, resolve);
  });
  const port = path === undefined ? (server.address() as AddressInfo).port : 0;
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    sockets,
    connections: () => connections,
    server,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function answer(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  body = "",
): void {
  response.writeHead(status, headers);
  response.end(body);
}

/** Bytes of a pattern that shows where each one is from. */
export function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >>> 8) * 7 + (at >>> 16)) & 0xff;
  return bytes;
}
