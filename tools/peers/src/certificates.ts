import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runPeer } from "./run.ts";

/** Where the PEM files of a certificate and its key are. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Certificates of an authority of one's own. */
export interface TestCertificates {
  readonly folder: string;
  readonly authority: CertificateFiles;
  /** For 127.0.0.1, ::1 and localhost. */
  readonly server: CertificateFiles;
  /** As `server`, and expired. */
  readonly expired: CertificateFiles;
  /** For `elsewhere.example`. */
  readonly otherHost: CertificateFiles;
  readonly client: CertificateFiles;
  /** For 127.0.0.1, ::1 and localhost, signed by nobody else. It can sign tokens as well. */
  readonly selfSigned: CertificateFiles;
}

const configuration = `
[req]
distinguished_name = nothing
prompt = no
[nothing]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, IP:::1, DNS:localhost
[other]
basicConstraints = critical, CA:false
extendedKeyUsage = serverAuth
subjectAltName = DNS:elsewhere.example
[client]
basicConstraints = critical, CA:false
extendedKeyUsage = clientAuth
`;

/** Makes certificates with openssl. */
export async function makeCertificates(folder: string): Promise<TestCertificates> {
  mkdirSync(folder, { recursive: true });
  const settings = path.join(folder, "openssl.cnf");
  writeFileSync(settings, configuration);
  const issue = async (name: string, options: IssueOptions): Promise<CertificateFiles> => {
    const { extensions, days = 3650, by } = options;
    const files = { certificate: path.join(folder, `${name}.crt`), key: path.join(folder, `${name}.key`) };
    const request = path.join(folder, `${name}.csr`);
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files.key];
    const subject = ["-subj", `/CN=drayage test ${name}`];
    await runPeer("openssl", ["req", "-new", "-config", settings, ...subject, ...key, "-out", request]);
    const signer =
      by === undefined
        ? ["-key", files.key]
        : ["-CA", by.certificate, "-CAkey", by.key, "-CAcreateserial", "-CAserial", `${request}.serial`];
    await runPeer("openssl", [
      ...["x509", "-req", "-in", request, "-sha256", "-days", String(days), ...signer],
      ...["-extfile", settings, "-extensions", extensions, "-out", files.certificate],
    ]);
    return files;
  };
  const authority = await issue("authority", { extensions: "authority" });
  const [server, expired, otherHost, client, selfSigned] = await Promise.all([
    issue("server", { extensions: "server", by: authority }),
    issue("expired", { extensions: "server", by: authority, days: -1 }),
    issue("other-host", { extensions: "other", by: authority }),
    issue("client", { extensions: "client", by: authority }),
    issue("self-signed", { extensions: "server" }),
  ]);
  return { folder, authority, server, expired, otherHost, client, selfSigned };
}

interface IssueOptions {
  /** The section of the configuration. */
  readonly extensions: string;
  readonly days?: number | undefined;
  /** Who signs; itself where absent. */
  readonly by?: CertificateFiles | undefined;
}
