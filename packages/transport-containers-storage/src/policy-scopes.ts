import { type DockerReference, formatReference } from "@drayage/reference";
import { type FindStoreOptions, findStore } from "./open-store.ts";
import type { ContainersStorageReference } from "./reference.ts";

/**
 * The scopes of containers-policy.json (containers/image): `[DRIVER@GRAPHROOT]NAME:TAG@ID` and less and less of it, then
 * `[DRIVER@GRAPHROOT]`, then `[GRAPHROOT]`.
 */
export async function policyScopes(
  { store, dockerReference, id }: ContainersStorageReference,
  options: FindStoreOptions = {},
): Promise<readonly string[]> {
  const { graphRoot, drivers } = await findStore(store, options);
  const place = `[${drivers[0] ?? ""}@${graphRoot}]`;
  const names = dockerReference === undefined ? [""] : scopesOfName(dockerReference);
  const identity = id === undefined ? [] : [`${place}${names[0] ?? ""}@${id}`];
  const named = names.filter((name) => name !== "").map((name) => `${place}${name}`);
  return [...identity, ...named, place, `[${graphRoot}]`];
}

/** The name as it is, without its digest where it has a tag, too, its repository, and what that is in. */
function scopesOfName(reference: DockerReference): readonly string[] {
  const { name, tag, digest } = reference;
  const scopes = [formatReference(reference)];
  if (tag !== undefined && digest !== undefined) scopes.push(`${name}:${tag}`);
  for (let place = name; place !== ""; place = place.slice(0, Math.max(place.lastIndexOf("/"), 0))) {
    scopes.push(place);
  }
  return scopes;
}
