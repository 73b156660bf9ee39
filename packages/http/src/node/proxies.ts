import type { BlockList } from "node:net";
import { DrayageError } from "@drayage/errors";
import { redactedUrl } from "../redacted-url.ts";
import { builtin } from "./builtins.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for a URL, or undefined where the host is asked itself. */
export type ProxyChoice = (url: URL) => URL | undefined;

/**
 * @param proxy `environment`, `none`, or the URL of the proxy of all requests
 * @throws `ERR_DRAYAGE_USAGE` if it is no URL of a proxy of HTTP
 */
export function proxyFor(proxy: string, env: Environment): ProxyChoice {
  if (proxy === "none") return () => undefined;
  if (proxy === "environment") return environmentProxies(env);
  const url = parseProxy(proxy);
  return () => url;
}

/**
 * As golang.org/x/net/http/httpproxy does it, which all the Go tools use: upper case before lower, a proxy without a scheme is one of HTTP,
 * and neither `localhost` nor a loopback address is ever asked for by a proxy.
 */
function environmentProxies(env: Environment): ProxyChoice {
  const value = (name: string): string => env[name] || env[name.toLowerCase()] || "";
  const names = { "http:": value("HTTP_PROXY"), "https:": value("HTTPS_PROXY") };
  if (names["http:"] === "" && names["https:"] === "") return () => undefined;
  let excluded: ((host: string, port: string) => boolean) | undefined;
  return (url) => {
    const name = names[url.protocol as keyof typeof names];
    if (name === undefined || name === "") return undefined;
    excluded ??= exclusions(value("NO_PROXY"));
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (isLoopback(host) || excluded(host, url.port || (url.protocol === "https:" ? "443" : "80")))
      return undefined;
    // In a CGI program, `HTTP_PROXY` is the header `Proxy:` of whoever asks (https://golang.org/s/cgihttpproxy).
    if (url.protocol === "http:" && env.REQUEST_METHOD) {
      throw new DrayageError("ERR_DRAYAGE_USAGE", "HTTP_PROXY is not used in a CGI program", {
        hint: "unset HTTP_PROXY, or REQUEST_METHOD if this is no CGI program",
      });
    }
    return parseProxy(name);
  };
}

function parseProxy(text: string): URL {
  const url = (text.includes("://") ? [text] : [text, `http://${text}`])
    .filter((candidate) => URL.canParse(candidate))
    .map((candidate) => new URL(candidate))
    .find(({ protocol, hostname }) => /^(?:https?|socks5h?):$/.test(protocol) && hostname !== "");
  if (url === undefined) throw new DrayageError("ERR_DRAYAGE_USAGE", "the proxy is not given as a URL");
  if (!isDecodable(url.username) || !isDecodable(url.password)) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `the proxy ${redactedUrl(url)} has a user or a password that is not written as in a URL`,
      { hint: "write %25 for a percent sign" },
    );
  }
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `the proxy ${redactedUrl(url)} is none of HTTP`, {
    hint: "name a proxy of HTTP: http://host:port",
  });
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  const { BlockList } = builtin("node:net");
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8, "ipv4");
  loopback.addAddress("::1", "ipv6");
  return contains(loopback, host);
}

interface Excluded {
  readonly port: string;
  matches(host: string): boolean;
}

/** `NO_PROXY`: hosts with their subdomains, `.domain` and `*.domain` for subdomains alone, addresses, CIDR, each but the last with a port. */
function exclusions(text: string): (host: string, port: string) => boolean {
  const entries = text
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "");
  if (entries.includes("*")) return () => true;
  const all = entries.map(exclusion);
  return (host, port) =>
    all.some((entry) => (entry.port === "" || entry.port === port) && entry.matches(host));
}

function exclusion(entry: string): Excluded {
  const { BlockList, isIP } = builtin("node:net");
  const [, network = "", bits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
  const family = isIP(network);
  if (family !== 0 && Number(bits) <= (family === 4 ? 32 : 128)) {
    const list = new BlockList();
    list.addSubnet(network, Number(bits), family === 4 ? "ipv4" : "ipv6");
    return { port: "", matches: (host) => contains(list, host) };
  }
  const [, bracketed, plain, port = ""] = /^(?:\[([^\]]*)\]|([^:]*)):(\d*)$/.exec(entry) ?? [];
  const name = bracketed ?? plain ?? entry.replace(/^\[|\]$/g, "");
  const address = isIP(name);
  if (address !== 0) {
    const list = new BlockList();
    list.addAddress(name, address === 4 ? "ipv4" : "ipv6");
    return { port, matches: (host) => contains(list, host) };
  }
  if (name === "") return { port, matches: () => false };
  const bare = name.startsWith("*.") ? name.slice(1) : name;
  const suffix = asciiName(bare.startsWith(".") ? bare : `.${bare}`);
  const withHost = !bare.startsWith(".");
  return { port, matches: (host) => host.endsWith(suffix) || (withHost && host === suffix.slice(1)) };
}

/** Names beyond ASCII stand in URLs in the form of DNS. */
function asciiName(suffix: string): string {
  const text = `http://host${suffix}`;
  return URL.canParse(text) ? new URL(text).hostname.slice("host".length) : suffix;
}

function contains(list: BlockList, host: string): boolean {
  const family = builtin("node:net").isIP(host);
  return family !== 0 && list.check(host, family === 4 ? "ipv4" : "ipv6");
}
