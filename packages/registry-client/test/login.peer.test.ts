import { readFileSync } from "node:fs";
import { digestBytes } from "@drayage/digest";
import { createHttpClient } from "@drayage/http";
import { mediaTypes } from "@drayage/manifest";
import {
  describeWithPeers,
  startRegistry,
  startTokenServer,
  type TestRegistry,
  type TestTokenServer,
  testCertificates,
} from "@drayage-internal/peers";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { bytesContent, type Credentials, createRegistryClient, type RegistryClient } from "../src/index.ts";
import { empty, manifestOf, randomBytes } from "./samples.ts";

const open: RegistryClient[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

function clientOf(host: string, credentials: Credentials | "none", bearerToken?: string): RegistryClient {
  const client = createRegistryClient({
    ...{ host, credentials, bearerToken },
    insecure: true,
    retry: { retries: 1, delay: 1 },
  });
  open.push(client);
  return client;
}

const password = "pässwörd: 100%";
const secrets = /pässwörd|of-ann|wrong one/;

/** What a call throws, which has no secret in it. */
async function failure(call: Promise<unknown>): Promise<unknown> {
  const error: unknown = await call.then(
    () => {
      throw new Error("it did not fail");
    },
    (reason: unknown) => reason,
  );
  for (let part: unknown = error; part instanceof Error; part = part.cause) {
    expect(`${part.message} ${part.stack} ${JSON.stringify(part)}`).not.toMatch(secrets);
  }
  return error;
}

describeWithPeers("docker-registry with passwords", ["docker-registry"], () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry({ htpasswd: { ann: password } });
  });
  afterAll(() => registry.stop());

  it("lets in who knows the password", async () => {
    const client = clientOf(registry.host, { username: "ann", password });
    await client.ping({ authenticate: true });
    const bytes = randomBytes(100_000);
    await client.repository("a").uploadBlob(bytesContent(bytes));
    expect(await client.repository("a").statBlob(digestBytes(bytes))).toEqual({ size: 100_000 });
  });

  it("says who has to log in, and what is wrong", async () => {
    const nobody = clientOf(registry.host, "none");
    await nobody.ping();
    const hint = expect.stringContaining(`dray login ${registry.host}`);
    expect(await failure(nobody.ping({ authenticate: true }))).toMatchObject({
      code: "ERR_DRAYAGE_UNAUTHORIZED",
      message: expect.stringContaining(`${registry.host} wants credentials`),
      hint,
    });
    const wrong = clientOf(registry.host, { username: "ann", password: "wrong one" });
    await wrong.ping();
    for (const call of [
      () => wrong.ping({ authenticate: true }),
      () => wrong.repository("a").resolve("v1"),
      () => wrong.repository("a").uploadBlob(bytesContent(empty)),
    ]) {
      expect(await failure(call())).toMatchObject({
        code: "ERR_DRAYAGE_UNAUTHORIZED",
        message: expect.stringContaining(`${registry.host} does not accept the credentials`),
        hint,
      });
    }
    // An identity token is nothing for basic authentication.
    const token = clientOf(registry.host, { identityToken: "of-ann" });
    expect(await failure(token.repository("a").resolve("v1"))).toMatchObject({
      code: "ERR_DRAYAGE_UNAUTHORIZED",
    });
  });
});

