import type { ConnectionOptions } from "@drayage/transport";
import { connectionOptions } from "../connection-options.ts";
import { durationParser } from "../flags/parsers.ts";
import type { BuilderFlags, RegistryFlags, RetryFlags } from "./flags.ts";
import { said } from "./said.ts";

/** What buildah's flags say about reaching a registry. */
export function registryConnection(flags: BuilderFlags & RegistryFlags & RetryFlags): ConnectionOptions {
  const { authfile, certDir, creds, tlsVerify, registriesConf, registriesConfDir, retry, retryDelay } = flags;
  return connectionOptions({
    ...(authfile === undefined ? {} : { authfile }),
    ...(certDir === undefined ? {} : { certDir }),
    ...(creds === undefined ? {} : { creds }),
    ...(tlsVerify === undefined ? {} : { tlsVerify }),
    ...(registriesConf === undefined ? {} : { registriesConf }),
    ...(registriesConfDir === undefined ? {} : { registriesConfDir }),
    ...(retry === undefined ? {} : { retryTimes: retry }),
    ...(retryDelay === undefined ? {} : { retryDelay: delayOf(retryDelay) }),
  });
}

function delayOf(text: string): number {
  try {
    return durationParser(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw said(`unable to parse value provided ${JSON.stringify(text)} as --retry-delay: ${why}`);
  }
}
