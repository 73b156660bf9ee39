import type { HttpRequest } from "@drayage/http";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
  type Credentials,
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
} from "../src/index.ts";
import { type FakeAnswer, type FakeHttp, fakeHttp } from "./fake-http.ts";

const realm = "https://auth.example/token";
const challenge = `Bearer realm="${realm}",service="registry.example"`;
const ann = { username: "ann", password: "secret one" };

interface Scenario {
  /** Answers to the token server. */
  readonly token?: (request: HttpRequest, number: number) => FakeAnswer;
  /** Of the registry, to a request with this token. */
  readonly registry?: (request: HttpRequest, token: string | undefined) => FakeAnswer;
  readonly challenge?: string;
  readonly options?: Partial<RegistryClientOptions>;
}

/** A registry and its token server, which gives out `t1`, `t2`, …; each is taken. */
function start(scenario: Scenario = {}): { client: RegistryClient; http: FakeHttp; asked(): HttpRequest[] } {
  let tokens = 0;
  const isToken = ({ url }: HttpRequest): boolean => new URL(url).pathname === "/token";
  const unauthorized = { status: 401, headers: { "www-authenticate": scenario.challenge ?? challenge } };
  const http = fakeHttp((request) => {
    if (isToken(request)) {
      tokens++;
      return (
        scenario.token?.(request, tokens) ?? { status: 200, body: JSON.stringify({ token: `t${tokens}` }) }
      );
    }
    const token = /^Bearer (.*)$/.exec(request.headers?.authorization ?? "")?.[1];
    if (scenario.registry !== undefined) return scenario.registry(request, token);
    return token === undefined ? unauthorized : { status: 404 };
  });
  const client = createRegistryClient({
    host: "registry.example",
    http,
    credentials: ann,
    retry: { retries: 0 },
    ...scenario.options,
  });
  return { client, http, asked: () => http.requests.filter(isToken) };
}

const missing = `sha256:${"0".repeat(64)}` as Parameters<
  ReturnType<RegistryClient["repository"]>["statBlob"]
>[0];
const stat = (client: RegistryClient, path = "a"): Promise<unknown> =>
  client.repository(path).statBlob(missing);

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-01T00:00:00Z") }));
afterEach(() => vi.useRealTimers());

it("with credentials the registry is asked how first; a token is then sent with every request", async () => {
  const { client, http } = start();
  const repository = client.repository("a/b");
  await repository.statBlob(missing);
  await repository.statBlob(missing);
  expect(http.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET https://registry.example/v2/",
    "GET https://auth.example/token?account=ann&service=registry.example&scope=repository%3Aa%2Fb%3Apull",
    `HEAD https://registry.example/v2/a/b/blobs/${missing}`,
    `HEAD https://registry.example/v2/a/b/blobs/${missing}`,
  ]);
  expect(http.requests.map(({ headers }) => headers?.authorization)).toEqual([
    undefined,
    `Basic ${btoa("ann:secret one")}`,
    "Bearer t1",
    "Bearer t1",
  ]);
});

it("without credentials the first request finds out by itself", async () => {
  const { client, http } = start({ options: { credentials: "none" } });
  await stat(client);
  expect(http.requests.map(({ method }) => method)).toEqual(["HEAD", "GET", "HEAD"]);
  expect(http.requests[1]?.headers?.authorization).toBeUndefined();
  const open = start({ options: { credentials: "none" }, registry: () => ({ status: 404 }) });
  await stat(open.client);
  expect(open.http.requests.map(({ method }) => method)).toEqual(["HEAD"]);
});

it("registries that name their ways in only when asked for them are asked", async () => {
  const { client, http } = start({
    options: { credentials: "none" },
    registry: ({ url }, token) => {
      if (token !== undefined) return { status: 404 };
      return { status: 401, headers: url.endsWith("/v2/") ? { "www-authenticate": challenge } : {} };
    },
  });
  await stat(client);
  expect(http.requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
    `HEAD /v2/a/blobs/${missing}`,
    "GET /v2/",
    "GET /token",
    `HEAD /v2/a/blobs/${missing}`,
  ]);
});

