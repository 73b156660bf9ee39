import { DrayageError } from "@drayage/errors";
import type { ConnectionOptions } from "@drayage/transport";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a docker daemon listens. */
export interface DaemonHost {
  /** As it was written, for messages. */
  readonly shown: string;
  readonly socketPath?: string | undefined;
  /** What the paths of the API come after: a URL without a slash at its end. */
  readonly baseUrl: string;
}

const defaultHost = "unix:///var/run/docker.sock";

/** What Docker's own clients put into the header `Host` where there is no host. */
const socketBase = "http://api.moby.localhost";

const plainPort = 2375;
const tlsPort = 2376;

const forms = "write unix:///PATH, tcp://HOST:PORT, https://HOST:PORT or http://HOST:PORT";

/**
 * The host of the options, else that of `DOCKER_HOST`, else docker's usual socket.
 *
 * `tcp://` means TLS where it stands in the options, as for skopeo. In `DOCKER_HOST` it does where `DOCKER_TLS_VERIFY` or
 * `DOCKER_CERT_PATH` is set too, as for docker.
 *
 * @throws `ERR_DRAYAGE_CONFIGURATION_INVALID`
 */
export function findHost(
  { daemonHost, certDir }: Pick<ConnectionOptions, "daemonHost" | "certDir">,
  env: Environment,
): DaemonHost {
  const isGiven = daemonHost !== undefined && daemonHost !== "";
  const text = isGiven ? daemonHost : env.DOCKER_HOST || defaultHost;
  const secure =
    isGiven || certDir !== undefined || Boolean(env.DOCKER_TLS_VERIFY) || Boolean(env.DOCKER_CERT_PATH);
  return parseHost(text, secure);
}

function parseHost(text: string, secure: boolean): DaemonHost {
  const [, scheme = "", rest = ""] = /^([a-z]+):\/\/(.*)$/s.exec(text) ?? [];
  switch (scheme) {
    case "unix":
      if (rest === "" || rest.includes("\0")) throw invalid(text, "the path of the socket is missing", forms);
      return { shown: text, socketPath: rest, baseUrl: socketBase };
    case "tcp":
      return overNetwork(text, `${secure ? "https" : "http"}://${rest}`, secure ? tlsPort : plainPort);
    case "http":
    case "https":
      return overNetwork(text, text);
    case "ssh":
      throw invalid(
        text,
        "ssh is not spoken here",
        "forward the socket: ssh -L /tmp/docker.sock:/var/run/docker.sock HOST, then unix:///tmp/docker.sock",
      );
    default:
      throw invalid(text, "it does not say how to get there", forms);
  }
}

function overNetwork(text: string, url: string, usualPort?: number): DaemonHost {
  if (!URL.canParse(url)) throw invalid(text, "it is no URL", forms);
  const parsed = new URL(url);
  if (parsed.username !== "" || parsed.password !== "") {
    throw invalid(text, "it has a user or a password", "daemons know their clients by TLS certificates");
  }
  if (parsed.search !== "" || parsed.hash !== "")
    throw invalid(text, "it has more than a host and a path", forms);
  // A URL forgets the port that its scheme has anyway.
  const hasPort = /^[a-z]+:\/\/(?:\[[^\]]*\]|[^/:]*):\d/.test(url);
  if (usualPort !== undefined && !hasPort) parsed.port = String(usualPort);
  return { shown: text, baseUrl: parsed.href.replace(/\/+$/, "") };
}

function invalid(text: string, reason: string, hint: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_CONFIGURATION_INVALID",
    `${JSON.stringify(text)} is not where a docker daemon can be found: ${reason}`,
    { hint },
  );
}
