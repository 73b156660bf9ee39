import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type RunResult, skopeo } from "./run.ts";

export interface SkopeoRegistryOptions {
  /** `user:password` */
  readonly credentials?: string | undefined;
  /** A folder as below `certs.d`; where absent plain HTTP and any certificate will do. */
  readonly certDir?: string | undefined;
  /** Further flags of `skopeo copy`. */
  readonly flags?: readonly string[] | undefined;
  readonly mayFail?: boolean | undefined;
}

/** Copies an image to a registry: `pushWithSkopeo("oci:/layout:latest", `${registry.host}/hello:1`)`. */
export function pushWithSkopeo(
  source: string,
  name: string,
  options: SkopeoRegistryOptions = {},
): Promise<RunResult> {
  return copy([...flagsFor("dest", options), source, `docker://${name}`], options);
}

/** Copies an image from a registry: `pullWithSkopeo(`${registry.host}/hello:1`, "oci:/layout:latest")`. */
export function pullWithSkopeo(
  name: string,
  destination: string,
  options: SkopeoRegistryOptions = {},
): Promise<RunResult> {
  return copy([...flagsFor("src", options), `docker://${name}`, destination], options);
}

/** Copies with nothing of the user's: neither logins nor what is known of blobs from copies before. */
async function copy(
  args: readonly string[],
  { flags = [], mayFail }: SkopeoRegistryOptions,
): Promise<RunResult> {
  const home = mkdtempSync(path.join(os.tmpdir(), "drayage-skopeo-"));
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: undefined,
    XDG_DATA_HOME: undefined,
    XDG_RUNTIME_DIR: home,
    REGISTRY_AUTH_FILE: undefined,
    // Root's cache of blobs is the machine's, whatever its home.
    _CONTAINERS_ROOTLESS_UID: "1000",
  };
  try {
    return await skopeo(["copy", "--quiet", ...flags, ...args], { env, mayFail });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function flagsFor(end: "src" | "dest", { credentials, certDir }: SkopeoRegistryOptions): readonly string[] {
  return [
    ...(certDir === undefined ? [`--${end}-tls-verify=false`] : [`--${end}-cert-dir`, certDir]),
    ...(credentials === undefined ? [`--${end}-no-creds`] : [`--${end}-creds`, credentials]),
  ];
}
