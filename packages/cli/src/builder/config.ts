import type { ConfigChanges, HealthcheckChange } from "@drayage/builder";
import type { DrayContext } from "../context.ts";
import { warn } from "../source-options.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { ConfigFlags } from "./config.command.ts";
import { checkConfigValues } from "./config-values.ts";
import { wantsHistory } from "./history.ts";
import { openContainer } from "./open-container.ts";
import { refuseLateFlags, said } from "./said.ts";

/** `buildah config` */
export async function config(this: DrayContext, flags: ConfigFlags, ...words: string[]): Promise<void> {
  const [name] = words;
  if (name === undefined) throw said("container ID must be specified");
  refuseLateFlags(words);
  if (words.length > 1) throw said("too many arguments specified");
  const changes = changesOf(flags, wantsHistory(this, flags));
  const asGiven = this.calledAs !== "dray";
  if (!asGiven) checkConfigValues(changes);
  await using store = await openLocalStore(this, flags);
  const container = await openContainer(this, store, { name });
  await container.config(changes, {
    asGiven,
    env: this.env,
    signal: this.signal,
    onWarning: (sentence) => warn(this, sentence),
  });
}

export function changesOf(flags: ConfigFlags, addHistory: boolean): ConfigChanges {
  return {
    annotations: flags.annotation,
    labels: flags.label,
    env: flags.env,
    ports: flags.port,
    volumes: flags.volume,
    onBuild: flags.onbuild,
    cmd: flags.cmd,
    entrypoint: flags.entrypoint,
    shell: flags.shell,
    user: flags.user,
    workingDir: flags.workingdir,
    stopSignal: flags.stopSignal,
    hostname: flags.hostname,
    domainName: flags.domainname,
    author: flags.author,
    comment: flags.comment,
    createdBy: flags.createdBy,
    historyComment: flags.historyComment,
    os: flags.os,
    osVersion: flags.osVersion,
    osFeatures: flags.osFeature,
    architecture: flags.arch,
    variant: flags.variant,
    healthcheck: healthcheckOf(flags),
    addHistory,
  };
}

function healthcheckOf(flags: ConfigFlags): HealthcheckChange | undefined {
  const change: HealthcheckChange = {
    test: flags.healthcheck,
    interval: flags.healthcheckInterval,
    timeout: flags.healthcheckTimeout,
    startPeriod: flags.healthcheckStartPeriod,
    retries: flags.healthcheckRetries,
  };
  return Object.values(change).every((value) => value === undefined) ? undefined : change;
}
