import { DrayageError, isDrayageError } from "@drayage/errors";

/** What was being done when something went wrong. */
export interface Circumstances {
  /** `GET https://host/path`, without secrets. */
  readonly op: string;
  /** `host:port`, or the path of a socket: who was spoken to. */
  readonly peer: string;
  readonly connected: boolean;
}

interface NodeError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly reason?: unknown;
}

type Meaning = readonly [sentence: string, hint?: string];

const checkName = "check the name, and whether this machine can look names up";
const checkPort = "check the host and the port, and whether something listens there";

/** Errors of sockets and of looking names up; all of them may pass. */
const connectionMeanings: Readonly<Record<string, Meaning>> = {
  EADDRNOTAVAIL: ["no local address is free"],
  EAI_AGAIN: ["the name server does not answer", "check the network of this machine"],
  EAI_FAIL: ["the name server failed", "check the network of this machine"],
  ECONNABORTED: ["the connection was cut"],
  ECONNREFUSED: ["the connection was refused", checkPort],
  ECONNRESET: ["the connection was cut"],
  EHOSTDOWN: ["the host is down"],
  EHOSTUNREACH: ["there is no way to the host", "check the network of this machine"],
  ENETDOWN: ["the network is down", "check the network of this machine"],
  ENETRESET: ["the connection was cut"],
  ENETUNREACH: ["there is no way to the network of the host", "check the network of this machine"],
  EPIPE: ["the connection was cut"],
  ETIMEDOUT: ["the host does not answer", checkPort],
};

/** What stays as it is until somebody does something about it. */
const lastingMeanings: Readonly<Record<string, Meaning>> = {
  EACCES: ["permission denied", "run as a user who may use the socket"],
  ENODATA: ["there is no host of this name", checkName],
  ENOENT: ["there is no such socket", "check its path, and whether the daemon runs"],
  ENOTFOUND: ["there is no host of this name", checkName],
};

const trustHint =
  "give its CA certificate (certs.d, certDir or --cert-dir, in copies --src-cert-dir or --dest-cert-dir, or the system's certificates), or tlsVerify: false (--tls-verify=false) where you trust the network";

const tlsMeanings: Readonly<Record<string, Meaning>> = {
  CERT_HAS_EXPIRED: [
    "its certificate has expired",
    "the host has to renew it; check the clock of this machine too",
  ],
  CERT_NOT_YET_VALID: ["its certificate is not valid yet", "check the clock of this machine"],
  CERT_REVOKED: ["its certificate was revoked"],
  CERT_SIGNATURE_FAILURE: ["the signature of its certificate is wrong"],
  CERT_UNTRUSTED: ["its certificate is not trusted", trustHint],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["its certificate is signed by itself", trustHint],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "its certificate is for another host",
    "use a name that the certificate has, or let the host get one for this name",
  ],
  INVALID_CA: ["its certificate was made by one that is no authority", trustHint],
  INVALID_PURPOSE: ["its certificate is not made for servers"],
  SELF_SIGNED_CERT_IN_CHAIN: ["its certificate is of an authority that is not trusted", trustHint],
  UNABLE_TO_GET_ISSUER_CERT: ["its certificate is of an authority that is not known", trustHint],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["its certificate is of an authority that is not known", trustHint],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["its certificate is of an authority that is not known", trustHint],
};

const plainHttp: Meaning = [
  "it does not speak TLS",
  "where it is a plain HTTP registry on a network that you trust, use connection.tlsVerify: false (--tls-verify=false), or `insecure` in registries.conf",
];

const clientCertificate: Meaning = [
  "it wants a client certificate, or does not accept the one that it got",
  "put NAME.cert and NAME.key into the folder of the host in certs.d, or name a folder with certDir (--cert-dir, in copies --src-cert-dir or --dest-cert-dir)",
];

/** An error of node:http, node:tls or a socket, as one of drayage. What is one already comes back as it is. */
export function networkError(error: unknown, circumstances: Circumstances): DrayageError {
  if (isDrayageError(error)) return error;
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as NodeError;
  const name = typeof code === "string" ? code : "";
  const text = typeof message === "string" ? message : String(error);
  const parsing = parseError(name, text, circumstances);
  if (parsing !== undefined) return parsing;
  const tls = tlsMeaning(name, text);
  if (tls !== undefined) return tlsError(tls, name, { error, circumstances });
  const passing = connectionMeanings[name];
  const [sentence, hint] = passing ?? lastingMeanings[name] ?? [text === "" ? "the connection failed" : text];
  const { op, peer, connected } = circumstances;
  const what = connected ? `${op}: ${sentence}` : `cannot connect to ${peer}: ${sentence}`;
  return new DrayageError("ERR_DRAYAGE_CONNECTION", name === "" ? what : `${what} (${name})`, {
    op,
    hint: connected ? undefined : hint,
    retryable: passing !== undefined,
    cause: error,
  });
}

/** The other side said nothing for too long. */
export function timeoutError(milliseconds: number, { op, peer, connected }: Circumstances): DrayageError {
  const time = milliseconds < 1000 ? `${milliseconds} ms` : `${Math.round(milliseconds / 1000)} s`;
  const what = connected
    ? `${op}: nothing was heard of ${peer} for ${time}`
    : `cannot connect to ${peer}: it did not answer within ${time}`;
  return new DrayageError("ERR_DRAYAGE_CONNECTION", what, {
    op,
    hint: connected ? undefined : checkPort,
    retryable: true,
  });
}

/** What the parser of HTTP does not take. Its errors are no causes: they hold the bytes of the answer, secrets and all. */
function parseError(code: string, text: string, { op }: Circumstances): DrayageError | undefined {
  if (!code.startsWith("HPE_")) return undefined;
  if (code === "HPE_HEADER_OVERFLOW") {
    return new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", `${op}: the headers of the answer are too large`, {
      op,
    });
  }
  // What is left of an answer whose connection was cut in the middle of the headers or of a chunk's size.
  const truncated = code === "HPE_INVALID_EOF_STATE";
  return new DrayageError(
    "ERR_DRAYAGE_CONNECTION",
    truncated
      ? `${op}: the connection was cut (${code})`
      : `${op}: the answer is not HTTP: ${text} (${code})`,
    { op, retryable: truncated },
  );
}

function tlsMeaning(code: string, text: string): Meaning | undefined {
  const known = tlsMeanings[code];
  if (known !== undefined) return known;
  if (
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|wrong version number|packet length too long/.test(
      code + text,
    )
  ) {
    return plainHttp;
  }
  if (
    /ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE|UNKNOWN_CA|CERTIFICATE_UNKNOWN)/.test(
      code,
    )
  ) {
    return clientCertificate;
  }
  if (/alert (?:certificate required|bad certificate|handshake failure|unknown ca)/.test(text))
    return clientCertificate;
  if (/^(?:ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|CRL_|EPROTO$)/.test(code)) return [firstReason(text)];
  return undefined;
}

/** `140…:error:0A000152:SSL routines:final_renegotiate:unsafe …:../deps/…:` holds one part that is for people. */
function firstReason(text: string): string {
  return /SSL routines:[^:]*:([^:]+)/.exec(text)?.[1] ?? text.split("\n", 1)[0] ?? text;
}

function tlsError(
  [sentence, hint]: Meaning,
  code: string,
  { error, circumstances: { op, peer } }: { error: unknown; circumstances: Circumstances },
): DrayageError {
  return new DrayageError("ERR_DRAYAGE_TLS", `no TLS connection to ${peer}: ${sentence} (${code})`, {
    op,
    hint,
    cause: error,
  });
}
