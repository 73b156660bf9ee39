import { createPrivateKey, randomUUID, sign, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { CertificateFiles } from "./certificates.ts";
import type { RegistryTokenOptions } from "./registry.ts";
import { testCertificates } from "./test-certificates.ts";

/** What may be done in a repository. */
export type Right = "pull" | "push" | "delete" | "*";

/** A user, or nobody, who sends no password. */
export interface TokenUser {
  /** Absent: only identity tokens are taken. */
  readonly password?: string | undefined;
  /** Refresh tokens that stand for this user. */
  readonly identityTokens?: readonly string[] | undefined;
  /**
   * Rights by scope: `repository:library/hello`, `repository:team/*`, `registry:catalog`. The longest that fits decides;
   * what fits none has no rights.
   */
  readonly rights: Readonly<Record<string, readonly Right[]>>;
}

export interface TokenServerOptions {
  readonly users?: Readonly<Record<string, TokenUser>> | undefined;
  /** The rights of those who send no password; without it they are answered 401. */
  readonly anonymous?: TokenUser["rights"] | undefined;
  /** Seconds that tokens hold; 300 where absent. */
  readonly lifetime?: number | undefined;
  /** What `expires_in` says, where that is to be something else; null leaves it and `issued_at` out. */
  readonly statedLifetime?: number | null | undefined;
  /** Serves HTTPS. */
  readonly tls?: CertificateFiles | undefined;
  /** Answers POST with 404, as token servers do that know only GET. */
  readonly getOnly?: boolean | undefined;
  /** Names the token `access_token` (OAuth), `token`, or both, as most do; the last where absent. */
  readonly field?: "token" | "access_token" | "both" | undefined;
  /** Milliseconds before each answer, so that requests meet. */
  readonly delay?: number | undefined;
}

/** One request that a token server got. */
export interface TokenRequest {
  readonly method: string;
  /** The path and query as they were sent. */
  readonly target: string;
  readonly service: string | undefined;
  /** The scopes asked for, each by itself. */
  readonly scopes: readonly string[];
  /** Who asked: a user's name, or undefined for nobody or a password that is wrong. */
  readonly user: string | undefined;
  readonly account: string | undefined;
  readonly clientId: string | undefined;
  readonly grantType: string | undefined;
  readonly offlineToken: boolean;
  readonly userAgent: string | undefined;
  readonly status: number;
}

/** What a request is answered with instead of a token. */
export interface TokenFailure {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

/** A server of tokens that a registry trusts: `startRegistry({ token: server.registry })`. */
export interface TestTokenServer {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly realm: string;
  readonly service: string;
  readonly registry: RegistryTokenOptions;
  /** All that were answered, the oldest first. */
  readonly requests: readonly TokenRequest[];
  /** How many were being answered at once, at the most. */
  readonly mostAtOnce: number;
  /** Answers the next requests so, in turn. */
  fail(...failures: readonly TokenFailure[]): void;
  /** A token signed as the server signs, for whatever is wanted. */
  token(
    access: readonly TokenAccess[],
    options?: { readonly lifetime?: number; readonly subject?: string },
  ): string;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TokenAccess {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

const issuer = "drayage test token server";
const service = "drayage test registry";
const bodyLimit = 64 * 1024;

/** Starts a token server of the docker registry's protocols: GET with a password, POST with OAuth's grants. */
export async function startTokenServer(options: TokenServerOptions = {}): Promise<TestTokenServer> {
  const signer = (await testCertificates()).selfSigned;
  const mint = tokenMint(signer);
  const requests: TokenRequest[] = [];
  const failures: TokenFailure[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = await readQuestion(request);
    if (options.delay !== undefined) await sleep(options.delay);
    const failure = failures.shift();
    const user = whoAsks(asked, options);
    const result = failure ?? grant({ asked, user, options, mint });
    requests.push({ ...asked.logged, user, status: result.status });
    response.writeHead(result.status, { "content-type": "application/json", ...result.headers });
    response.end(result.body);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    void answer(request, response)
      .catch((error: unknown) => response.writeHead(500).end(String(error)))
      .finally(() => {
        atOnce -= 1;
      });
  };
  const { tls } = options;
  const server =
    tls === undefined
      ? createPlainServer(listener)
      : createTlsServer({ cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }, listener);
  // A test that forgets it must not keep the process.
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const realm = `${tls === undefined ? "http" : "https"}://${host}/token`;
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return {
    host,
    realm,
    service,
    registry: { realm, service, issuer, certificate: signer.certificate },
    requests,
    get mostAtOnce() {
      return mostAtOnce;
    },
    fail: (...more) => void failures.push(...more),
    token: (access, { lifetime = 300, subject = "" } = {}) => mint({ access, lifetime, subject }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Question {
  readonly logged: Omit<TokenRequest, "user" | "status">;
  readonly basic: { readonly username: string; readonly password: string } | undefined;
  readonly refreshToken: string | undefined;
}

async function readQuestion(request: IncomingMessage): Promise<Question> {
  const target = request.url ?? "";
  const method = request.method ?? "";
  const url = new URL(target, "http://token.server");
  const fields = method === "POST" ? new URLSearchParams(await readBody(request)) : url.searchParams;
  const optional = (name: string): string | undefined => fields.get(name) ?? undefined;
  const grantType = optional("grant_type");
  return {
    logged: {
      method,
      target,
      service: optional("service"),
      scopes: fields.getAll("scope").flatMap((scope) => scope.split(" ").filter(Boolean)),
      account: optional("account"),
      clientId: optional("client_id"),
      grantType,
      offlineToken: fields.get("offline_token") === "true" || fields.get("access_type") === "offline",
      userAgent: request.headers["user-agent"],
    },
    basic:
      grantType === "password"
        ? { username: fields.get("username") ?? "", password: fields.get("password") ?? "" }
        : basicOf(request.headers.authorization),
    refreshToken: optional("refresh_token"),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > bodyLimit) throw new Error("the form is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function basicOf(header: string | undefined): Question["basic"] {
  const encoded = /^basic (.*)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const [username = "", ...password] = Buffer.from(encoded, "base64").toString().split(":");
  return { username, password: password.join(":") };
}

function whoAsks({ basic, refreshToken }: Question, { users = {} }: TokenServerOptions): string | undefined {
  if (refreshToken !== undefined) {
    return Object.entries(users).find(([, user]) => user.identityTokens?.includes(refreshToken))?.[0];
  }
  if (basic === undefined) return undefined;
  const user = users[basic.username];
  return user?.password !== undefined && user.password === basic.password ? basic.username : undefined;
}

type Mint = (claims: {
  readonly access: readonly TokenAccess[];
  readonly lifetime: number;
  readonly subject: string;
}) => string;

interface Request {
  readonly asked: Question;
  readonly user: string | undefined;
  readonly options: TokenServerOptions;
  readonly mint: Mint;
}

function grant({ asked, user, options, mint }: Request): TokenFailure {
  const { logged, basic, refreshToken } = asked;
  const isPost = logged.method === "POST";
  if (isPost && options.getOnly === true) return { status: 404, body: "{}" };
  if (!isPost && logged.method !== "GET") return { status: 405, body: "{}" };
  const says = basic !== undefined || refreshToken !== undefined;
  const holder = user === undefined ? undefined : options.users?.[user];
  const rights = says ? holder?.rights : options.anonymous;
  if (rights === undefined) return refused("UNAUTHORIZED", "authentication required");
  if (logged.service !== undefined && logged.service !== service)
    return { ...refused("UNSUPPORTED", "no such service"), status: 400 };

  const { lifetime = 300, statedLifetime = lifetime, field = "both" } = options;
  const access = logged.scopes.map(parseScope).map(({ type, name, actions }) => {
    const may = rightsFor(rights, `${type}:${name}`);
    return {
      type,
      name,
      actions: actions.filter((action) => may.includes("*") || may.includes(action as Right)),
    };
  });
  const token = mint({ access, lifetime, subject: user ?? "" });
  const identityToken = refreshToken ?? holder?.identityTokens?.[0];
  const answer = {
    ...(field !== "access_token" && { token }),
    ...(field !== "token" && { access_token: token }),
    ...(statedLifetime !== null && { expires_in: statedLifetime, issued_at: new Date().toISOString() }),
    ...((isPost || logged.offlineToken) && identityToken !== undefined && { refresh_token: identityToken }),
  };
  return { status: 200, body: JSON.stringify(answer) };
}

function refused(code: string, message: string): TokenFailure {
  return { status: 401, body: JSON.stringify({ errors: [{ code, message }], details: message }) };
}

/** `repository:name:pull,push`; a repository's name may have a port in it. */
function parseScope(scope: string): TokenAccess {
  const parts = scope.split(":");
  const [type = "", ...rest] = parts;
  const actions = (rest.pop() ?? "").split(",").filter(Boolean);
  return { type, name: rest.join(":"), actions };
}

function rightsFor(rights: TokenUser["rights"], scope: string): readonly Right[] {
  const fits = (pattern: string): boolean =>
    pattern.endsWith("*") ? scope.startsWith(pattern.slice(0, -1)) : pattern === scope;
  const [best] = Object.keys(rights)
    .filter(fits)
    .sort((a, b) => b.length - a.length);
  return best === undefined ? [] : (rights[best] ?? []);
}

/** Signs as docker-registry 2.8 wants it: ES256, with the certificate itself in the header. */
function tokenMint({ certificate, key }: CertificateFiles): Mint {
  const privateKey = createPrivateKey(readFileSync(key));
  const x5c = [new X509Certificate(readFileSync(certificate)).raw.toString("base64")];
  return ({ access, lifetime, subject }) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      sub: subject,
      aud: service,
      exp: now + lifetime,
      // The clocks are the same, but what was signed in this second must hold in it.
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access,
    };
    const signed = [{ typ: "JWT", alg: "ES256", x5c }, claims].map(encodePart).join(".");
    const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  };
}

function encodePart(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
