import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { DrayageError } from "@drayage/errors";
import type { HostsOptions } from "../options.ts";
import { hasCode } from "../root/walk.ts";

interface Entry {
  readonly address: string;
  readonly names: readonly string[];
}

/** The text of `/etc/hosts`: what was asked for, what the machine's has, and, where they are missing, localhost and the machine itself. */
export function hostsText(options: HostsOptions = {}): string {
  const own = [...(options.add ?? []).map(parseAdded), ...machineEntries()];
  const known = new Set(own.flatMap(({ names }) => names));
  const machine = machineAddress();
  const usual: readonly Entry[] = [
    { address: "127.0.0.1", names: ["localhost"] },
    { address: "::1", names: ["localhost"] },
    ...(machine === undefined ? [] : [{ address: machine, names: ["host.containers.internal"] }]),
  ];
  const missing = usual.filter(({ names }) => !names.some((name) => known.has(name)));
  return [...own, ...missing].map(({ address, names }) => `${address}\t${names.join(" ")}\n`).join("");
}

function parseAdded(text: string): Entry {
  const at = text.indexOf(":");
  const [name, address] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || address === "" || /[\s#]/.test(text)) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(text)} is no host and address`, {
      hint: "write NAME:ADDRESS, such as db:10.0.0.2 or machine:host-gateway",
    });
  }
  if (address !== "host-gateway") return { address, names: [name] };
  return { address: machineAddress() ?? "127.0.0.1", names: [name] };
}

function machineEntries(): readonly Entry[] {
  return textOf("/etc/hosts")
    .split("\n")
    .map((line) => (line.split("#")[0] ?? "").split(/\s+/).filter(Boolean))
    .flatMap(([address = "", ...names]) => (names.length === 0 ? [] : [{ address, names }]));
}

/** The first address that others reach this machine by. */
function machineAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

/** Empty where there is no such file. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  }
}
