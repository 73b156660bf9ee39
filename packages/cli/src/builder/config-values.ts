import { type ConfigChanges, checkChanges } from "@drayage/builder";
import { spelling } from "../flags/arguments.ts";
import type { ConfigFlags } from "./config.command.ts";

/** The flags whose names are not those of what they change. */
const flagOf: Readonly<Record<string, keyof ConfigFlags>> = {
  annotations: "annotation",
  architecture: "arch",
  domainName: "domainname",
  "healthcheck.interval": "healthcheckInterval",
  "healthcheck.retries": "healthcheckRetries",
  "healthcheck.startPeriod": "healthcheckStartPeriod",
  "healthcheck.test": "healthcheck",
  "healthcheck.timeout": "healthcheckTimeout",
  labels: "label",
  onBuild: "onbuild",
  osFeatures: "osFeature",
  ports: "port",
  volumes: "volume",
  workingDir: "workingdir",
};

/**
 * Refuses values that no tool could use, which buildah writes down as they are, by the names of the flags.
 *
 * @throws `ERR_DRAYAGE_USAGE` with what is accepted
 */
export function checkConfigValues(changes: ConfigChanges): void {
  checkChanges(changes, (field) => spelling(flagOf[field] ?? field));
}
