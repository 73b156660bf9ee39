import { DrayageError, isDrayageError } from "@drayage/errors";
import { type DockerReference, formatReference, parseNamed } from "@drayage/reference";
import type { PullFromMirror, RegistriesConfig, RegistryEntry } from "./config.ts";
import { coveredLength, findRegistry } from "./find.ts";

/** A place to read an image from. */
export interface PullSource {
  /** Its name there, with the tag and digest of the one that was asked for. */
  readonly reference: DockerReference;
  /** Whether plain HTTP, and certificates of unknown makers, are taken. */
  readonly insecure: boolean;
  /** Whether it is a mirror: credentials that the user gave for the registry itself are not for it. */
  readonly isMirror: boolean;
}

/**
 * Where to look for an image, in this order: the mirrors, then the registry itself, with names rewritten from prefix to
 * location. Places that are blocked are left out; so the mirrors of a blocked registry still serve its images. (In
 * containers/image `blocked` does not hold for a registry whose location is not its prefix. Here it does.)
 *
 * @param reference normalized: with a domain
 * @throws ERR_DRAYAGE_REGISTRY_BLOCKED where all are blocked, ERR_DRAYAGE_CONFIGURATION_INVALID where a location makes no
 *   name
 */
export function pullSources(config: RegistriesConfig, reference: DockerReference): readonly PullSource[] {
  const registry = findRegistry(config, reference.name);
  if (registry === undefined) return [{ reference, insecure: false, isMirror: false }];
  const mirrors = registry.mirrors
    .filter(({ pullFromMirror }) => isFor(pullFromMirror, reference))
    .map(({ location, insecure }) => ({
      reference: rewrite(reference, location, registry),
      insecure,
      isMirror: true,
    }));
  const itself = {
    reference: rewrite(reference, registry.location, registry),
    insecure: registry.insecure,
    isMirror: false,
  };
  const open = [...mirrors, itself].filter(
    (source) => !isBlocked(config, source.reference) && (source.isMirror || !registry.blocked),
  );
  if (open.length > 0) return open;
  const blocking = registry.blocked ? registry : findRegistry(config, itself.reference.name);
  throw blocked(reference, blocking ?? registry);
}

/**
 * Where to write an image: under its own name, since neither locations nor mirrors are for writing (containers/image).
 *
 * @throws ERR_DRAYAGE_REGISTRY_BLOCKED
 */
export function pushTarget(
  config: RegistriesConfig,
  reference: DockerReference,
): { readonly reference: DockerReference; readonly insecure: boolean } {
  const registry = findRegistry(config, reference.name);
  if (registry?.blocked === true) throw blocked(reference, registry);
  return { reference, insecure: registry?.insecure ?? false };
}

function isFor(when: PullFromMirror, { digest }: DockerReference): boolean {
  return when === "all" || (when === "digest-only") === (digest !== undefined);
}

function isBlocked(config: RegistriesConfig, { name }: DockerReference): boolean {
  return findRegistry(config, name)?.blocked === true;
}

function rewrite(
  reference: DockerReference,
  location: string | undefined,
  { prefix, origin }: RegistryEntry,
): DockerReference {
  if (location === undefined || location === prefix) return reference;
  const text = formatReference(reference);
  const rewritten = location + text.slice(coveredLength(text, prefix));
  try {
    return parseNamed(rewritten);
  } catch (error) {
    if (!isDrayageError(error)) throw error;
    throw new DrayageError(
      "ERR_DRAYAGE_CONFIGURATION_INVALID",
      `${JSON.stringify(origin)}: the location ${JSON.stringify(location)} for the prefix ${JSON.stringify(prefix)} makes no name of ${text}: ${error.message}`,
      { hint: error.hint, cause: error },
    );
  }
}

function blocked(reference: DockerReference, { prefix, origin }: RegistryEntry): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_REGISTRY_BLOCKED",
    `${formatReference(reference)}: the registry ${prefix} is blocked in ${JSON.stringify(origin)}`,
    { hint: "remove blocked = true there, or name another registry" },
  );
}
