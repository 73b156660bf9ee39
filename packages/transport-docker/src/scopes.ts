import { nameScopes } from "@drayage/transport";
import type { DockerImageReference } from "./reference.ts";

/** The scopes of containers-policy.json that an image in a registry has. */
export function policyScopes({ dockerReference }: DockerImageReference): readonly string[] {
  return nameScopes(dockerReference);
}
