import { constants } from "node:os";
import { isAbsolute, win32 } from "node:path";
import { DrayageError } from "@drayage/errors";
import { buildersPlatform } from "@drayage/manifest";
import type { ConfigChanges, HealthcheckChange } from "./changes.ts";

/** What a field of the changes may be; fields that say no more take any. */
interface Rule {
  readonly kind: "text" | "list" | "command" | "time" | "number" | "other";
  readonly accepted?: string;
  /** Of a text that is not empty, and of each of a list. */
  readonly holds?: (value: string) => boolean;
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

const command: Rule = {
  kind: "command",
  accepted: '["program", "argument"], or a line for the shell',
  holds: isCommand,
};
const named: Rule = {
  kind: "list",
  accepted: "name=value, name, name- to remove it, - to remove all",
  holds: isNamed,
};
const host: Rule = { kind: "text", accepted: "letters, digits, - and .", holds: isHost };
const time: Rule = {
  kind: "time",
  accepted: "90s, 1m30s, 2h and the like",
  holds: (value) => !value.startsWith("-"),
};
const anyText: Rule = { kind: "text" };
const anyList: Rule = { kind: "list" };

const rules: Readonly<Record<keyof ConfigChanges, Rule>> = {
  annotations: named,
  unsetAnnotations: anyList,
  labels: named,
  unsetLabels: anyList,
  env: named,
  variables: { kind: "other" },
  unsetEnv: anyList,
  ports: {
    kind: "list",
    accepted: "80, 80/tcp, 53/udp, 7000-7010, 80- to remove it, - to remove all",
    holds: isPort,
    removes: true,
  },
  volumes: {
    kind: "list",
    accepted: "/path, /path- to remove it, - to remove all",
    holds: isPath,
    removes: true,
  },
  onBuild: {
    kind: "list",
    accepted: `${instructions.join(", ")}, with what they take`,
    holds: (value) => instructions.includes((/^\S+/.exec(value.trim())?.[0] ?? "").toUpperCase()),
  },
  cmd: command,
  entrypoint: command,
  shell: { kind: "command" },
  user: {
    kind: "text",
    accepted: "user, user:group, by names or numbers",
    holds: (value) => /^[^\s:]+(?::[^\s:]+)?$/.test(value),
  },
  workingDir: { kind: "text", accepted: "a path from the root: /srv/app", holds: isPath },
  stopSignal: {
    kind: "text",
    accepted: `${signals.join(", ")}, SIGRTMIN+n, these without SIG, and numbers from 1 to 64`,
    holds: isSignal,
  },
  hostname: host,
  domainName: host,
  author: anyText,
  comment: anyText,
  createdBy: anyText,
  historyComment: anyText,
  os: { kind: "text", accepted: systems.join(", "), holds: (value) => systems.includes(value) },
  osVersion: anyText,
  osFeatures: anyList,
  architecture: {
    kind: "text",
    accepted: architectures.join(", "),
    holds: (value) =>
      architectures.includes(buildersPlatform({ os: "linux", architecture: value }).architecture),
  },
  variant: {
    kind: "text",
    accepted: "v7, v8 and the like",
    holds: (value) => /^[a-z\d_.]+$/.test(value),
  },
  healthcheck: { kind: "other" },
  addHistory: { kind: "other" },
};

const healthcheckRules: Readonly<Record<keyof HealthcheckChange, Rule>> = {
  test: {
    kind: "command",
    accepted: "CMD program argument…, CMD-SHELL line, NONE",
    holds: (value) => /^(["']?)(?:CMD|CMD-SHELL|NONE)\1(?:\s|$)/.test(value.trim()),
  },
  interval: time,
  timeout: time,
  startPeriod: time,
  retries: { kind: "number", accepted: "0 and more" },
};

/**
 * Refuses values that no tool could use, which buildah writes down as they are, and fields that there are not.
 *
 * @param nameOf what messages call a field: `ports`, `healthcheck.interval`
 * @throws `ERR_DRAYAGE_USAGE` with what is accepted
 */
export function checkChanges(
  changes: ConfigChanges,
  nameOf: (field: string) => string = (field) => field,
): void {
  checkFields(changes, rules, nameOf);
  const { healthcheck } = changes;
  if (healthcheck !== undefined)
    checkFields(healthcheck, healthcheckRules, (field) => nameOf(`healthcheck.${field}`));
}

function checkFields(
  given: object,
  known: Readonly<Record<string, Rule>>,
  nameOf: (field: string) => string,
): void {
  for (const [field, value] of Object.entries(given) as readonly (readonly [string, unknown])[]) {
    const rule = Object.hasOwn(known, field) ? known[field] : undefined;
    if (rule === undefined) {
      throw new DrayageError("ERR_DRAYAGE_USAGE", `${nameOf(field)}: there is no such field`, {
        hint: `there are ${Object.keys(known).join(", ")}`,
      });
    }
    const wrong = value === undefined ? [] : wrongIn(value, rule);
    if (wrong.length === 0) continue;
    const { accepted = rule.kind === "list" ? "a list of texts" : "a text" } = rule;
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `${nameOf(field)}: ${JSON.stringify(wrong[0])} is not accepted`,
      { hint: `accepted: ${accepted}` },
    );
  }
}

/** Those of a value's parts that are wrong, or the value itself. */
function wrongIn(value: unknown, rule: Rule): readonly unknown[] {
  const isText = typeof value === "string";
  switch (rule.kind) {
    case "list":
      return Array.isArray(value) ? value.filter((one) => !isAccepted(one, rule)) : [value];
    case "command":
      if (Array.isArray(value)) return value.filter((word) => typeof word !== "string");
      return isText && (value === "" || isAccepted(value, rule)) ? [] : [value];
    case "text":
      // One that is empty takes the field away.
      return isText && (value === "" || isAccepted(value, rule)) ? [] : [value];
    case "time":
      if (isText) return isAccepted(value, rule) ? [] : [value];
      return isCount(value) ? [] : [value];
    case "number":
      return isCount(value) ? [] : [value];
    default:
      return [];
  }
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}

function isAccepted(value: unknown, { holds = () => true, removes }: Rule): boolean {
  if (typeof value !== "string") return false;
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
function isCommand(value: string): boolean {
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
