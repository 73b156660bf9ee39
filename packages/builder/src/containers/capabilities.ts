import { readFile } from "node:fs/promises";
import { DrayageError, ioError } from "@drayage/errors";

/** By their numbers (linux/capability.h). */
const known: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_LINUX_IMMUTABLE",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_BROADCAST",
  "CAP_NET_ADMIN",
  "CAP_NET_RAW",
  "CAP_IPC_LOCK",
  "CAP_IPC_OWNER",
  "CAP_SYS_MODULE",
  "CAP_SYS_RAWIO",
  "CAP_SYS_CHROOT",
  "CAP_SYS_PTRACE",
  "CAP_SYS_PACCT",
  "CAP_SYS_ADMIN",
  "CAP_SYS_BOOT",
  "CAP_SYS_NICE",
  "CAP_SYS_RESOURCE",
  "CAP_SYS_TIME",
  "CAP_SYS_TTY_CONFIG",
  "CAP_MKNOD",
  "CAP_LEASE",
  "CAP_AUDIT_WRITE",
  "CAP_AUDIT_CONTROL",
  "CAP_SETFCAP",
  "CAP_MAC_OVERRIDE",
  "CAP_MAC_ADMIN",
  "CAP_SYSLOG",
  "CAP_WAKE_ALARM",
  "CAP_BLOCK_SUSPEND",
  "CAP_AUDIT_READ",
  "CAP_PERFMON",
  "CAP_BPF",
  "CAP_CHECKPOINT_RESTORE",
];

/** Those that containers/common gives where no containers.conf says others. */
export const usualCapabilities: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

/**
 * Capabilities with some more and some less, sorted. `all` adds what this process could have; dropped, only those that are added stay.
 *
 * @throws ERR_DRAYAGE_USAGE where one is not known, or is added and dropped
 */
export async function mergeCapabilities(
  usual: readonly string[],
  add: readonly string[] = [],
  drop: readonly string[] = [],
): Promise<readonly string[]> {
  const [base, added, dropped] = [usual, add, drop].map((names) => new Set(names.map(wholeName)));
  if (base === undefined || added === undefined || dropped === undefined) return [];
  const both = [...added].find((name) => dropped.has(name));
  if (both !== undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `the capability ${both} is both added and dropped`);
  }
  if (dropped.has("ALL")) return [...added].sort();
  const whole = added.has("ALL") ? await boundingSet() : [...base, ...added];
  return [...new Set(whole)].filter((name) => !dropped.has(name)).sort();
}

function wholeName(name: string): string {
  const upper = name.toUpperCase();
  if (upper === "ALL") return upper;
  const whole = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  if (known.includes(whole)) return whole;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `the capability ${JSON.stringify(name)} is not known`, {
    hint: `accepted: ALL, ${known.map((each) => each.slice(4)).join(", ")}`,
  });
}

async function boundingSet(): Promise<readonly string[]> {
  const file = "/proc/self/status";
  try {
    const [, hex = "0"] = /^CapBnd:\s*([0-9a-f]+)/m.exec(await readFile(file, "utf8")) ?? [];
    const bits = BigInt(`0x${hex}`);
    return known.filter((_, index) => (bits >> BigInt(index)) & 1n);
  } catch (error) {
    throw ioError(error, "read", { path: file });
  }
}
