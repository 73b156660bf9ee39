import type { RegistriesConfig, RegistryEntry } from "./config.ts";

/**
 * How many characters of `name` a prefix of registries.conf covers, or -1 where it does not hold for it. What follows
 * must start with `:`, `/` or `@`; `*.example.com` covers any host below example.com.
 *
 * `name` starts with a host, and may go on with namespaces, a repository, a tag and a digest.
 */
export function coveredLength(name: string, prefix: string): number {
  if (prefix.startsWith("*.")) {
    const host = /^[^/:@]*/.exec(name)?.[0] ?? "";
    return host.endsWith(prefix.slice(1)) ? host.length : -1;
  }
  if (!name.startsWith(prefix)) return -1;
  return name.length === prefix.length || ":/@".includes(name.charAt(prefix.length)) ? prefix.length : -1;
}

/**
 * The entry with the longest prefix that holds for `name`, which has a host, and neither tag nor digest.
 */
export function findRegistry(config: RegistriesConfig, name: string): RegistryEntry | undefined {
  let found: RegistryEntry | undefined;
  for (const entry of config.registries) {
    if (entry.prefix.length <= (found?.prefix.length ?? 0)) continue;
    if (coveredLength(name, entry.prefix) !== -1) found = entry;
  }
  return found;
}
