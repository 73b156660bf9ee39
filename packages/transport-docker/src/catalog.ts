import { DrayageError } from "@drayage/errors";
import { type DockerReference, parseNormalizedNamed } from "@drayage/reference";
import type { SourceOptions } from "@drayage/transport";
import type { Connections } from "./connections.ts";

/** The paths of a registry's repositories, page after page. */
export async function* listRepositories(
  host: string,
  connections: Connections,
  options: SourceOptions,
): AsyncGenerator<string, void, undefined> {
  const endpoint = await connections.target(anyRepository(host), options);
  using lease = await connections.connect(endpoint, options);
  yield* lease.value.catalog({ signal: options.signal });
}

/** registries.conf speaks of repositories: what it says of any of this host holds for the host. */
function anyRepository(host: string): DockerReference {
  let reference: DockerReference | undefined;
  try {
    reference = parseNormalizedNamed(`${host}/any`);
  } catch {
    // What is wrong is said below, without the word that was added.
  }
  if (reference !== undefined && reference.path === "any" && reference.domain === host) return reference;
  if (host === "docker.io" && reference !== undefined) return reference;
  throw new DrayageError("ERR_DRAYAGE_REFERENCE_INVALID", `${JSON.stringify(host)} is no registry`, {
    hint: "a registry is written HOST or HOST:PORT: registry.example.com:5000",
  });
}
