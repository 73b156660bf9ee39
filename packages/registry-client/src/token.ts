import { DrayageError } from "@drayage/errors";
import type { HttpClient, HttpRequest, HttpResponse } from "@drayage/http";
import { base64 } from "./base64.ts";
import type { Challenge } from "./challenge.ts";
import type { Credentials } from "./client.ts";
import { formatScopes, type Scopes } from "./scope.ts";

/** A token that a token server has given out. */
export interface Token {
  readonly text: string;
  /** In milliseconds since 1970, by this machine's clock. */
  readonly expires: number;
}

export interface TokenRequest {
  readonly http: HttpClient;
  /** The registry as it stands in image names, for messages. */
  readonly host: string;
  /** Where the registry was found. */
  readonly origin: string;
  /** Whether the user takes it that credentials go over plain HTTP. */
  readonly insecure: boolean;
  readonly challenge: Challenge;
  readonly credentials: Credentials | undefined;
  /** Whether the caller gave them. */
  readonly given: boolean;
  readonly scopes: Scopes;
  readonly signal: AbortSignal;
}

const responseLimit = 1024 * 1024;
/** No token lives shorter, whatever its server says (docker's token specification). */
const shortestLife = 60;
const clientId = "drayage";

/**
 * Asks the realm of a challenge for a token (docker's token authentication specification). An identity token is sent by
 * POST (OAuth2 refresh), and by GET to servers that know no POST.
 *
 * @throws ERR_DRAYAGE_UNAUTHORIZED where the credentials are not accepted, ERR_DRAYAGE_REGISTRY, and what HTTP throws
 */
export async function requestToken(request: TokenRequest): Promise<Token> {
  const realm = checkRealm(request);
  const { credentials } = request;
  let response: HttpResponse | undefined;
  if (credentials !== undefined && "identityToken" in credentials) {
    response = await request.http.request(postRequest(realm, request, credentials.identityToken));
    if (response.status === 404 || response.status === 405) {
      await response.discard();
      response = undefined;
    }
  }
  response ??= await request.http.request(getRequest(realm, request));
  if (response.status !== 200) throw await tokenError(response, realm, request);
  return readToken(response, realm);
}

/**
 * The realm may be on another host: that is how token servers work. What it has to be is as safe as the registry.
 *
 * @throws ERR_DRAYAGE_REGISTRY
 */
function checkRealm({ challenge, origin, insecure, host }: TokenRequest): URL {
  const text = challenge.parameters.get("realm");
  const realm = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  if (realm === undefined || !["http:", "https:"].includes(realm.protocol)) {
    throw new DrayageError("ERR_DRAYAGE_REGISTRY", `${host} does not say where to ask for a token`);
  }
  if (realm.username !== "" || realm.password !== "") {
    throw new DrayageError(
      "ERR_DRAYAGE_REGISTRY",
      `${host} names a token server with credentials in its URL`,
    );
  }
  if (realm.protocol === "http:" && !insecure && !origin.startsWith("http:")) {
    throw new DrayageError(
      "ERR_DRAYAGE_REGISTRY",
      `${host} wants credentials to be sent over plain HTTP, to ${realm.host}`,
      { hint: "a registry that is reached by HTTPS must have a token server that is" },
    );
  }
  realm.hash = "";
  return realm;
}

function getRequest(realm: URL, { challenge, credentials, scopes, signal }: TokenRequest): HttpRequest {
  const url = new URL(realm);
  const basic = credentials === undefined ? undefined : basicPair(credentials);
  if (basic !== undefined && basic.username !== identityTokenUser) {
    url.searchParams.append("account", basic.username);
  }
  const service = challenge.parameters.get("service");
  if (service !== undefined && service !== "") url.searchParams.append("service", service);
  for (const scope of formatScopes(scopes)) url.searchParams.append("scope", scope);
  return {
    method: "GET",
    url: url.href,
    headers: {
      accept: "application/json",
      ...(basic === undefined ? {} : { authorization: basicHeader(basic) }),
    },
    signal,
  };
}

function postRequest(
  realm: URL,
  { challenge, scopes, signal }: TokenRequest,
  identityToken: string,
): HttpRequest {
  const form = new URLSearchParams({ grant_type: "refresh_token", client_id: clientId });
  const service = challenge.parameters.get("service");
  if (service !== undefined && service !== "") form.set("service", service);
  const scope = formatScopes(scopes).join(" ");
  if (scope !== "") form.set("scope", scope);
  form.set("refresh_token", identityToken);
  return {
    method: "POST",
    url: realm.href,
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    body: new TextEncoder().encode(form.toString()),
    // A token that is asked for twice is one that is not used.
    repeatable: true,
    signal,
  };
}

/** The user name that docker's credential helpers give to identity tokens. */
const identityTokenUser = "<token>";

function basicPair(credentials: Credentials): { readonly username: string; readonly password: string } {
  if ("identityToken" in credentials) {
    return { username: identityTokenUser, password: credentials.identityToken };
  }
  return credentials;
}

/** The `Authorization` header of basic authentication (RFC 7617). Throws ERR_DRAYAGE_CREDENTIALS. */
export function basicHeader({
  username,
  password,
}: {
  readonly username: string;
  readonly password: string;
}): string {
  if (username.includes(":")) {
    throw new DrayageError("ERR_DRAYAGE_CREDENTIALS", "the user name has a colon, which HTTP does not allow");
  }
  return `Basic ${base64(`${username}:${password}`)}`;
}

async function tokenError(
  response: HttpResponse,
  realm: URL,
  { host, credentials, given }: TokenRequest,
): Promise<DrayageError> {
  // OAuth2 says 400 to a refresh token that is no longer taken (RFC 6749 section 5.2).
  if ([400, 401, 403].includes(response.status)) {
    await response.discard();
    const { unauthorized } = await import("./unauthorized.ts");
    return unauthorized(host, credentials, { given });
  }
  const { responseError } = await import("./errors.ts");
  return responseError(response, { doing: "get a token", host: realm.host, registry: host });
}

async function readToken(response: HttpResponse, realm: URL): Promise<Token> {
  const invalid = (problem: string): DrayageError =>
    new DrayageError("ERR_DRAYAGE_REGISTRY", `the token server ${realm.host} answered ${problem}`);
  const bytes = await response.bytes(responseLimit);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw invalid("something that is not JSON");
  }
  const fields: Readonly<Record<string, unknown>> =
    typeof document === "object" && document !== null ? { ...document } : {};
  const text = [fields.token, fields.access_token].find((value) => typeof value === "string" && value !== "");
  if (typeof text !== "string") throw invalid("without a token");
  // What may stand in a header (RFC 6750 section 2.1, and any other visible character).
  if (!/^[!-~]+$/.test(text)) throw invalid("a token that is none");
  return { text, expires: Date.now() + 1000 * lifeLeft(fields, response.headers.get("date")) };
}

/** In seconds. Ages are told by the server's own clock: it may be another than this machine's. */
function lifeLeft(fields: Readonly<Record<string, unknown>>, date: string | undefined): number {
  const { expires_in: expiresIn, issued_at: issuedAt } = fields;
  const life = Math.max(typeof expiresIn === "number" ? expiresIn : 0, shortestLife);
  const issued = typeof issuedAt === "string" ? Date.parse(issuedAt) : Number.NaN;
  const now = date === undefined ? Date.now() : Date.parse(date);
  const age = Number.isNaN(issued) || Number.isNaN(now) ? 0 : (now - issued) / 1000;
  return life - Math.max(age, 0);
}
