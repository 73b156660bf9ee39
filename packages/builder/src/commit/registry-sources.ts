import { DrayageError } from "@drayage/errors";
import type { Location } from "@drayage/transport";

/** What the variable says, as OpenShift's build controller sets it (config/v1 RegistrySources). */
interface RegistrySources {
  readonly insecureRegistries: readonly string[];
  readonly blockedRegistries: readonly string[];
  readonly allowedRegistries: readonly string[];
}

/**
 * Refuses a registry that BUILD_REGISTRY_SOURCES blocks, or does not allow.
 *
 * @param forWhat `commit to`
 * @returns whether its certificates need not be checked
 * @throws `ERR_DRAYAGE_DESTINATION_REFUSED`, `ERR_DRAYAGE_USAGE` where the variable is malformed
 */
export function checkRegistrySources(
  forWhat: string,
  { transport, reference }: Location,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const text = env.BUILD_REGISTRY_SOURCES;
  const domain = transport.scheme === "docker" ? reference.dockerReference?.domain : undefined;
  if (text === undefined || text === "" || domain === undefined) return false;
  const { blockedRegistries, allowedRegistries, insecureRegistries } = parse(text);
  const refuse = (why: string): DrayageError =>
    new DrayageError(
      "ERR_DRAYAGE_DESTINATION_REFUSED",
      `${forWhat} registry at ${JSON.stringify(domain)} denied by policy: ${why}`,
      { hint: "BUILD_REGISTRY_SOURCES of the environment says so" },
    );
  if (blockedRegistries.includes(domain)) throw refuse("it is in the blocked registries list");
  if (allowedRegistries.length > 0 && !allowedRegistries.includes(domain))
    throw refuse("not in allowed registries list");
  // buildah takes any entry for a yes to all registries; here only those that are listed are not checked.
  return insecureRegistries.includes(domain);
}

function parse(text: string): RegistrySources {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(text, error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed(text);
  const members = new Map(Object.entries(value));
  const names = (field: keyof RegistrySources): readonly string[] => {
    const list: unknown = members.get(field) ?? [];
    if (Array.isArray(list) && list.every((name) => typeof name === "string")) return list;
    throw malformed(text);
  };
  return {
    insecureRegistries: names("insecureRegistries"),
    blockedRegistries: names("blockedRegistries"),
    allowedRegistries: names("allowedRegistries"),
  };
}

function malformed(text: string, cause?: unknown): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `parsing $BUILD_REGISTRY_SOURCES (${JSON.stringify(text.slice(0, 200))}) as JSON failed`,
    {
      hint: 'it is an object with the lists "insecureRegistries", "blockedRegistries" and "allowedRegistries"',
      cause,
    },
  );
}
