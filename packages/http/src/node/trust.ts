import type { SecureContext, SecureContextOptions } from "node:tls";
import { DrayageError, errnoOf } from "@drayage/errors";
import type { TlsOptions } from "../client.ts";
import { builtin } from "./builtins.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What agents take of TLS. */
export interface TlsSettings {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized: boolean;
}

/** Where systems keep the certificates that they trust: as in Go's crypto/x509, the first that there is. */
const systemFiles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/usr/local/etc/ssl/cert.pem",
  "/usr/local/share/certs/ca-root-nss.crt",
];

/**
 * Node's certificate authorities, the system's (as Go's tools trust them: `SSL_CERT_FILE`, else the usual files), and those of the
 * options, together.
 *
 * @throws `ERR_DRAYAGE_TLS` if a certificate or key cannot be used
 */
export function tlsSettings(options: TlsOptions = {}, env: Environment): TlsSettings {
  const { ca = [], clients = [], verify = true } = options;
  const identity = clientIdentities(clients);
  if (!verify) return { secureContext: contextOfNobody(identity), rejectUnauthorized: false };
  const extra = [...systemAuthorities(env), ...ca.flatMap(certificatesOf)];
  return { secureContext: contextOf(identity, extra), rejectUnauthorized: true };
}

/** Who trusts everybody needs none of the authorities, which take 20 ms to read. */
function contextOfNobody(identity: SecureContextOptions): SecureContext {
  return usable("the client certificate or its key", () =>
    builtin("node:tls").createSecureContext({ ...identity, ca: [] }),
  );
}

function contextOf(identity: SecureContextOptions, extra: readonly string[]): SecureContext {
  const tls: NodeTls = builtin("node:tls");
  const known = tls.getCACertificates?.("default");
  if (known !== undefined && extra.length > 0) {
    return usable("a certificate authority or client certificate", () =>
      tls.createSecureContext({ ...identity, ca: [...known, ...extra] }),
    );
  }
  const context = usable("the client certificate or its key", () => tls.createSecureContext(identity));
  if (extra.length === 0) return context;
  // Before Node 22.15, nothing tells all that Node trusts, which `ca` would replace. This adds to those that Node was built with.
  const { addCACert }: { addCACert(pem: string): void } = context.context;
  for (const pem of [...extraOfNode(), ...extra]) {
    usable("a certificate authority", () => addCACert.call(context.context, pem));
  }
  return context;
}

type NodeTls = typeof import("node:tls") & { getCACertificates?: (type: "default") => string[] };

/** OpenSSL holds one certificate for each kind of key, and takes the one that the server accepts: the first of each kind. */
function clientIdentities(
  clients: NonNullable<TlsOptions["clients"]>,
): Pick<SecureContextOptions, "cert" | "key"> {
  if (clients.length === 0) return {};
  const kinds = new Map<string, (typeof clients)[number]>();
  for (const client of clients) {
    const kind = usable("the key of a client certificate", () =>
      builtin("node:crypto").createPrivateKey(client.key),
    );
    const name = kind.asymmetricKeyType ?? "";
    if (!kinds.has(name)) kinds.set(name, client);
  }
  const chosen = [...kinds.values()];
  return { cert: chosen.map(({ cert }) => cert), key: chosen.map(({ key }) => key) };
}

/** Those that Node was built with are left out: each costs time. */
function systemAuthorities(env: Environment): string[] {
  return unknownToNode(systemCertificates(env));
}

/** What Node was told to trust when it started. */
function extraOfNode(): string[] {
  const file = globalThis.process.env.NODE_EXTRA_CA_CERTS;
  return file ? unknownToNode(certificatesOf(readText(file) ?? "")) : [];
}

function unknownToNode(certificates: readonly string[]): string[] {
  const known = new Set(builtin("node:tls").rootCertificates.map(signatureOf));
  return certificates.filter((pem) => !known.has(signatureOf(pem)));
}

function systemCertificates(env: Environment): string[] {
  const files = env.SSL_CERT_FILE ? [env.SSL_CERT_FILE] : systemFiles;
  for (const file of files) {
    const text = readText(file);
    if (text !== undefined) return certificatesOf(text);
  }
  return [];
}

/** A file that is not there, or that others must not read, has no certificates for us: as in Go. */
function readText(path: string): string | undefined {
  try {
    return builtin("node:fs").readFileSync(path, "latin1");
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

const begin = "-----BEGIN CERTIFICATE-----";
const end = "-----END CERTIFICATE-----";

/** The certificates of a PEM text; what stands between them is a comment. */
function certificatesOf(text: string): string[] {
  const found: string[] = [];
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const last = text.indexOf(end, at);
    if (last < 0) break;
    found.push(text.slice(at, last + end.length));
    at = last;
  }
  return found;
}

/** The end of a certificate, which is the end of its signature: no two have the same. The whole of all would take 10 ms. */
function signatureOf(pem: string): string {
  return pem.trimEnd().slice(-300, -end.length).replaceAll("\r", "").replaceAll("\n", "").slice(-128);
}

function usable<T>(what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof DrayageError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new DrayageError("ERR_DRAYAGE_TLS", `${what} cannot be used: ${text}`, { cause: error });
  }
}
