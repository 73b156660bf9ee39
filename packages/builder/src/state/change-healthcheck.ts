import type { Healthcheck } from "@drayage/manifest";
import type { Changing } from "./apply-changes.ts";
import type { ConfigChanges } from "./changes.ts";
import { editDockerContainer, usualHealthcheck } from "./edit-image.ts";
import { formatGoDuration, parseGoDuration } from "./go-duration.ts";
import { notInOci } from "./not-in-oci.ts";
import { wordsOf } from "./words.ts";

/** The health check; what is not given stays as it is, or as buildah assumes it. */
export function changeHealthcheck(changing: Changing, { healthcheck }: ConfigChanges): void {
  if (healthcheck === undefined || Object.values(healthcheck).every((value) => value === undefined)) return;
  const { image, tell, warn, isDocker, state } = changing;
  const { test, interval, timeout, startPeriod, retries } = healthcheck;
  const words = test === undefined ? undefined : wordsOf(test, "--healthcheck");
  const times = {
    interval: durationOf(interval, "--healthcheck-interval"),
    startPeriod: durationOf(startPeriod, "--healthcheck-start-period"),
    timeout: durationOf(timeout, "--healthcheck-timeout"),
  };
  const before = state.image.docker.config?.Healthcheck ?? usualHealthcheck;
  const after: Healthcheck = {
    ...before,
    ...(words === undefined ? {} : { Test: words.words }),
    ...(times.interval === undefined ? {} : { Interval: times.interval.value }),
    ...(retries === undefined ? {} : { Retries: retries }),
    ...(times.startPeriod === undefined ? {} : { StartPeriod: times.startPeriod.value }),
    ...(times.timeout === undefined ? {} : { Timeout: times.timeout.value }),
  };
  if ((after.Test ?? []).length === 0) {
    image((both) => editDockerContainer(both, () => ({ Healthcheck: undefined })));
    tell("HEALTHCHECK NONE");
    return;
  }
  if (!isDocker) warn(notInOci("a health check"));
  image((both) => editDockerContainer(both, () => ({ Healthcheck: after })));
  const flags = [
    times.interval && `--interval=${times.interval.text} `,
    retries !== undefined && `--retries=${retries} `,
    times.startPeriod && `--start-period=${times.startPeriod.text} `,
    times.timeout && `--timeout=${times.timeout.text} `,
  ].filter((flag) => typeof flag === "string");
  tell(`HEALTHCHECK ${flags.join("")}${words?.text ?? ""}`);
}

function durationOf(
  given: number | string | undefined,
  what: string,
): { readonly value: number; readonly text: string } | undefined {
  if (given === undefined) return undefined;
  if (typeof given === "number") return { value: given, text: formatGoDuration(given) };
  return { value: parseGoDuration(given, what), text: given };
}
