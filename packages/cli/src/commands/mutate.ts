import { type ConfigChanges, mutate, sourceDateEpoch, type TextChanges } from "@drayage/edit";
import { DrayageError } from "@drayage/errors";
import type { DrayContext } from "../context.ts";
import { runEdit, stepOptions } from "../edit/run-edit.ts";
import type { MutateFlags } from "./mutate.command.ts";

/** `dray mutate` */
export async function mutateImage(
  this: DrayContext,
  flags: MutateFlags,
  from: string,
  to?: string,
): Promise<void> {
  const mutation = {
    config: configChanges(flags),
    annotations: texts(flags.annotation, flags.unsetAnnotation),
    entryAnnotations: texts(flags.entryAnnotation, flags.unsetEntryAnnotation),
    history: flags.addHistory
      ? { createdBy: "dray mutate", created: sourceDateEpoch(this.env) ?? new Date() }
      : undefined,
  };
  const index = texts(flags.indexAnnotation, flags.unsetIndexAnnotation);
  const options = { ...stepOptions(this, flags), index };
  await runEdit(this, flags, { from, to }, (source, step) =>
    mutate(source, mutation, { ...options, ...step }),
  );
}

type Settings = MutateFlags["env"];

function texts(
  set: Settings,
  unset: readonly string[] | undefined,
  clear?: boolean,
): TextChanges | undefined {
  if (set === undefined && unset === undefined && !clear) return undefined;
  return { set: Object.fromEntries(set ?? []), unset, clear };
}

const fields = [
  ...["env", "label", "cmd", "entrypoint", "user", "workdir", "port", "volume", "stop-signal", "shell"],
  ...["onbuild", "healthcheck", "author", "created", "variant", "os-version", "os-features"],
];

function configChanges(flags: MutateFlags): ConfigChanges {
  const unset = new Set(flags.unset);
  for (const field of unset) {
    if (fields.includes(field)) continue;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `--unset: ${JSON.stringify(field)} is no field`, {
      hint: `choose from ${fields.join(", ")}`,
    });
  }
  const or = <T>(field: string, value: T | undefined): T | null | undefined =>
    value === undefined && unset.has(field) ? null : value;
  return {
    env: texts(flags.env, flags.unsetEnv, unset.has("env")),
    labels: texts(flags.label, flags.unsetLabel, unset.has("label")),
    cmd: or("cmd", command(flags.cmd, "--cmd")),
    entrypoint: or("entrypoint", command(flags.entrypoint, "--entrypoint")),
    user: or("user", flags.user),
    workingDir: or("workdir", flags.workdir),
    ports: { add: flags.port, remove: flags.unsetPort, clear: unset.has("port") },
    volumes: { add: flags.volume, remove: flags.unsetVolume, clear: unset.has("volume") },
    stopSignal: or("stop-signal", flags.stopSignal),
    shell: or("shell", command(flags.shell, "--shell")),
    onBuild: or("onbuild", flags.onbuild),
    healthcheck: or("healthcheck", healthcheck(flags)),
    author: or("author", flags.author),
    created: or("created", flags.created),
    os: flags.os,
    architecture: flags.arch,
    variant: or("variant", flags.variant),
    osVersion: or("os-version", flags.osVersion),
    osFeatures: or("os-features", undefined),
  };
}

/** As in a Dockerfile: a JSON list is a command, and all else a line for the shell. */
function command(written: string | undefined, flag: string): readonly string[] | undefined {
  if (written === undefined) return undefined;
  if (!written.trimStart().startsWith("[")) return ["/bin/sh", "-c", written];
  let parsed: unknown;
  try {
    parsed = JSON.parse(written);
  } catch (error) {
    throw badCommand(flag, written, error);
  }
  const isList = Array.isArray(parsed) && parsed.every((word): word is string => typeof word === "string");
  if (!isList) throw badCommand(flag, written);
  return parsed as readonly string[];
}

function badCommand(flag: string, written: string, cause?: unknown): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `${flag}: ${JSON.stringify(written)} is no JSON list of texts`,
    {
      hint: `write '["a","b"]', or a line for the shell`,
      cause,
    },
  );
}

function healthcheck(flags: MutateFlags): ConfigChanges["healthcheck"] {
  const { healthcheck: written, healthcheckRetries: retries } = flags;
  const nanoseconds = (milliseconds: number | undefined): number | undefined =>
    milliseconds === undefined ? undefined : Math.round(milliseconds * 1e6);
  const given = {
    Test: healthTest(written),
    Interval: nanoseconds(flags.healthcheckInterval),
    Timeout: nanoseconds(flags.healthcheckTimeout),
    StartPeriod: nanoseconds(flags.healthcheckStartPeriod),
    Retries: retries,
  };
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function healthTest(written: string | undefined): readonly string[] | undefined {
  if (written === undefined) return undefined;
  if (written === "NONE") return ["NONE"];
  if (!written.trimStart().startsWith("[")) return ["CMD-SHELL", written];
  return ["CMD", ...(command(written, "--healthcheck") ?? [])];
}
