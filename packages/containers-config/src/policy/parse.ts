import { type JsonNode, parseJson } from "@drayage/manifest";
import type { Policy, PolicyRequirements } from "./policy.ts";
import { parseRequirements } from "./requirement.ts";
import { scopeProblem } from "./scope.ts";
import { invalidAt, type JsonPlace, membersOf, strictObject } from "./strict-object.ts";

/** More than any such file has. */
export const policyLimit: number = 1024 * 1024;

/**
 * Reads a policy, as strictly as containers/image: a key that is not known, stands twice or has another case makes the
 * whole file invalid, rather than a part of it not hold.
 *
 * @throws ERR_DRAYAGE_CONFIGURATION_INVALID naming file and line
 */
export function parsePolicy(bytes: Uint8Array, path: string): Policy {
  const place: JsonPlace = { path, text: bytes };
  const root = parseJson(bytes, {
    what: JSON.stringify(path),
    code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
    limit: policyLimit,
  });
  const object = strictObject(root, ["default", "transports"], place);
  if (!object.has("default")) {
    throw object.invalid('the policy has no "default"');
  }
  return {
    path,
    default: parseRequirements(object.value("default"), place),
    transports: object.has("transports") ? parseTransports(object.value("transports"), place) : new Map(),
  };
}

function parseTransports(
  node: JsonNode,
  place: JsonPlace,
): ReadonlyMap<string, ReadonlyMap<string, PolicyRequirements>> {
  const transports = new Map<string, ReadonlyMap<string, PolicyRequirements>>();
  for (const [transport, scopes] of membersOf(node, place)) {
    // It would never be looked at, and what it refuses would be accepted.
    if (transport === "oci-dir") {
      throw invalidAt(scopes, 'the transport "oci-dir" is called "oci" in a policy', place);
    }
    transports.set(transport, parseScopes(scopes, transport, place));
  }
  return transports;
}

function parseScopes(
  node: JsonNode,
  transport: string,
  place: JsonPlace,
): ReadonlyMap<string, PolicyRequirements> {
  const scopes = new Map<string, PolicyRequirements>();
  for (const [scope, requirements] of membersOf(node, place)) {
    const problem = scopeProblem(transport, scope);
    if (problem !== undefined) {
      throw invalidAt(requirements, `the scope ${JSON.stringify(scope)} of ${transport}: ${problem}`, place);
    }
    scopes.set(scope, parseRequirements(requirements, place));
  }
  return scopes;
}