it("credentials are looked up by the repository's name, once, and by the host's for the rest", async () => {
  const names: string[] = [];
  const keychain = {
    credentials: async (name: string): Promise<Credentials> => {
      names.push(name);
      return { username: name, password: "secret one" };
    },
  };
  const { client, asked } = start({ options: { keychain, credentials: undefined } });
  const repository = client.repository("a/b");
  await Promise.all([repository.statBlob(missing), repository.statBlob(missing)]);
  await client.ping({ authenticate: true }).catch(() => {});
  expect(names).toEqual(["registry.example/a/b", "registry.example"]);
  expect(asked().map(({ url }) => new URL(url).searchParams.get("account"))).toEqual(names);
});

it("docker.io is reached where its registry is, with its own credentials", async () => {
  const names: string[] = [];
  const keychain = {
    credentials: async (name: string) => {
      names.push(name);
      return undefined;
    },
  };
  const { client, http } = start({ options: { host: "docker.io", keychain, credentials: undefined } });
  await stat(client, "library/busybox");
  expect(names).toEqual(["docker.io/library/busybox"]);
  expect(new URL(http.requests[0]?.url ?? "").host).toBe("registry-1.docker.io");
});

it("a token holds as long as its server says, and sixty seconds at least", async () => {
  const life = async (fields: Record<string, unknown>, seconds: number): Promise<number> => {
    const { client, asked } = start({
      token: () => ({
        status: 200,
        headers: { date: "Thu, 01 Jan 2026 05:00:00 GMT" },
        body: JSON.stringify({ access_token: "t", ...fields }),
      }),
    });
    const repository = client.repository("a");
    await repository.statBlob(missing);
    vi.setSystemTime(Date.now() + seconds * 1000);
    await repository.statBlob(missing);
    return asked().length;
  };
  expect(await life({}, 59)).toBe(1);
  expect(await life({}, 61)).toBe(2);
  expect(await life({ expires_in: 5 }, 59)).toBe(1);
  expect(await life({ expires_in: 300 }, 299)).toBe(1);
  expect(await life({ expires_in: 300 }, 301)).toBe(2);
  // By the server's clock, which may be another.
  expect(await life({ expires_in: 300, issued_at: "2026-01-01T04:58:20Z" }, 199)).toBe(1);
  expect(await life({ expires_in: 300, issued_at: "2026-01-01T04:58:20Z" }, 201)).toBe(2);
  expect(await life({ expires_in: 300, issued_at: "2026-01-01T05:10:00Z" }, 301)).toBe(2);
  expect(await life({ expires_in: 300, issued_at: "yesterday" }, 299)).toBe(1);
});

it("a token that is not taken any more is asked for anew, once", async () => {
  let taken = "t1";
  const { client, asked, http } = start({
    registry: (_, token) =>
      token === taken
        ? { status: 404 }
        : { status: 401, headers: { "www-authenticate": `${challenge},error="invalid_token"` } },
  });
  const repository = client.repository("a");
  await repository.statBlob(missing);
  taken = "t2";
  await Promise.all([
    repository.statBlob(missing),
    repository.statBlob(missing),
    repository.statBlob(missing),
  ]);
  expect(asked()).toHaveLength(2);
  taken = "none";
  http.requests.length = 0;
  await expect(repository.statBlob(missing)).rejects.toMatchObject({ code: "ERR_DRAYAGE_UNAUTHORIZED" });
  expect(http.requests.map(({ method }) => method)).toEqual(["HEAD", "GET", "HEAD"]);
});

