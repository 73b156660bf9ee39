import { constants } from "node:os";
import { isAbsolute, win32 } from "node:path";
import { spelling } from "../flags/arguments.ts";
import type { ConfigFlags } from "./config.command.ts";
import { said } from "./said.ts";

type TextKey = {
  [K in keyof ConfigFlags]-?: Exclude<ConfigFlags[K], undefined> extends string | readonly string[]
    ? K
    : never;
}[keyof ConfigFlags];

interface Rule {
  readonly flag: TextKey;
  /** What is accepted, besides nothing at all. */
  readonly accepted: string;
  readonly holds: (value: string) => boolean;
  /** Whether `value-` takes one away, and `-` all. */
  readonly removes?: true;
}

/** The names of Go's ports, and those that images for WebAssembly have. */
const systems = [
  ...["aix", "android", "darwin", "dragonfly", "freebsd", "illumos", "ios", "js", "linux", "netbsd"],
  ...["openbsd", "plan9", "solaris", "wasi", "wasip1", "windows", "zos"],
];
const architectures = [
  ...["386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le"],
  ...["riscv64", "s390x", "sparc64", "wasm", "wasm32"],
];
const signals = Object.keys(constants.signals);
const instructions = [
  ...["ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "RUN", "SHELL"],
  ...["STOPSIGNAL", "USER", "VOLUME", "WORKDIR"],
];

const isNamed = (value: string): boolean => !/^(?:=|$)/.test(value);
const isPath = (value: string): boolean => isAbsolute(value) || win32.isAbsolute(value);
const isHost = (value: string): boolean => /^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i.test(value);
const isTime = (value: string): boolean => !value.startsWith("-");
const times = "90s, 1m30s, 2h and the like";
const lists = '["program", "argument"], or a line for the shell';
const named = "name=value, name, name- to remove it, - to remove all";

const rules: readonly Rule[] = [
  { flag: "annotation", accepted: named, holds: isNamed },
  { flag: "arch", accepted: architectures.join(", "), holds: (value) => architectures.includes(value) },
  { flag: "cmd", accepted: lists, holds: isList },
  { flag: "domainname", accepted: "letters, digits, - and .", holds: isHost },
  { flag: "entrypoint", accepted: lists, holds: isList },
  { flag: "env", accepted: named, holds: isNamed },
  {
    flag: "healthcheck",
    accepted: "CMD program argument…, CMD-SHELL line, NONE",
    holds: (value) => /^(["']?)(?:CMD|CMD-SHELL|NONE)\1(?:\s|$)/.test(value.trim()),
  },
  { flag: "healthcheckInterval", accepted: times, holds: isTime },
  { flag: "healthcheckStartPeriod", accepted: times, holds: isTime },
  { flag: "healthcheckTimeout", accepted: times, holds: isTime },
  { flag: "hostname", accepted: "letters, digits, - and .", holds: isHost },
  { flag: "label", accepted: named, holds: isNamed },
  {
    flag: "onbuild",
    accepted: `${instructions.join(", ")}, with what they take`,
    holds: (value) => instructions.includes((/^\S+/.exec(value.trim())?.[0] ?? "").toUpperCase()),
  },
  { flag: "os", accepted: systems.join(", "), holds: (value) => systems.includes(value) },
  {
    flag: "port",
    accepted: "80, 80/tcp, 53/udp, 7000-7010, 80- to remove it, - to remove all",
    holds: isPort,
    removes: true,
  },
  {
    flag: "stopSignal",
    accepted: `${signals.join(", ")}, SIGRTMIN+n, these without SIG, and numbers from 1 to 64`,
    holds: isSignal,
  },
  {
    flag: "user",
    accepted: "user, user:group, by names or numbers",
    holds: (value) => /^[^\s:]+(?::[^\s:]+)?$/.test(value),
  },
  { flag: "variant", accepted: "v7, v8 and the like", holds: (value) => /^[a-z\d_.]+$/.test(value) },
  {
    flag: "volume",
    accepted: "/path, /path- to remove it, - to remove all",
    holds: isPath,
    removes: true,
  },
  { flag: "workingdir", accepted: "a path from the root: /srv/app", holds: isPath },
];

/**
 * Refuses values that no tool could use, which buildah writes down as they are.
 *
 * @throws `ERR_DRAYAGE_USAGE` with what is accepted
 */
export function checkConfigValues(flags: ConfigFlags): void {
  for (const rule of rules) {
    const given = flags[rule.flag] ?? [];
    const isOne = typeof given === "string";
    const wrong = [given].flat().find((value) => !isAccepted(value, rule, isOne));
    if (wrong !== undefined) throw refused(rule.flag, wrong, rule.accepted);
  }
  const { healthcheckRetries: retries = 0 } = flags;
  if (retries < 0) throw refused("healthcheckRetries", String(retries), "0 and more");
}

function isAccepted(value: string, { holds, removes }: Rule, isOne: boolean): boolean {
  // One value that is empty takes the field away.
  if (isOne && value === "") return true;
  if (removes === true && (value === "-" || (value.endsWith("-") && holds(value.slice(0, -1))))) return true;
  return holds(value);
}

function isPort(value: string): boolean {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(?:tcp|udp|sctp))?$/.exec(value) ?? [];
  return Number(first) >= 1 && Number(first) <= Number(last) && Number(last) <= 65_535;
}

function isSignal(value: string): boolean {
  if (/^\d{1,2}$/.test(value)) return Number(value) >= 1 && Number(value) <= 64;
  const name = `SIG${value.replace(/^SIG/, "")}`;
  return signals.includes(name) || /^SIGRTM(?:IN(?:\+\d{1,2})?|AX(?:-\d{1,2})?)$/.test(name);
}

/** Whether it is a line, or a list that can be read: one that cannot is no line that anybody wants a shell to run. */
function isList(value: string): boolean {
  return !/^\s*\[\s*["']/.test(value) || isJsonList(value);
}

function isJsonList(value: string): boolean {
  try {
    const list: unknown = JSON.parse(value);
    return Array.isArray(list) && list.every((word) => typeof word === "string");
  } catch {
    // What cannot be read is none.
    return false;
  }
}

function refused(flag: keyof ConfigFlags, value: string, accepted: string): Error {
  return said(`${spelling(flag)}: ${JSON.stringify(value)} is not accepted`, accepted);
}
