import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SpecMount } from "../mounts/spec.ts";
import { slirpAddress, slirpDns } from "../network/private-network.ts";
import type { Network, RunCommandOptions } from "../options.ts";
import type { Bundle } from "../process/bundle.ts";
import { hostsText } from "./hosts.ts";
import { resolvText } from "./resolv.ts";

interface FileOptions {
  readonly bundle: Bundle;
  readonly hostname: string;
  readonly network: Network;
  /** The program that connects a private network, if there is one. */
  readonly slirp: string | undefined;
}

/** The files that every container has of its own, unless something else is mounted there. */
export function fileMounts(
  options: RunCommandOptions,
  { bundle, hostname, network, slirp }: FileOptions,
): readonly SpecMount[] {
  const { hosts, dns, files } = options;
  const texts: [destination: string, text: string][] = [["/etc/hostname", `${hostname}\n`]];
  if (hosts !== false && network !== "none") {
    const own = slirp === undefined || hostname === "" ? "" : `${slirpAddress}\t${hostname}\n`;
    texts.unshift(["/etc/hosts", hostsText(hosts) + own]);
  }
  if (dns !== false && network !== "none") {
    const server = slirp === undefined ? undefined : slirpDns;
    texts.push(["/etc/resolv.conf", resolvText(dns, network === "host" ? undefined : { server })]);
  }
  return [...texts, ...(files ?? [])].map(([destination, text], index) => {
    const source = join(bundle.path, `file-${index}`);
    writeFileSync(source, text, { mode: 0o644, flag: "wx" });
    return { destination, type: "bind", source, options: ["rbind"] };
  });
}
