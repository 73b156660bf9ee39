import { createServer as createPlainServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ending } from "./faults.ts";

/** PEM texts. */
export interface FaultProxyTls {
  readonly cert: string;
  readonly key: string;
}

/** A server on 127.0.0.1 whose connections can be broken. */
export interface Place {
  readonly port: number;
  readonly scheme: "http" | "https";
  /** Ends the connection of a request, whatever is half said on it. */
  breakConnection(request: IncomingMessage, ending: Ending): Promise<void>;
  close(): Promise<void>;
}

export async function openPlace(listener: RequestListener, tls: FaultProxyTls | undefined): Promise<Place> {
  const server = tls === undefined ? createPlainServer(listener) : createTlsServer({ ...tls }, listener);
  // Only faults break connections: none is closed for being idle or slow.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  // Under TLS a request knows only the socket on top, which cannot be reset.
  const sockets = new Map<number, Socket>();
  server.on("connection", (socket: Socket) => {
    const { remotePort = 0 } = socket;
    sockets.set(remotePort, socket);
    socket.once("close", () => sockets.delete(remotePort));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    scheme: tls === undefined ? "http" : "https",
    async breakConnection({ socket }, ending) {
      if (socket.destroyed) return;
      if (ending === "end") {
        socket.destroySoon();
        return;
      }
      // A reset overtakes what the system has not sent yet.
      await sleep(5);
      const { remotePort = 0 } = socket;
      sockets.get(remotePort)?.resetAndDestroy();
      socket.destroy();
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
