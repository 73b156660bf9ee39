import { DrayageError } from "@drayage/errors";
import { isNameOnly, parseNormalizedNamed } from "@drayage/reference";

/** Docker's own key for Docker Hub, in files and in credential helpers. */
export const dockerHubUrl = "https://index.docker.io/v1/";

// A name's letters as lenient as DNS servers are, or an IPv6 address in brackets; and a port.
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/i;

/**
 * What a user means by a registry: `host[:port]`, or `host[:port]/path` for a part of it. Of a URL its `host[:port]`
 * counts, as in skopeo.
 *
 * @throws `ERR_DRAYAGE_USAGE` for what is neither, or has a tag or digest
 */
export function parseLoginName(text: string): string {
  const url = /^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(text);
  return checkLoginName(url === null ? text : (url[1] ?? ""));
}

/** Gives back the name if it is `host[:port]` or `host[:port]/path`. @throws `ERR_DRAYAGE_USAGE` */
export function checkLoginName(name: string): string {
  const host = registryOf(name);
  if (!hostPattern.test(host)) throw invalid(name, "expected host[:port], or host[:port]/path");
  if (host === name) return name;
  let reference: ReturnType<typeof parseNormalizedNamed>;
  try {
    reference = parseNormalizedNamed(name);
  } catch (cause) {
    throw invalid(name, cause instanceof Error ? cause.message : "it is no name of a repository", cause);
  }
  if (!isNameOnly(reference)) throw invalid(name, "it contains a tag or digest");
  if (host !== reference.domain && reference.domain === "docker.io" && !isHubHost(host)) {
    throw invalid(name, `it is the name of a repository of docker.io: write docker.io/${name}`);
  }
  return name;
}

/** `host[:port]` of a name. */
export function registryOf(name: string): string {
  const slash = name.indexOf("/");
  return slash < 0 ? name : name.slice(0, slash);
}

/** The name, and what it lies in, the longest first: `host/a/b`, `host/a`, `host`. */
export function withParents(name: string): readonly string[] {
  const names = [name];
  for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1)) {
    names.push(name.slice(0, at));
  }
  return names;
}

/** One spelling for each registry: Docker Hub has several. */
export function normalizeRegistry(host: string): string {
  return isHubHost(host) ? "index.docker.io" : host;
}

/** The registry that a key of `auths` means, in each of the forms that docker has written over the years. */
export function registryOfKey(key: string, legacy: boolean): string {
  const bare = key.replace(/^https?:\/\//, "");
  return normalizeRegistry(legacy || bare !== key ? registryOf(bare) : bare);
}

function isHubHost(host: string): boolean {
  return host === "docker.io" || host === "index.docker.io" || host === "registry-1.docker.io";
}

function invalid(name: string, why: string, cause?: unknown): DrayageError {
  // What stands before an at sign may be a password.
  const shown = JSON.stringify(name.replace(/^.*@(?!sha(?:256|384|512):)/, "***@"));
  return new DrayageError("ERR_DRAYAGE_USAGE", `${shown} is no name of a registry: ${why}`, {
    hint: "write it as quay.io, localhost:5000 or quay.io/organisation",
    cause,
  });
}
