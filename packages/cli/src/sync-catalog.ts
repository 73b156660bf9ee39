import { DrayageError } from "@drayage/errors";
import type { SourceOptions } from "@drayage/transport";
import type { DrayContext } from "./context.ts";

/** The paths of a registry's repositories, page after page, as the machine and the flags say that it is reached. */
export async function* listRepositories(
  { env, signal }: Pick<DrayContext, "env" | "signal">,
  host: string,
  { connection = {}, onWarning }: SourceOptions,
): AsyncGenerator<string, void> {
  const { containersKeychain, findRegistry, readHostCertificates, readRegistriesConfig } = await import(
    "@drayage/containers-config"
  );
  const { createHttpClient } = await import("@drayage/http");
  const { createRegistryClient } = await import("@drayage/registry-client");
  const registries = await readRegistriesConfig({ path: connection.registriesConf, env, onWarning });
  const entry = findRegistry(registries, host);
  if (entry?.blocked) {
    throw new DrayageError(
      "ERR_DRAYAGE_REGISTRY_BLOCKED",
      `the registry ${host} is blocked by ${entry.origin}`,
    );
  }
  const insecure = connection.tlsVerify === undefined ? (entry?.insecure ?? false) : !connection.tlsVerify;
  const certificates = await readHostCertificates(host, { certDir: connection.certDir, env, onWarning });
  const http = createHttpClient({ tls: { ...certificates, verify: !insecure }, env });
  const client = createRegistryClient({
    host,
    http,
    keychain: containersKeychain({ authFile: connection.authFile, env, onWarning }),
    credentials: connection.credentials,
    bearerToken: connection.bearerToken,
    insecure,
    userAgent: connection.userAgentPrefix,
    onWarning,
    retry: { retries: connection.retries, delay: connection.retryDelay },
  });
  try {
    yield* client.catalog({ signal });
  } finally {
    client.close();
    http.close();
  }
}
