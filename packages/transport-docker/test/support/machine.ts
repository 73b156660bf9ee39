import type { RegistriesConfig } from "@drayage/containers-config";

/** What registries.conf says on a machine that has none, but that some hosts speak plain HTTP. */
export function machineWithoutConfiguration(insecure: readonly string[] = []): RegistriesConfig {
  return {
    registries: insecure
      .map((prefix) => ({ prefix, insecure: true, blocked: false, mirrors: [], origin: "a test" }))
      .sort((a, b) => (a.prefix < b.prefix ? -1 : 1)),
    unqualifiedSearchRegistries: [],
    credentialHelpers: ["containers-auth.json"],
    shortNameMode: "permissive",
    aliases: new Map(),
    files: [],
  };
}
