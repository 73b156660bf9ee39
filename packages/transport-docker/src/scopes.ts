import { formatReference, trimNamed, withDigest } from "@drayage/reference";
import type { DockerImageReference } from "./reference.ts";

/**
 * The scopes of containers-policy.json that an image in a registry has: its full name, its repository, what that is in,
 * its host, and `*.` before each domain that the host is in (containers/image, docker/policyconfiguration).
 *
 * Of tag and digest only the digest counts: that is what is read, and a tag beside it is nothing that anybody has checked.
 */
export function policyScopes({ dockerReference }: DockerImageReference): readonly string[] {
  const { name, tag, digest } = dockerReference;
  const scopes = [];
  if (digest !== undefined) scopes.push(formatReference(withDigest(trimNamed(dockerReference), digest)));
  else if (tag !== undefined) scopes.push(formatReference(dockerReference));
  let place = name;
  scopes.push(place);
  for (let slash = place.lastIndexOf("/"); slash !== -1; slash = place.lastIndexOf("/")) {
    place = place.slice(0, slash);
    scopes.push(place);
  }
  let [domain = ""] = place.split(":", 1);
  for (let dot = domain.indexOf("."); dot !== -1; dot = domain.indexOf(".")) {
    domain = domain.slice(dot + 1);
    scopes.push(`*.${domain}`);
  }
  return scopes;
}