describeWithPeers("docker-registry with a token server", ["docker-registry"], () => {
  let server: TestTokenServer;
  let registry: TestRegistry;
  beforeAll(async () => {
    server = await startTokenServer({
      users: {
        ann: {
          password,
          identityTokens: ["of-ann"],
          rights: { "repository:team/*": ["pull", "push", "delete"], "registry:catalog": ["*"] },
        },
        bob: { password, rights: { "repository:team/*": ["pull"] } },
      },
      anonymous: { "repository:team/open": ["pull"] },
      lifetime: 300,
      delay: 5,
    });
    registry = await startRegistry({ token: server.registry, deletable: true });
  });
  afterAll(async () => {
    await registry.stop();
    await server.stop();
  });
  const asked = (from: number): readonly (readonly string[])[] =>
    server.requests.slice(from).map(({ scopes }) => [...scopes]);
  const ann = { username: "ann", password };

  it("gives a token for each set of scopes, once", async () => {
    const client = clientOf(registry.host, ann);
    const before = server.requests.length;
    const repository = client.repository("team/one");
    await repository.uploadBlob(bytesContent(empty));
    await repository.putManifest("v1", manifestOf({}), { mediaType: mediaTypes.ociManifest });
    await Promise.all(Array.from({ length: 8 }, () => repository.resolve("v1")));
    expect(asked(before)).toEqual([["repository:team/one:pull,push"]]);
    await client.repository("team/two").mountBlob(digestBytes(empty), "team/one");
    expect(asked(before)[1]).toEqual(["repository:team/one:pull", "repository:team/two:pull,push"]);
    expect(server.requests.at(-1)).toMatchObject({
      account: "ann",
      user: "ann",
      method: "GET",
      service: server.service,
    });
  });

  it("asks once for what many want at the same time", async () => {
    const client = clientOf(registry.host, "none");
    const before = server.requests.length;
    const repository = client.repository("team/open");
    const found = await Promise.allSettled(Array.from({ length: 8 }, () => repository.resolve("v1")));
    expect(found.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => "rejected"));
    expect(asked(before)).toEqual([["repository:team/open:pull"]]);
  });

  it("a hint of pushing spares a token", async () => {
    const client = clientOf(registry.host, ann);
    const before = server.requests.length;
    const repository = client.repository("team/hint", { access: "push" });
    expect(await repository.statBlob(digestBytes(empty))).toBeUndefined();
    await repository.uploadBlob(bytesContent(empty));
    expect(asked(before)).toEqual([["repository:team/hint:pull,push"]]);
  });

  it("takes identity tokens, by POST and from servers that know only GET", async () => {
    const before = server.requests.length;
    const client = clientOf(registry.host, { identityToken: "of-ann" });
    await client.ping({ authenticate: true });
    await client.repository("team/one").statBlob(digestBytes(empty));
    expect(server.requests.slice(before)).toMatchObject([
      { method: "POST", scopes: [], grantType: "refresh_token", clientId: "drayage", user: "ann" },
      { method: "POST", scopes: ["repository:team/one:pull"], user: "ann" },
    ]);
    expect(
      await failure(clientOf(registry.host, { identityToken: "wrong one" }).ping({ authenticate: true })),
    ).toMatchObject({
      code: "ERR_DRAYAGE_UNAUTHORIZED",
    });
  });

  it("lets nobody push where only pulling is allowed: denied, not unauthorized", async () => {
    const bob = clientOf(registry.host, { username: "bob", password });
    const repository = bob.repository("team/one");
    expect(await repository.statBlob(digestBytes(empty))).toEqual({ size: 2 });
    const before = server.requests.length;
    expect(await failure(repository.uploadBlob(bytesContent(empty)))).toMatchObject({
      code: "ERR_DRAYAGE_DENIED",
    });
    expect(server.requests.length - before).toBe(1);
    expect(
      await failure(repository.putManifest("v1", manifestOf({}), { mediaType: mediaTypes.ociManifest })),
    ).toMatchObject({
      code: "ERR_DRAYAGE_DENIED",
      message: expect.stringContaining("cannot write team/one:v1"),
      hint: expect.stringContaining(`dray login ${registry.host}`),
    });
    expect(await repository.mountBlob(digestBytes(empty), "team/two")).toBe(false);
  });

  it("refuses a wrong password, and asks for it once", async () => {
    const wrong = clientOf(registry.host, { username: "ann", password: "wrong one" });
    const before = server.requests.length;
    expect(await failure(wrong.ping({ authenticate: true }))).toMatchObject({
      code: "ERR_DRAYAGE_UNAUTHORIZED",
    });
    expect(server.requests.length - before).toBe(1);
  });

  it("lists the catalog for those who may", async () => {
    const names: string[] = [];
    for await (const name of clientOf(registry.host, ann).catalog()) names.push(name);
    expect(names).toContain("team/one");
    expect(
      await failure(
        clientOf(registry.host, { username: "bob", password }).catalog()[Symbol.asyncIterator]().next(),
      ),
    ).toMatchObject({
      code: "ERR_DRAYAGE_DENIED",
    });
  });

  it("a token that the user has is sent as it is", async () => {
    const before = server.requests.length;
    const token = server.token([{ type: "repository", name: "team/one", actions: ["pull"] }]);
    const client = clientOf(registry.host, "none", token);
    expect((await client.repository("team/one").resolve("v1")).mediaType).toBe(mediaTypes.ociManifest);
    expect(await failure(client.repository("team/two").resolve("v1"))).toMatchObject({
      code: "ERR_DRAYAGE_DENIED",
    });
    expect(server.requests.length).toBe(before);
  });

  it("a token that has expired is asked for anew, once", async () => {
    const short = await startTokenServer({
      users: { ann: { password, rights: { "repository:team/*": ["pull", "push"] } } },
      // Sixty seconds is what every token is taken to hold: this one does not.
      lifetime: -3600,
    });
    const other = await startRegistry({ token: short.registry });
    const client = clientOf(other.host, ann);
    expect(await failure(client.repository("team/one").resolve("v1"))).toMatchObject({
      code: "ERR_DRAYAGE_UNAUTHORIZED",
    });
    const first = short.requests.length;
    expect(first).toBe(1);
    await other.stop();
    await short.stop();
  });
});

describeWithPeers("docker-registry with TLS", ["docker-registry", "openssl"], () => {
  it("is reached by HTTPS, also where plain HTTP would do, and its certificate is checked", async () => {
    const { server, authority } = await testCertificates();
    const registry = await startRegistry({ tls: server });
    const ca = [readFileSync(authority.certificate, "utf8")];
    for (const insecure of [false, true]) {
      const trusting = createRegistryClient({
        host: registry.host,
        http: createHttpClient({ tls: { ca } }),
        insecure,
      });
      open.push(trusting);
      const bytes = randomBytes(10_000);
      await trusting.repository("a").uploadBlob(bytesContent(bytes));
      expect(await trusting.repository("a").statBlob(digestBytes(bytes))).toEqual({ size: 10_000 });
      const strict = createRegistryClient({ host: registry.host, insecure, retry: { retries: 0 } });
      open.push(strict);
      await expect(strict.ping()).rejects.toMatchObject({ code: "ERR_DRAYAGE_TLS" });
    }
    expect(registry.log()).not.toContain("client sent an HTTP request to an HTTPS server");
    await registry.stop();
  });
});
