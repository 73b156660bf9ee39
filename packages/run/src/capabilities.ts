import { DrayageError } from "@drayage/errors";
import type { CapabilityOptions } from "./options.ts";

/** All of Linux, each at the place of its number (capability.h). */
export const capabilityNames: readonly string[] = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "KILL",
  "SETGID",
  "SETUID",
  "SETPCAP",
  "LINUX_IMMUTABLE",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "IPC_OWNER",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "MKNOD",
  "LEASE",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "SETFCAP",
  "MAC_OVERRIDE",
  "MAC_ADMIN",
  "SYSLOG",
  "WAKE_ALARM",
  "BLOCK_SUSPEND",
  "AUDIT_READ",
  "PERFMON",
  "BPF",
  "CHECKPOINT_RESTORE",
].map((name) => `CAP_${name}`);

/** What buildah 1.28 grants. */
const granted: readonly string[] = [
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
 * The capabilities that a command may have, sorted.
 * @throws `ERR_DRAYAGE_USAGE` for a name that is none
 */
export function capabilitiesOf({
  base = granted,
  add = [],
  drop = [],
}: CapabilityOptions = {}): readonly string[] {
  const dropped = new Set(named(drop));
  const all = [...named(base), ...named(add)].filter((name) => !dropped.has(name));
  return [...new Set(all)].sort();
}

function named(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => {
    const upper = text.toUpperCase();
    if (upper === "ALL") return capabilityNames;
    const name = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
    if (capabilityNames.includes(name)) return [name];
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(text)} is no capability`, {
      hint: `it is all or one of ${capabilityNames.map((one) => one.slice("CAP_".length)).join(", ")}`,
    });
  });
}
