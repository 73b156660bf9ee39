import type { Credentials } from "@drayage/transport";
import { invalidFile } from "./auth-file.ts";

/** A login as a file or a helper has it. */
export interface StoredCredentials {
  readonly credentials: Credentials;
  /** Beside an identity token there may be the name of its user. */
  readonly username: string | undefined;
}

/** The user's name that stands for "the secret is an identity token" (docker-credential-helpers). */
export const tokenUser = "<token>";

export interface EntryPlace {
  readonly path: string;
  readonly key: string;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * The credentials of an entry of `auths`. Undefined for an empty one, which docker writes where a helper has the login.
 *
 * @throws `ERR_DRAYAGE_CONFIGURATION_INVALID`, with nothing in it of what the entry holds
 */
export function decodeEntry(
  entry: unknown,
  { path, key, onWarning }: EntryPlace,
): StoredCredentials | undefined {
  const where = `the entry of ${JSON.stringify(key)}`;
  if (entry === null) return undefined;
  if (typeof entry !== "object" || Array.isArray(entry)) throw invalidFile(path, `${where} is not an object`);
  // null is as good as absent, as for Go's JSON.
  const { auth: given, identitytoken: token } = entry as { auth?: unknown; identitytoken?: unknown };
  const auth = given ?? "";
  const identitytoken = token ?? "";
  if (typeof auth !== "string" || typeof identitytoken !== "string") {
    throw invalidFile(path, `${where} has something other than text for auth or identitytoken`);
  }
  const decoded = decodeBase64(auth);
  if (decoded === undefined) throw invalidFile(path, `auth in ${where} is not base64`);
  const colon = decoded.indexOf(":");
  const username = colon < 0 ? "" : decoded.slice(0, colon);
  const known = username === "" || username === tokenUser ? undefined : username;
  if (identitytoken !== "") return { credentials: { identityToken: identitytoken }, username: known };
  if (colon < 0) {
    if (decoded !== "") onWarning?.(`${path}: auth in ${where} has no colon between user and password`);
    return undefined;
  }
  const password = trimNuls(decoded.slice(colon + 1));
  if (username === "" && password === "") return undefined;
  return { credentials: { username, password }, username: known };
}

/** An entry of `auths` for credentials. An identity token stands beside a user's name, which readers want to see. */
export function encodeEntry(credentials: Credentials): Readonly<Record<string, string>> {
  if ("identityToken" in credentials) {
    return { auth: encodeBase64(`${tokenUser}:`), identitytoken: credentials.identityToken };
  }
  return { auth: encodeBase64(`${credentials.username}:${credentials.password}`) };
}

function encodeBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** As Go's StdEncoding: padded, and line ends do not count. */
function decodeBase64(text: string): string | undefined {
  const compact = text.replace(/[\r\n]/g, "");
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, "base64").toString("utf8");
}

/** Some versions of docker have padded what they encoded. */
function trimNuls(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && text.charCodeAt(from) === 0) from += 1;
  while (to > from && text.charCodeAt(to - 1) === 0) to -= 1;
  return text.slice(from, to);
}
