import { DrayageError } from "@drayage/errors";
import type { ConfigChanges, HealthcheckChange } from "./changes.ts";
import { expandInWord, type Lookup, splitWords, unquote } from "./dockerfile-words.ts";
import { jsonList } from "./words.ts";

/** Changes that are being collected: lists grow, the last of single values counts. */
type Collected = { -readonly [K in keyof ConfigChanges]: ConfigChanges[K] };

interface Reading {
  readonly line: string;
  /** What stands behind the instruction. */
  readonly rest: string;
  readonly changes: Collected;
  readonly lookup: Lookup;
}

const instructions: Readonly<Record<string, (reading: Reading) => void>> = {
  CMD: ({ rest, changes }) => {
    changes.cmd = commandOf(rest);
  },
  ENTRYPOINT: ({ rest, changes }) => {
    changes.entrypoint = commandOf(rest);
  },
  ENV: (reading) => {
    const { changes } = reading;
    changes.variables = { ...changes.variables, ...Object.fromEntries(pairsOf(reading)) };
  },
  EXPOSE: (reading) => {
    const ports = wordsOf(reading).flatMap((word) => portsOf(word, reading.line));
    reading.changes.ports = [...(reading.changes.ports ?? []), ...ports];
  },
  HEALTHCHECK: (reading) => {
    reading.changes.healthcheck = healthcheckOf(reading);
  },
  LABEL: (reading) => {
    const labels = pairsOf(reading).map(([name, value]) => `${name}=${value}`);
    reading.changes.labels = [...(reading.changes.labels ?? []), ...labels];
  },
  MAINTAINER: ({ rest, changes }) => {
    changes.author = rest;
  },
  ONBUILD: (reading) => {
    reading.changes.onBuild = [...(reading.changes.onBuild ?? []), reading.rest];
  },
  SHELL: ({ rest, line, changes }) => {
    const shell = jsonList(rest);
    if (shell === undefined || shell.length === 0)
      throw invalid(line, 'SHELL takes a JSON list: ["/bin/sh", "-c"]');
    changes.shell = shell;
  },
  STOPSIGNAL: (reading) => {
    reading.changes.stopSignal = expanded(reading);
  },
  USER: (reading) => {
    reading.changes.user = expanded(reading);
  },
  VOLUME: (reading) => {
    const volumes = jsonList(reading.rest) ?? wordsOf(reading);
    const refused = volumes.find((volume) => volume === "" || volume.endsWith("-"));
    if (refused !== undefined)
      throw invalid(reading.line, `${JSON.stringify(refused)} is no path of a volume`);
    reading.changes.volumes = [...(reading.changes.volumes ?? []), ...volumes];
  },
  WORKDIR: (reading) => {
    const { changes, lookup } = reading;
    const folder = expanded(reading);
    const before = changes.workingDir ?? lookup.workingDir ?? "/";
    changes.workingDir = folder.startsWith("/") ? folder : `${before.replace(/\/$/, "") || ""}/${folder}`;
  },
};

/** What lines of a Dockerfile refer to. */
export interface ChangeLineContext {
  /** The image's variables, `NAME=value`. */
  readonly env?: readonly string[] | undefined;
  readonly workingDir?: string | undefined;
}

/**
 * Changes that are written as lines of a Dockerfile, as `buildah commit --change` and `docker commit --change` take them: `ENV a=b`, `CMD ["run"]`, …
 * Variables are those of the image and of the lines before. Instructions that need files (`ADD`, `COPY`, `RUN` …) are refused. An
 * entry point takes the command away, where no line sets one.
 *
 * @throws ERR_DRAYAGE_USAGE naming the line
 */
