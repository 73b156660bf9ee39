import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readFileLimited } from "@drayage/blob";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import type { TlsOptions } from "@drayage/http";
import { type Environment, homeFolder } from "../environment.ts";

export interface HostCertificatesOptions {
  /** The folder with the host's files, instead of `certs.d`. */
  readonly certDir?: string | undefined;
  /** `process.env` where absent. */
  readonly env?: Environment | undefined;
  /** What stands before `/etc`: the root of another system. */
  readonly root?: string | undefined;
  /** Told of folders that one may not read, and of files without a certificate, which are passed over. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** A bundle of all the world's certificate authorities has 220 KB. */
const fileLimit = 4 * 1024 * 1024;
const filesLimit = 256;

/**
 * What is configured for a host in containers-certs.d(5): `*.crt` are certificate authorities, `NAME.cert` with `NAME.key` client
 * certificates. The folder is the first that there is of `~/.config/containers/certs.d/HOST`, `/etc/containers/certs.d/HOST`
 * and `/etc/docker/certs.d/HOST`. Undefined where there is nothing.
 *
 * @param host `host[:port]`, as it stands in image names
 * @throws `ERR_DRAYAGE_CONFIGURATION_INVALID` for a key without its certificate, and the reverse, and for what is neither;
 * `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_LIMIT_EXCEEDED`
 */
export async function readHostCertificates(
  host: string,
  options: HostCertificatesOptions = {},
): Promise<TlsOptions | undefined> {
  const folder = options.certDir ?? hostFolder(host, options);
  if (folder === undefined) return undefined;
  const names = listFolder(folder, options);
  checkPairs(names, folder);
  const ca: string[] = [];
  for (const name of names.filter((file) => file.endsWith(".crt"))) {
    ca.push(...(await readAuthorities(join(folder, name), options)));
  }
  const clients = [];
  for (const name of names.filter((file) => file.endsWith(".cert"))) {
    clients.push(await readPair(folder, name));
  }
  return ca.length === 0 && clients.length === 0 ? undefined : { ca, clients };
}

function hostFolder(host: string, options: HostCertificatesOptions): string | undefined {
  if (!/^[a-z0-9[][a-z0-9._:[\]-]*$/i.test(host)) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(host)} is not host[:port]`);
  }
  const { env = process.env, root = "/", onWarning } = options;
  const candidates = [
    join(homeFolder(env), ".config/containers/certs.d", host),
    join(root, "etc/containers/certs.d", host),
    join(root, "etc/docker/certs.d", host),
  ];
  for (const folder of candidates) {
    try {
      statSync(folder);
      return folder;
    } catch (error) {
      const errno = errnoOf(error) ?? "";
      if (errno === "ENOENT" || errno === "ENOTDIR") continue;
      const reason = ioError(error, "read the certificates in", { path: folder });
      if (errno !== "EACCES" && errno !== "EPERM") throw reason;
      onWarning?.(`${(reason as Error).message}: they are not used`);
    }
  }
  return undefined;
}

/** The folder's files by name. One that is not there, or that one may not read, has none, as in containers/image. */
function listFolder(folder: string, { onWarning }: HostCertificatesOptions): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    const errno = errnoOf(error) ?? "";
    if (errno === "ENOENT") return [];
    const reason = ioError(error, "read the certificates in", { path: folder });
    if (errno !== "EACCES" && errno !== "EPERM") throw reason;
    onWarning?.(`${(reason as Error).message}: they are not used`);
    return [];
  }
  const used = names.filter((name) => /\.(?:crt|cert|key)$/.test(name)).sort();
  if (used.length <= filesLimit) return used;
  throw new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `${JSON.stringify(folder)} has ${used.length} files with certificates, where at most ${filesLimit} are accepted`,
  );
}

function checkPairs(names: readonly string[], folder: string): void {
  for (const name of names) {
    const [, base, kind] = /^(.*)\.(cert|key)$/.exec(name) ?? [];
    if (base === undefined) continue;
    const other = kind === "cert" ? `${base}.key` : `${base}.cert`;
    if (names.includes(other)) continue;
    const what = kind === "cert" ? "key" : "client certificate";
    throw invalid(join(folder, name), `the ${what} ${JSON.stringify(other)} is missing`, {
      hint: "a client certificate is NAME.cert with NAME.key; certificate authorities end in .crt",
    });
  }
}

/** The certificates of a file; what is none is passed over, as Go does. */
async function readAuthorities(
  path: string,
  { onWarning }: HostCertificatesOptions,
): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readText(path);
  } catch (error) {
    // Removed since the folder was listed, or a link into a volume that is not mounted.
    if (!existsSync(path)) return [];
    throw error;
  }
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const certificates = found.filter(isCertificate);
  if (certificates.length === 0) onWarning?.(`${JSON.stringify(path)} holds no certificate in PEM form`);
  return certificates;
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

async function readPair(
  folder: string,
  name: string,
): Promise<{ readonly cert: string; readonly key: string }> {
  const certPath = join(folder, name);
  const keyPath = join(folder, `${name.slice(0, -".cert".length)}.key`);
  const pair = { cert: await readText(certPath), key: await readText(keyPath) };
  let matches: boolean;
  try {
    matches = new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key));
  } catch {
    // OpenSSL's error says less than this, and nobody has to know what is in a key's file.
    throw invalid(
      certPath,
      `this and ${JSON.stringify(keyPath)} are not a certificate and a key in PEM form`,
    );
  }
  if (!matches) throw invalid(certPath, `it is not the certificate of the key ${JSON.stringify(keyPath)}`);
  return pair;
}

async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readFileLimited(path, fileLimit));
}

function invalid(path: string, what: string, options: { readonly hint?: string } = {}): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CONFIGURATION_INVALID", `${JSON.stringify(path)}: ${what}`, options);
}