it("a registry that wants more scopes gets a token for them, and where that does not help it is denied", async () => {
  const insufficient = (scope: string): FakeAnswer => ({
    status: 401,
    headers: { "www-authenticate": `${challenge},error="insufficient_scope",scope="${scope}"` },
  });
  const helped = start({
    registry: (_, token) =>
      token === "t2" ? { status: 404 } : insufficient("repository:a:pull repository:a/cache:pull"),
  });
  await stat(helped.client);
  expect(helped.asked().map(({ url }) => new URL(url).searchParams.getAll("scope"))).toEqual([
    ["repository:a:pull"],
    ["repository:a:pull", "repository:a/cache:pull"],
  ]);
  const denied = start({
    registry: (_, token) =>
      token === undefined
        ? { status: 401, headers: { "www-authenticate": challenge } }
        : insufficient("repository:a:pull"),
  });
  await expect(stat(denied.client)).rejects.toMatchObject({
    code: "ERR_DRAYAGE_DENIED",
    message: `cannot find a@${missing} at registry.example: registry.example does not allow it`,
  });
  expect(denied.asked()).toHaveLength(1);
  // One that wants something else each time is not followed for ever.
  let wish = 0;
  const greedy = start({
    registry: () => (wish < 20 ? insufficient(`repository:x${wish++}:pull`) : { status: 404 }),
  });
  await expect(stat(greedy.client)).rejects.toMatchObject({ code: "ERR_DRAYAGE_DENIED" });
  expect(greedy.asked().length).toBeLessThan(5);
});

it("an identity token goes by POST, and by GET where there is no POST", async () => {
  const bodies: (string | undefined)[] = [];
  const options = { credentials: { identityToken: "refresh me" } };
  const { client, asked } = start({
    options,
    token: (request) => {
      bodies.push(request.body instanceof Uint8Array ? new TextDecoder().decode(request.body) : undefined);
      return request.method === "POST" ? { status: 405 } : { status: 200, body: '{"token":"t"}' };
    },
  });
  await stat(client);
  expect(bodies).toEqual([
    "grant_type=refresh_token&client_id=drayage&service=registry.example&scope=repository%3Aa%3Apull&refresh_token=refresh+me",
    undefined,
  ]);
  expect(asked().map(({ method, url, headers }) => [method, url, headers?.authorization])).toEqual([
    ["POST", realm, undefined],
    [
      "GET",
      `${realm}?service=registry.example&scope=repository%3Aa%3Apull`,
      `Basic ${btoa("<token>:refresh me")}`,
    ],
  ]);
});

for (const [what, bad] of [
  ["plain HTTP", 'Bearer realm="http://auth.example/token"'],
  ["credentials in its URL", 'Bearer realm="https://a:b@auth.example/token"'],
  ["no realm", 'Bearer service="registry.example"'],
  ["another scheme", 'Bearer realm="file:///etc/passwd"'],
  ["no URL", 'Bearer realm="/token"'],
  ["a malformed header", 'Bearer realm="https://auth.example/token'],
] as const) {
  it(`a realm with ${what} gets no credentials`, async () => {
    const { client, http } = start({ challenge: bad });
    await expect(stat(client)).rejects.toMatchObject({ code: "ERR_DRAYAGE_REGISTRY" });
    expect(http.requests.filter(({ headers }) => headers?.authorization !== undefined)).toEqual([]);
  });
}

for (const [what, answer, code] of [
  ["no JSON", { status: 200, body: "<html>" }, "ERR_DRAYAGE_REGISTRY"],
  ["no token", { status: 200, body: "{}" }, "ERR_DRAYAGE_REGISTRY"],
  ["a token of two lines", { status: 200, body: '{"token":"a\\r\\nx: y"}' }, "ERR_DRAYAGE_REGISTRY"],
  ["too much", { status: 200, body: " ".repeat(1024 * 1024 + 1) }, "ERR_DRAYAGE_LIMIT_EXCEEDED"],
  ["401", { status: 401, body: '{"details":"incorrect username or password"}' }, "ERR_DRAYAGE_UNAUTHORIZED"],
  ["429", { status: 429 }, "ERR_DRAYAGE_RATE_LIMITED"],
  ["503", { status: 503, body: "<html>" }, "ERR_DRAYAGE_REGISTRY"],
] as const) {
  it(`a token server that answers ${what} is an error of its own`, async () => {
    const { client } = start({ token: () => answer });
    await expect(stat(client)).rejects.toMatchObject({ code });
  });
}

