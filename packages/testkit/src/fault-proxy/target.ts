import {
  type ClientRequest,
  type IncomingMessage,
  Agent as PlainAgent,
  request as requestPlain,
} from "node:http";
import { request as requestTls, Agent as TlsAgent } from "node:https";
import type { RawHeaders } from "./headers.ts";

/** What a proxy passes requests on to. */
export interface Target {
  readonly origin: string;
  readonly scheme: "http" | "https";
  send(method: string, target: string, headers: RawHeaders): ClientRequest;
  close(): void;
}

export interface TargetOptions {
  /** `http://host:port` or `https://host:port` */
  readonly url: string;
  /** PEM text of the authority that a target with TLS is trusted by. */
  readonly authority?: string | undefined;
}

export function openTarget({ url, authority }: TargetOptions): Target {
  const { protocol, hostname, port, origin } = new URL(url);
  const overTls = protocol === "https:";
  const agent = overTls
    ? new TlsAgent({ keepAlive: true, ca: authority })
    : new PlainAgent({ keepAlive: true });
  const request = overTls ? requestTls : requestPlain;
  return {
    origin,
    scheme: overTls ? "https" : "http",
    send: (method, target, headers) =>
      request({ agent, host: hostname, port: port || undefined, method, path: target, headers }),
    close: () => agent.destroy(),
  };
}

/** The head of the response. */
export async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    // More than one may come, and none may go unheard.
    request.on("error", reject);
    request.once("close", () => reject(new Error("the connection was closed")));
  });
}