export function parseChangeLines(lines: readonly string[], context: ChangeLineContext = {}): ConfigChanges {
  const changes: Collected = {};
  const variables = new Map(context.env?.map((variable) => cut(variable, "=")));
  const lookup: Lookup = {
    workingDir: context.workingDir,
    valueOf: (name) => changes.variables?.[name] ?? variables.get(name),
  };
  for (const line of logicalLines(lines)) {
    const [, name = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(line) ?? [];
    const instruction = name.toUpperCase();
    const read = Object.hasOwn(instructions, instruction) ? instructions[instruction] : undefined;
    if (read === undefined) throw unknown(line, instruction);
    if (rest === "") throw invalid(line, `${instruction} takes a value`);
    read({ line, rest, changes, lookup });
  }
  if (changes.entrypoint !== undefined && changes.cmd === undefined) changes.cmd = [];
  return changes;
}

/** As {@link parseChangeLines}, of one line. */
export function parseChangeLine(line: string, context?: ChangeLineContext): ConfigChanges {
  return parseChangeLines([line], context);
}

/** Without comments and empty lines; those that end in a backslash go on in the next. */
function logicalLines(lines: readonly string[]): readonly string[] {
  const logical: string[] = [];
  let pending = "";
  for (const line of lines.join("\n").split(/\r?\n/)) {
    const text = line.trim();
    if (text.startsWith("#") || (text === "" && pending !== "")) continue;
    const continues = /\\[ \t]*$/.test(line);
    pending += continues ? line.trimEnd().slice(0, -1) : line;
    if (continues) continue;
    if (pending.trim() !== "") logical.push(pending.trim());
    pending = "";
  }
  if (pending.trim() !== "") logical.push(pending.trim());
  return logical;
}

/** A JSON list, or a line for the shell. */
function commandOf(rest: string): readonly string[] {
  return (rest.startsWith("[") ? jsonList(rest) : undefined) ?? ["/bin/sh", "-c", rest];
}

function wordsOf({ rest, lookup }: Reading): readonly string[] {
  return splitWords(rest).map((word) => unquote(expandInWord(word, lookup)));
}

function expanded({ rest, lookup }: Reading): string {
  return unquote(expandInWord(rest, lookup));
}

/** `name=value name="other value"`, or, in the form of old, `name all the rest`. */
function pairsOf({ rest, line, lookup }: Reading): readonly (readonly [name: string, value: string])[] {
  const words = splitWords(rest);
  const value = (text: string): string => unquote(expandInWord(text, lookup));
  if (!words[0]?.includes("=")) {
    const [, name = "", text = ""] = /^(\S+)\s+([\s\S]*)$/.exec(rest) ?? [];
    if (name === "") throw invalid(line, "write name=value");
    return [[value(name), value(text)]];
  }
  return words.map((word) => {
    const [name, text] = cut(word, "=");
    if (name === "" || text === undefined) throw invalid(line, `${JSON.stringify(word)} is not name=value`);
    return [value(name), value(text)];
  });
}

/** `80`, `80/udp`, `8000-8010`. */
function portsOf(word: string, line: string): readonly string[] {
  const [, first = "", last = first, protocol = "tcp"] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === "" || from > to || to > 65_535) {
    throw invalid(line, `${JSON.stringify(word)} is no port: write 80, 80/udp or 8000-8010`);
  }
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}/${protocol.toLowerCase()}`);
}

const healthFlags: Readonly<Record<string, "interval" | "timeout" | "startPeriod" | "retries">> = {
  "--interval": "interval",
  "--timeout": "timeout",
  "--start-period": "startPeriod",
  "--retries": "retries",
};

function healthcheckOf({ rest, line }: Reading): HealthcheckChange {
  const found: Record<string, string | number> = {};
  let left = rest;
  for (;;) {
    const [all = "", flag = "", value = ""] = /^(--[a-z-]+)=(\S+)\s*/.exec(left) ?? [];
    if (all === "") break;
    const name = Object.hasOwn(healthFlags, flag) ? healthFlags[flag] : undefined;
    const isNumber = name === "retries";
    if (name === undefined || (isNumber && !/^\d{1,9}$/.test(value))) {
      throw invalid(line, `${flag}=${value} is not known: ${Object.keys(healthFlags).join(", ")}`);
    }
    found[name] = isNumber ? Number(value) : value;
    left = left.slice(all.length);
  }
  const [, kind = "", command = ""] = /^(\S+)\s*([\s\S]*)$/.exec(left) ?? [];
  if (kind.toUpperCase() === "NONE") return { ...found, test: ["NONE"] };
  if (kind.toUpperCase() !== "CMD" || command === "") {
    throw invalid(line, "HEALTHCHECK takes NONE, or CMD and a command");
  }
  const list = command.startsWith("[") ? jsonList(command) : undefined;
  return { ...found, test: list === undefined ? ["CMD-SHELL", command] : ["CMD", ...list] };
}

/** The second part is undefined where there is no separator. */
function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function unknown(line: string, instruction: string): DrayageError {
  const hint = `accepted: ${Object.keys(instructions).join(", ")}`;
  return new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `the change ${JSON.stringify(line)}: ${JSON.stringify(instruction)} changes no config`,
    { hint },
  );
}

function invalid(line: string, why: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `the change ${JSON.stringify(line)}: ${why}`);
}
