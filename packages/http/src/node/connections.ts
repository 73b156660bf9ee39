import type { Agent, AgentOptions, ClientRequest, RequestOptions } from "node:http";
import type { TcpNetConnectOpts } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { DrayageError } from "@drayage/errors";
import type { TlsOptions } from "../client.ts";
import { redactedUrl } from "../redacted-url.ts";
import { builtin } from "./builtins.ts";
import { connectDirectly, type DirectConnection, type DirectOptions } from "./direct.ts";
import { type ProxyChoice, proxyFor } from "./proxies.ts";
import { type TlsSettings, tlsSettings } from "./trust.ts";
import { bareProxy, createTunnelAgent, proxyAuthorization } from "./tunnel.ts";

export interface ConnectionsOptions {
  readonly tls: TlsOptions | undefined;
  readonly proxy: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly socketPath: string | undefined;
  readonly maxSockets: number;
  readonly connectTimeout: number;
}

/** How a request gets to its host. */
export interface Route {
  readonly start: (options: RequestOptions) => ClientRequest;
  readonly options: RequestOptions;
  /** Headers that the way there needs. */
  readonly headers: Readonly<Record<string, string>>;
  /** Who is connected to, for errors. */
  readonly peer: string;
  /** Begins a connection for one large response; absent where that is more than a plain connection. */
  readonly connectDirectly?: (() => DirectConnection) | undefined;
}

/** The agents of a client: each is made when it is needed first. */
export interface Connections {
  route(url: URL): Promise<Route>;
  close(): void;
}

/** Connections that nobody uses are closed after this time, before most servers do that. */
const keptMilliseconds = 30_000;

export function createConnections(options: ConnectionsOptions): Connections {
  const { env, socketPath } = options;
  const proxyOf: ProxyChoice = proxyFor(socketPath === undefined ? options.proxy : "none", env);
  const agents = new Map<string, Promise<Agent>>();
  let tls: TlsSettings | undefined;
  const secure = (): TlsSettings => {
    tls ??= tlsSettings(options.tls, env);
    return tls;
  };
  const agent: AgentOptions = {
    keepAlive: true,
    maxSockets: options.maxSockets,
    maxFreeSockets: 32,
    timeout: keptMilliseconds,
  };
  const kept = (key: string, make: () => Agent | Promise<Agent>): Promise<Agent> => {
    const known = agents.get(key);
    if (known !== undefined) return known;
    const made = (async () => make())();
    agents.set(key, made);
    return made;
  };
  const direct = (protocol: string): Promise<Agent> =>
    kept(protocol, () =>
      protocol === "https:"
        ? new (builtin("node:https").Agent)({ ...agent, ...secure() })
        : new (builtin("node:http").Agent)(agent),
    );

  return {
    async route(url) {
      const start = starter(url.protocol);
      const proxy = proxyOf(url);
      const usual = { ...target(url), path: `${url.pathname}${url.search}` };
      if (proxy === undefined) {
        const options = {
          ...usual,
          agent: await direct(url.protocol),
          ...(socketPath === undefined ? {} : { socketPath }),
        };
        return {
          start,
          options,
          headers: {},
          peer: socketPath ?? url.host,
          connectDirectly:
            socketPath === undefined ? () => connectDirectly(directly(url, secure)) : undefined,
        };
      }
      const connectTimeout = options.connectTimeout;
      if (url.protocol === "https:") {
        const tunnel = await kept(`tunnel ${proxy.href}`, () =>
          createTunnelAgent({ proxy, agent, tls: secure(), connectTimeout }),
        );
        return { start, options: { ...usual, agent: tunnel }, headers: {}, peer: url.host };
      }
      // Plain HTTP needs no tunnel: the proxy is asked for the whole URL (RFC 9112, section 3.2.2).
      return {
        start: starter(proxy.protocol),
        options: { ...target(proxy), path: url.href, agent: await direct(proxy.protocol) },
        headers: proxyAuthorization(proxy),
        peer: `${bareProxy(proxy).host} (the proxy)`,
      };
    },
    close() {
      for (const made of agents.values()) {
        made.then(
          (agent) => agent.destroy(),
          () => undefined,
        );
      }
      agents.clear();
    },
  };
}

function directly(url: URL, secure: () => TlsSettings): DirectOptions {
  const { protocol: _, ...to } = target(url);
  if (url.protocol === "http:") {
    const connect: DirectOptions["connect"] = (onread) =>
      builtin("node:net").connect({ ...to, onread } as TcpNetConnectOpts);
    return { ready: "connect", connect };
  }
  return {
    ready: "secureConnect",
    connect: (onread) =>
      builtin("node:tls").connect({
        ...to,
        ...secure(),
        ALPNProtocols: ["http/1.1"],
        onread,
      } as ConnectionOptions),
  };
}

function starter(protocol: string): Route["start"] {
  return protocol === "https:" ? builtin("node:https").request : builtin("node:http").request;
}

function target(url: URL): RequestOptions & { servername?: string } {
  const to = address(url);
  return {
    protocol: url.protocol,
    // Node would take it of the header `host`, which by a proxy is another's. Addresses have none.
    ...(url.protocol === "https:"
      ? { servername: builtin("node:net").isIP(to.host) === 0 ? to.host : "" }
      : {}),
    ...to,
  };
}

function address(url: URL): {
  readonly host: string;
  readonly port: number;
  readonly autoSelectFamilyAttemptTimeout: number;
} {
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
    // The next address is tried after this time, and the one before given up: after the usual 250 ms, no far host could be reached.
    autoSelectFamilyAttemptTimeout: 1000,
  };
}

/** What listens at a socket must not send one to another host: the request would go to the socket again. */
export function checkSocketRedirect(socketPath: string | undefined, from: URL, to: URL): void {
  if (socketPath === undefined || from.origin === to.origin) return;
  throw new DrayageError(
    "ERR_DRAYAGE_CONNECTION",
    `${redactedUrl(from)} redirects away from its socket, to ${redactedUrl(to)}`,
  );
}
