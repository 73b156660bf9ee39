import type { DockerReference } from "@drayage/reference";

/**
 * The scopes of containers-policy.json that a docker name has: the name in full, its repository, what that is in, its host,
 * and `*.` before each domain that the host is in (containers/image, docker/policyconfiguration).
 *
 * Of tag and digest only the digest counts: that is what is read, and a tag beside it is nothing that anybody has checked.
 */
export function nameScopes({ name, tag, digest }: DockerReference): readonly string[] {
  const scopes = [];
  if (digest !== undefined) scopes.push(`${name}@${digest}`);
  else if (tag !== undefined) scopes.push(`${name}:${tag}`);
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
