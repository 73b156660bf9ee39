import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { onTestFinished } from "vitest";

export interface FakeDaemonOptions {
  /** `undefined`: it does not say which version it speaks. */
  readonly version?: string | undefined;
  /** Answers everything but pings. */
  answer(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

export interface FakeDaemon {
  /** `unix://…` */
  readonly host: string;
  /** What was asked for, but pings: `GET /v1.41/images/get?names=busybox%3A1`. */
  readonly requests: readonly string[];
}

/** Something that speaks as a docker daemon, over a unix socket, until the test is over. */
export async function fakeDaemon({ answer, ...options }: FakeDaemonOptions): Promise<FakeDaemon> {
  const version = "version" in options ? options.version : "1.41";
  const socket = path.join(temporaryDirectory(), "docker.sock");
  const requests: string[] = [];
  const server = createServer((request, response) => {
    if (request.url === "/_ping") {
      response.writeHead(200, {
        ostype: "linux",
        ...(version === undefined ? {} : { "api-version": version }),
      });
      response.end("OK");
      return;
    }
    requests.push(`${request.method} ${request.url}`);
    // A client that goes away is part of some tests.
    request.on("error", () => undefined);
    (async () => answer(request, response))().catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { host: `unix://${socket}`, requests };
}

/** All that a request sends. Rejects where it is broken off. */
export async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
