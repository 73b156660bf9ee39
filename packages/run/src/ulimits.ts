import { readFileSync } from "node:fs";
import { DrayageError } from "@drayage/errors";

/** A limit of a resource; -1 is without end. */
export interface Ulimit {
  /** `RLIMIT_NOFILE` */
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

/** The kernel's numbers of the resources, on x64 and arm64. */
export const resourceNumbers: Readonly<Record<string, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

/** Those of `--ulimit`, over those that buildah always sets. */
export function ulimitsOf(texts: readonly string[] = []): readonly Ulimit[] {
  const limits = new Map<string, Ulimit>();
  for (const limit of [...defaults().map(attainable), ...texts.map(parseUlimit)])
    limits.set(limit.type, limit);
  return [...limits.values()];
}

/** Who is not root of the machine raises no limit. */
function attainable(limit: Ulimit): Ulimit {
  const title = { RLIMIT_NOFILE: "Max open files", RLIMIT_NPROC: "Max processes" }[limit.type] ?? "";
  const line = readFileSync("/proc/self/limits", "utf8")
    .split("\n")
    .find((one) => one.startsWith(title));
  const own = Number(line?.slice(title.length).trim().split(/\s+/)[1]);
  return Number.isNaN(own) || own >= limit.hard ? limit : { type: limit.type, soft: own, hard: own };
}

/** As many open files as the OCI runtime tools' default, and as many processes as there are numbers for. */
function defaults(): readonly Ulimit[] {
  const processes = Number(readFileSync("/proc/sys/kernel/pid_max", "utf8"));
  return [
    { type: "RLIMIT_NOFILE", soft: 1024, hard: 1024 },
    { type: "RLIMIT_NPROC", soft: processes, hard: processes },
  ];
}

/** @throws `ERR_DRAYAGE_USAGE` */
export function parseUlimit(text: string): Ulimit {
  const [, name = "", soft = "", hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  const limit = { type: `RLIMIT_${name.toUpperCase()}`, soft: Number(soft), hard: Number(hard) };
  const wrong =
    !Object.hasOwn(resourceNumbers, name) ||
    limit.soft < -1 ||
    limit.hard < -1 ||
    (limit.hard !== -1 && (limit.soft === -1 || limit.soft > limit.hard));
  if (!wrong) return limit;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(text)} is no limit of a resource`, {
    hint: `write NAME=SOFT:HARD, with -1 for no limit and SOFT at most HARD; names are ${Object.keys(resourceNumbers).join(", ")}`,
  });
}
