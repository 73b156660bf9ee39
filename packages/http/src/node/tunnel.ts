import type { Agent, AgentOptions, ClientRequest } from "node:http";
import type { Socket } from "node:net";
import { DrayageError } from "@drayage/errors";
import type { TlsSettings } from "./trust.ts";

export interface TunnelOptions {
  readonly proxy: URL;
  readonly agent: AgentOptions;
  readonly tls: TlsSettings;
  /** Milliseconds until the proxy has to have connected. */
  readonly connectTimeout: number;
}

/** `Proxy-Authorization` of the credentials in a proxy's URL. */
export function proxyAuthorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === "" && password === "") return {};
  const bytes = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { "proxy-authorization": `Basic ${btoa(String.fromCharCode(...bytes))}` };
}

/** A proxy's URL without the credentials. */
export function bareProxy(proxy: URL): URL {
  const bare = new URL(proxy);
  bare.username = "";
  bare.password = "";
  return bare;
}

/** An option of a request: aborted when the request is. While a request waits for its connection, node:http tells nobody. */
export interface Abandonable {
  readonly abandoned?: AbortSignal | undefined;
}

/** An agent whose connections go through a proxy by CONNECT. Its package is loaded when a proxy is used. */
export async function createTunnelAgent({
  proxy,
  agent,
  tls,
  connectTimeout,
}: TunnelOptions): Promise<Agent> {
  const { HttpsProxyAgent } = await import("https-proxy-agent");
  type ConnectParameters = Parameters<(typeof HttpsProxyAgent.prototype)["connect"]>;

  class TunnelAgent extends HttpsProxyAgent<string> {
    /** The package waits for the proxy for ever, and hands over what a proxy says instead of the host as if the host had said it. */
    override async connect(
      request: ClientRequest,
      options: ConnectParameters[1] & Abandonable,
    ): Promise<Socket> {
      const { abandoned } = options;
      const stop = new AbortController();
      let status: number | undefined;
      let late = false;
      const giveUp = (): void => {
        if (status === undefined) stop.abort();
      };
      const timer = setTimeout(() => {
        late = true;
        giveUp();
      }, connectTimeout);
      const onAnswer = (answer: { readonly statusCode: number }): void => {
        status = answer.statusCode;
      };
      abandoned?.addEventListener("abort", giveUp);
      request.once("proxyConnect", onAnswer);
      // It is read before the first time that `connect` waits.
      this.connectOpts = { ...this.connectOpts, signal: stop.signal };
      try {
        const socket = await super.connect(request, options);
        if (status === 200) return socket;
        socket.destroy();
      } catch (error) {
        throw proxyFailure(proxy, { error, late });
      } finally {
        clearTimeout(timer);
        abandoned?.removeEventListener("abort", giveUp);
        request.off("proxyConnect", onAnswer);
      }
      throw refusal(proxy, status);
    }
  }

  // The credentials are not part of the URL: the package writes that into its debug logs.
  const tunnel = new TunnelAgent(bareProxy(proxy).href, {
    ...agent,
    ...tls,
    headers: { ...proxyAuthorization(proxy) },
  });
  // The package drops what node:http makes connections of, and kept ones expire by.
  Object.assign(tunnel.options, agent, tls);
  tunnel.protocol = "https:";
  tunnel.defaultPort = 443;
  return tunnel;
}

function proxyFailure(proxy: URL, { error, late }: { error: unknown; late: boolean }): DrayageError {
  const text = error instanceof Error ? error.message : String(error);
  const what = late ? "it does not answer" : text;
  return new DrayageError(
    "ERR_DRAYAGE_CONNECTION",
    `cannot connect by the proxy ${bareProxy(proxy).host}: ${what}`,
    {
      hint: "check HTTPS_PROXY and NO_PROXY",
      retryable: true,
      cause: error,
    },
  );
}

function refusal(proxy: URL, status: number | undefined): DrayageError {
  const wantsCredentials = status === 407;
  return new DrayageError(
    "ERR_DRAYAGE_CONNECTION",
    `the proxy ${proxy.host} ${wantsCredentials ? "wants credentials, or other ones" : "refuses to connect"} (status ${status ?? "unknown"})`,
    {
      hint: wantsCredentials
        ? "put user and password into the proxy's URL: http://user:password@host:port"
        : "check HTTPS_PROXY and NO_PROXY",
      retryable: status !== undefined && status >= 500,
    },
  );
}
