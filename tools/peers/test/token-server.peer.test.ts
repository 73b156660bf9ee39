import { expect, it } from "vitest";
import { describeWithPeers, startRegistry, startTokenServer } from "../src/index.ts";

describeWithPeers("a token server", ["docker-registry", "openssl"], () => {
  const users = {
    alice: {
      password: "secret",
      identityTokens: ["the-identity-of-alice"],
      rights: {
        "repository:team/*": ["pull", "push"],
        "repository:team/private": [],
        "registry:catalog": ["*"],
      },
    },
  } as const;

  async function ask(realm: string, query: string, login?: string): Promise<Response> {
    const headers: Record<string, string> =
      login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
    return fetch(`${realm}?service=${encodeURIComponent("drayage test registry")}&${query}`, { headers });
  }

  async function tokenOf(response: Response): Promise<string> {
    expect(response.status).toBe(200);
    return ((await response.json()) as { token: string }).token;
  }

  function bearer(token: string, method = "GET"): RequestInit {
    return { method, headers: { authorization: `Bearer ${token}` } };
  }

  it("gives tokens that the registry takes for what they are for, and for nothing else", async () => {
    await using tokens = await startTokenServer({ users });
    await using registry = await startRegistry({ token: tokens.registry });
    const unauthorized = await fetch(`${registry.url}/v2/team/hello/tags/list`);
    expect(unauthorized.status).toBe(401);
    expect(unauthorized.headers.get("www-authenticate")).toBe(
      `Bearer realm="${tokens.realm}",service="drayage test registry",scope="repository:team/hello:pull"`,
    );
    const token = await tokenOf(await ask(tokens.realm, "scope=repository:team/hello:pull", "alice:secret"));
    expect((await fetch(`${registry.url}/v2/team/hello/tags/list`, bearer(token))).status).toBe(404);
    const upload = `${registry.url}/v2/team/hello/blobs/uploads/`;
    expect((await fetch(upload, bearer(token, "POST"))).status).toBe(401);

    const both = await tokenOf(
      await ask(
        tokens.realm,
        "scope=repository:team/hello:pull,push&scope=registry:catalog:*",
        "alice:secret",
      ),
    );
    expect((await fetch(upload, bearer(both, "POST"))).status).toBe(202);
    expect((await fetch(`${registry.url}/v2/_catalog`, bearer(both))).status).toBe(200);

    const none = await tokenOf(await ask(tokens.realm, "scope=repository:team/private:pull", "alice:secret"));
    expect((await fetch(`${registry.url}/v2/team/private/tags/list`, bearer(none))).status).toBe(401);
    expect(tokens.requests.map(({ user, scopes, status }) => ({ user, scopes, status }))).toEqual([
      { user: "alice", scopes: ["repository:team/hello:pull"], status: 200 },
      { user: "alice", scopes: ["repository:team/hello:pull,push", "registry:catalog:*"], status: 200 },
      { user: "alice", scopes: ["repository:team/private:pull"], status: 200 },
    ]);
  });

  it("refuses wrong passwords and nobody, unless nobody has rights", async () => {
    await using tokens = await startTokenServer({ users });
    expect((await ask(tokens.realm, "", "alice:wrong")).status).toBe(401);
    expect((await ask(tokens.realm, "", "mallory:secret")).status).toBe(401);
    expect((await ask(tokens.realm, "")).status).toBe(401);
    await using open = await startTokenServer({ users, anonymous: { "repository:*": ["pull"] } });
    expect((await ask(open.realm, "")).status).toBe(200);
    expect((await ask(open.realm, "", "alice:wrong")).status).toBe(401);
  });

  it("takes identity tokens and passwords by POST", async () => {
    await using tokens = await startTokenServer({ users, field: "access_token" });
    const post = (fields: Record<string, string>): Promise<Response> =>
      fetch(tokens.realm, {
        method: "POST",
        body: new URLSearchParams({ service: tokens.service, client_id: "test", ...fields }),
      });
    const scope = "repository:team/a:pull repository:team/b:pull";
    const refreshed = await post({
      grant_type: "refresh_token",
      refresh_token: "the-identity-of-alice",
      scope,
    });
    const answer = (await refreshed.json()) as Record<string, unknown>;
    expect(Object.keys(answer).sort()).toEqual(["access_token", "expires_in", "issued_at", "refresh_token"]);
    expect((await post({ grant_type: "refresh_token", refresh_token: "another" })).status).toBe(401);
    expect((await post({ grant_type: "password", username: "alice", password: "secret" })).status).toBe(200);
    expect(tokens.requests[0]).toMatchObject({
      method: "POST",
      user: "alice",
      grantType: "refresh_token",
      clientId: "test",
      scopes: ["repository:team/a:pull", "repository:team/b:pull"],
      status: 200,
    });
  });

  it("its tokens expire", async () => {
    await using tokens = await startTokenServer({ users });
    await using registry = await startRegistry({ token: tokens.registry });
    const status = async (lifetime: number): Promise<number> =>
      (await fetch(`${registry.url}/v2/`, bearer(tokens.token([], { lifetime })))).status;
    expect(await status(300)).toBe(200);
    // docker-registry forgives a minute.
    expect(await status(-120)).toBe(401);
  });

  it("fails on demand, and tells how many asked at once", async () => {
    await using tokens = await startTokenServer({ users, delay: 50 });
    tokens.fail({ status: 503 }, { status: 429, headers: { "retry-after": "1" } });
    const answers = await Promise.all([1, 2, 3].map(() => ask(tokens.realm, "", "alice:secret")));
    expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 429, 503]));
    expect(tokens.mostAtOnce).toBe(3);
  });
});
