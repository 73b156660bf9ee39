import type { DnsOptions } from "../options.ts";
import { textOf } from "./hosts.ts";

const publicServers = ["8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"];

/**
 * The text of `/etc/resolv.conf`: what was asked for, else what the machine's says.
 * @param own the container has a network of its own, where the machine's loopback is not
 */
export function resolvText(options: DnsOptions = {}, own?: { readonly server?: string | undefined }): string {
  const machine = machineSettings();
  const asked = options.servers ?? [];
  const servers = asked.length > 0 ? asked : serversOf(machine.servers, own);
  const searches = options.searches?.length ? options.searches : machine.searches;
  const settings = options.options?.length ? options.options : machine.options;
  const search = searches.join(" ") === "." ? "" : searches.join(" ");
  return [
    ...(search === "" ? [] : [`search ${search}\n`]),
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(settings.length === 0 ? [] : [`options ${settings.join(" ")}\n`]),
  ].join("");
}

function serversOf(
  machine: readonly string[],
  own: { readonly server?: string | undefined } | undefined,
): readonly string[] {
  if (own === undefined) return machine;
  const reachable = machine.filter((server) => !server.startsWith("127.") && server !== "::1");
  const first = own.server === undefined ? [] : [own.server];
  return reachable.length + first.length === 0 ? publicServers : [...first, ...reachable];
}

interface Settings {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

function machineSettings(): Settings {
  const lines = machineText()
    .split("\n")
    .map((line) => (line.split("#")[0] ?? "").trim().split(/\s+/));
  const last = (name: string): readonly string[] => lines.findLast(([word]) => word === name)?.slice(1) ?? [];
  return {
    servers: lines.flatMap(([word, server]) => (word === "nameserver" && server ? [server] : [])),
    searches: last("search"),
    options: last("options"),
  };
}

/** systemd's resolver answers on the loopback only, and says elsewhere whom it asks. */
function machineText(): string {
  const text = textOf("/etc/resolv.conf");
  const stub = /^nameserver\s+127\.0\.0\.53\s*$/m.test(text);
  return stub ? textOf("/run/systemd/resolve/resolv.conf") || text : text;
}
