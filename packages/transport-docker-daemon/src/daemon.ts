import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { createHttpClient, type HttpClient, type HttpRequest, type HttpResponse } from "@drayage/http";
import type { SourceOptions } from "@drayage/transport";
import { commonVersion } from "./api-version.ts";
import { readTlsOptions } from "./certificates.ts";
import { type DaemonHost, type Environment, findHost } from "./host.ts";

/** What this transport uses instead of what the machine is configured with. */
export interface DockerDaemonOptions {
  /** Where `DOCKER_HOST`, `DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH` and proxies are looked up; `process.env` where absent. */
  readonly env?: Environment | undefined;
}

export interface DaemonRequest extends Pick<HttpRequest, "method" | "body" | "signal"> {
  /** After the version: `/images/load?quiet=1`. */
  readonly path: string;
}

/** A docker daemon that has answered. */
export interface Daemon {
  /** What messages call it. */
  readonly shown: string;
  /** The operating system that its containers have, where it says. */
  readonly os: string | undefined;
  /** Throws what `HttpClient.request` throws. An answer that says that something failed is an answer. */
  ask(request: DaemonRequest): Promise<HttpResponse>;
  close(): void;
}

/** A daemon may work for long on a large image without a word. */
const patience = 24 * 60 * 60 * 1000;

const pingLimit = 64 * 1024;

/**
 * Finds the daemon, and what version of the API it speaks.
 *
 * @throws `ERR_DRAYAGE_CONNECTION`, `ERR_DRAYAGE_TLS`, `ERR_DRAYAGE_CONFIGURATION_INVALID`, `ERR_DRAYAGE_ABORTED`
 */
export async function connect(
  { connection = {}, signal }: SourceOptions,
  { env = process.env }: DockerDaemonOptions,
): Promise<Daemon> {
  throwIfAborted(signal);
  const host = findHost(connection, env);
  const isSecure = host.baseUrl.startsWith("https:");
  const { userAgentPrefix } = connection;
  const http = createHttpClient({
    env,
    socketPath: host.socketPath,
    ...(isSecure ? { tls: await readTlsOptions(connection, env) } : {}),
    userAgent: userAgentPrefix === undefined ? "drayage" : `${userAgentPrefix} drayage`,
    timeouts: { idle: patience, response: patience },
  });
  try {
    return await greet(host, http, signal);
  } catch (error) {
    http.close();
    throw error;
  }
}

async function greet(host: DaemonHost, http: HttpClient, signal: AbortSignal | undefined): Promise<Daemon> {
  const shown = `the docker daemon at ${host.shown}`;
  const request = async (asked: HttpRequest): Promise<HttpResponse> => {
    try {
      const response = await http.request(asked);
      return { ...response, body: namedErrors(response.body, shown) };
    } catch (error) {
      throw unreachable(error, shown);
    }
  };
  const ping = await request({ method: "GET", url: `${host.baseUrl}/_ping`, signal });
  await ping.bytes(pingLimit);
  const offered = ping.headers.get("api-version");
  if (offered === undefined && ping.status !== 200) throw noDaemon(shown, ping.status);
  const version = commonVersion(offered);
  return {
    shown,
    os: ping.headers.get("ostype"),
    ask: ({ path, ...asked }) => request({ ...asked, url: `${host.baseUrl}/v${version}${path}` }),
    close: () => http.close(),
  };
}

async function* namedErrors(body: AsyncIterable<Uint8Array>, shown: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw unreachable(error, shown);
  }
}

function noDaemon(shown: string, status: number): DrayageError {
  return new DrayageError("ERR_DRAYAGE_DAEMON", `${shown} answers ${status} where a docker daemon says OK`, {
    hint: "check what listens there",
  });
}

/** An error of the connection, with the daemon's name instead of the request's, and what can be done about it. */
function unreachable(error: unknown, shown: string): unknown {
  if (!isDrayageError(error)) return error;
  const { code, op, message, retryable } = error;
  if (code !== "ERR_DRAYAGE_CONNECTION" && code !== "ERR_DRAYAGE_TLS") return error;
  const reason = op === undefined ? message : message.replace(`${op}: `, "");
  return new DrayageError(code, `${shown}: ${reason}`, {
    hint: hintFor(code, reason),
    retryable,
    cause: error,
  });
}

function hintFor(code: string, reason: string): string | undefined {
  if (code === "ERR_DRAYAGE_TLS") {
    return "name a folder with the daemon's ca.pem, cert.pem and key.pem (--cert-dir, DOCKER_CERT_PATH); http://HOST:PORT reaches a daemon without TLS";
  }
  if (!reason.startsWith("cannot connect")) return undefined;
  return /\((?:EACCES|EPERM)\)/.test(reason)
    ? "run as root, or as a member of the group that the socket belongs to (docker)"
    : "start the daemon, or say where it listens (DOCKER_HOST, --daemon-host)";
}
