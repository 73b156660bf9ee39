import { join } from "node:path";
import { readFileLimited } from "@drayage/blob";
import { firstPresent, machineFolders, userFolders } from "../config-folders.ts";
import { type Environment, variable } from "../environment.ts";
import { parsePolicy, policyLimit } from "./parse.ts";
import type { Policy } from "./policy.ts";

export interface ReadPolicyOptions {
  /** Read instead of the usual files: `--policy`. */
  readonly path?: string | undefined;
  /** `process.env` where absent. */
  readonly env?: Environment | undefined;
  /** The folders of the machine's configuration, the one that counts more first, instead of the usual ones. */
  readonly machineFolders?: readonly string[] | undefined;
}

/**
 * The trust policy: `path`, else `$CONTAINERS_POLICY_JSON`, both of which have to be there; else the user's
 * `~/.config/containers/policy.json`, else `/etc/containers/policy.json`. Undefined where there is none: what that means
 * is the caller's decision (for skopeo it is an error).
 *
 * @throws ERR_DRAYAGE_CONFIGURATION_INVALID naming file and line, ERR_DRAYAGE_IO
 */
export async function readPolicy({
  path,
  env = process.env,
  machineFolders: machine = machineFolders,
}: ReadPolicyOptions = {}): Promise<Policy | undefined> {
  const found =
    path ??
    variable(env, "CONTAINERS_POLICY_JSON") ??
    firstPresent([...userFolders(env), ...machine].map((folder) => join(folder, "policy.json")));
  return found === undefined ? undefined : parsePolicy(await readFileLimited(found, policyLimit), found);
}