it("a 401 of another host, to which the registry redirected, is answered with nothing", async () => {
  const { client, http } = start({
    registry: (_, token) =>
      token === undefined
        ? { status: 401, headers: { "www-authenticate": challenge } }
        : {
            status: 401,
            url: "https://evil.example/",
            headers: { "www-authenticate": 'Bearer realm="https://evil.example/token"' },
          },
  });
  const repository = client.repository("a");
  for (let time = 0; time < 2; time++) {
    await expect(repository.statBlob(missing)).rejects.toMatchObject({ code: "ERR_DRAYAGE_UNAUTHORIZED" });
  }
  expect(http.requests.filter(({ url }) => url.includes("evil"))).toEqual([]);
});

it("who leaves a shared token request does not end it for the others; when all have left it ends", async () => {
  const signals: (AbortSignal | undefined)[] = [];
  let release: (() => void) | undefined;
  const http = fakeHttp(async (request) => {
    if (request.url.startsWith(realm)) {
      signals.push(request.signal);
      await new Promise<void>((resolve) => {
        release = resolve;
        request.signal?.addEventListener("abort", () => resolve());
      });
      return { status: 200, body: '{"token":"t"}' };
    }
    if (request.headers?.authorization === undefined)
      return { status: 401, headers: { "www-authenticate": challenge } };
    return { status: 404 };
  });
  const client = createRegistryClient({ host: "registry.example", http, credentials: ann });
  const repository = client.repository("a");
  const impatient = new AbortController();
  const both = [repository.statBlob(missing, { signal: impatient.signal }), repository.statBlob(missing)];
  await vi.waitUntil(() => release !== undefined);
  impatient.abort();
  await expect(both[0]).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
  release?.();
  expect(await both[1]).toBeUndefined();

  const alone = new AbortController();
  release = undefined;
  const left = client.repository("b").statBlob(missing, { signal: alone.signal });
  await vi.waitUntil(() => release !== undefined);
  alone.abort();
  await expect(left).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  expect(signals.map((signal) => signal?.aborted)).toEqual([false, true]);
});

it("a user name with a colon cannot be sent", async () => {
  const { client } = start({ options: { credentials: { username: "a:b", password: "secret one" } } });
  await expect(stat(client)).rejects.toMatchObject({ code: "ERR_DRAYAGE_CREDENTIALS" });
});

it("who gave credentials is told of them, who has a login of it, and who writes is not told of looking", async () => {
  const refuses = { token: () => ({ status: 401 }) };
  const failure = async ({ client }: ReturnType<typeof start>, access: "pull" | "push"): Promise<unknown> =>
    client
      .repository("a", { access })
      .statBlob(missing)
      .then(undefined, ({ message, hint }) => ({ message, hint }));
  const wrong = "registry.example: registry.example does not accept the credentials";
  expect(await failure(start(refuses), "push")).toEqual({
    message: `cannot write a@${missing} at ${wrong}`,
    hint: "check the credentials that were given (--creds), or leave them out and log in: dray login registry.example",
  });
  const stored = { credentials: undefined, keychain: { credentials: async () => ann } };
  expect(await failure(start({ ...refuses, options: stored }), "pull")).toEqual({
    message: `cannot find a@${missing} at ${wrong}`,
    hint: "log in again: dray login registry.example",
  });
  // The registry itself refuses, without a token server.
  const basic = { challenge: 'Basic realm="all"' };
  expect(
    await failure(
      start({
        ...basic,
        registry: () => ({ status: 401, headers: { "www-authenticate": 'Basic realm="all"' } }),
      }),
      "push",
    ),
  ).toEqual({
    message: `cannot write a@${missing} at ${wrong}`,
    hint: "check the credentials that were given (--creds), or leave them out and log in: dray login registry.example",
  });
  const nobody = start({
    ...refuses,
    ...{
      registry: () => ({ status: 401, headers: { "www-authenticate": 'Basic realm="all"' } }),
      options: { credentials: "none" },
    },
  });
  expect(await failure(nobody, "push")).toEqual({
    message: `cannot write a@${missing} at registry.example: registry.example wants credentials`,
    hint: "log in: dray login registry.example",
  });
});
