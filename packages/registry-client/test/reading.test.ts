import { digestBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { HttpRequest } from "@drayage/http";
import { mediaTypes } from "@drayage/manifest";
import { expect, it } from "vitest";
import { createRegistryClient, type RegistryClient } from "../src/index.ts";
import { type FakeAnswer, type FakeHttp, fakeHttp } from "./fake-http.ts";
import { encode, manifestOf } from "./samples.ts";

function start(handle: (request: HttpRequest, path: string) => FakeAnswer): {
  client: RegistryClient;
  http: FakeHttp;
} {
  const http = fakeHttp((request) => {
    const { pathname, search } = new URL(request.url);
    return handle(request, pathname + search);
  });
  return { client: createRegistryClient({ host: "registry.example", http, retry: { retries: 0 } }), http };
}

const paths = ({ requests }: FakeHttp): string[] =>
  requests.map(({ method, url }) => `${method} ${url.replace("https://registry.example", "")}`);

async function all(names: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const name of names) found.push(name);
  return found;
}

const tags = (...names: string[]): string => JSON.stringify({ name: "a", tags: names });

it("tags are read page after page, as the links lead", async () => {
  const { client, http } = start((_, path) => {
    if (path === "/v2/a/tags/list?n=2")
      return {
        status: 200,
        headers: { link: '</v2/a/tags/list?n=2&last=b>; rel="next"' },
        body: tags("a", "b"),
      };
    if (path === "/v2/a/tags/list?n=2&last=b")
      return {
        status: 200,
        headers: { link: '<http://registry.example/v2/more>; rel="next"' },
        body: tags("c", "d"),
      };
    return { status: 200, body: tags("e") };
  });
  expect(await all(client.repository("a").tags({ pageSize: 2 }))).toEqual(["a", "b", "c", "d", "e"]);
  // Behind a proxy that ends TLS a registry may take itself for plain HTTP: HTTPS stays.
  expect(http.requests.at(-1)?.url).toBe("https://registry.example/v2/more");
});

it("registries without links are asked for what follows the last tag", async () => {
  const known = ["a", "b", "c", "d"];
  const { client, http } = start((_, path) => {
    const query = new URL(path, "http://x").searchParams;
    const from = known.indexOf(query.get("last") ?? "") + 1;
    return { status: 200, body: tags(...known.slice(from, from + Number(query.get("n")))) };
  });
  expect(await all(client.repository("a").tags({ pageSize: 2 }))).toEqual(known);
  expect(http.requests).toHaveLength(3);
  expect(await all(client.repository("a").tags({ pageSize: 3 }))).toEqual(known);
  const stubborn = start(() => ({ status: 200, body: tags("a", "b") }));
  expect(await all(stubborn.client.repository("a").tags({ pageSize: 2 }))).toEqual(["a", "b"]);
});

it("lists without an end are given up", async () => {
  const body = encode(`{"tags":["t"]}${" ".repeat(49 * 1024 * 1024)}`);
  let page = 0;
  const { client } = start(() => ({
    status: 200,
    headers: { link: `</v2/a/tags/list?page=${++page}>; rel="next"` },
    body,
  }));
  await expect(all(client.repository("a").tags())).rejects.toMatchObject({
    code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
  });
  expect(page).toBe(6);
});

it("links to another host, or in circles, are refused", async () => {
  for (const link of [
    "https://evil.example/v2/a/tags/list",
    "//evil.example/x",
    "http://evil.example/",
    "/v2/a/tags/list",
    "?",
  ]) {
    const { client, http } = start(() => ({
      status: 200,
      headers: { link: `<${link}>; rel="next"` },
      body: tags("a"),
    }));
    await expect(all(client.repository("a").tags())).rejects.toMatchObject({ code: "ERR_DRAYAGE_REGISTRY" });
    expect(http.requests.filter(({ url }) => !url.startsWith("https://registry.example/"))).toEqual([]);
  }
});

it("what is no list of tags is refused", async () => {
  for (const body of [
    "",
    "[]",
    "null",
    '{"tags":"a"}',
    '{"tags":[1]}',
    '{"tags":["a\\nb"]}',
    '{"tags":["\\u001b[2J"]}',
  ]) {
    const { client } = start(() => ({ status: 200, body }));
    const listed = all(client.repository("a").tags());
    if (body === "[]") expect(await listed).toEqual([]);
    else await expect(listed).rejects.toMatchObject({ code: "ERR_DRAYAGE_REGISTRY" });
  }
  const { client } = start(() => ({ status: 200, body: '{"tags":null}' }));
  expect(await all(client.repository("a").tags())).toEqual([]);
});

it("a registry without a catalog says so", async () => {
  for (const status of [404, 405]) {
    const { client } = start(({ url }) => ({ status: url.endsWith("/v2/") ? 200 : status }));
    await expect(all(client.catalog())).rejects.toMatchObject({
      code: "ERR_DRAYAGE_REGISTRY_UNSUPPORTED",
      message: "registry.example does not list its repositories",
    });
  }
});

const bytes = manifestOf({});
const digest = digestBytes(bytes);
const mediaType = mediaTypes.ociManifest;
const described = {
  "content-type": mediaType,
  "docker-content-digest": digest,
  "content-length": String(bytes.length),
};

it("one HEAD resolves a tag; a GET follows only where it does not say it all", async () => {
  const whole = start(() => ({ status: 200, headers: described }));
  expect(await whole.client.repository("a").resolve("v1")).toEqual({ mediaType, digest, size: bytes.length });
  expect(paths(whole.http)).toEqual(["HEAD /v2/a/manifests/v1"]);
  for (const header of ["content-type", "docker-content-digest", "content-length"]) {
    const { client, http } = start(({ method }) => ({
      status: 200,
      headers: { ...described, [header]: "x" },
      body: method === "GET" ? bytes : "",
    }));
    expect(await client.repository("a").resolve("v1")).toEqual({ mediaType, digest, size: bytes.length });
    expect(paths(http)).toEqual(["HEAD /v2/a/manifests/v1", "GET /v2/a/manifests/v1"]);
  }
  const noHead = start(({ method }) => (method === "HEAD" ? { status: 405 } : { status: 200, body: bytes }));
  expect(await noHead.client.repository("a").resolve("v1")).toEqual({
    mediaType,
    digest,
    size: bytes.length,
  });
});

it("names that could lead elsewhere are refused before anything is sent", async () => {
  const { client, http } = start(() => ({ status: 200 }));
  const invalid = { code: "ERR_DRAYAGE_REFERENCE_INVALID" };
  for (const path of ["", "A", "../b", "a//b", "a?b", "a/", "/a", "a%2fb", "a:b"]) {
    expect(() => client.repository(path), path).toThrow(expect.objectContaining(invalid));
  }
  for (const reference of ["", "../x", "a/b", "a?b", "a#b", "sha256:00", `${"a".repeat(129)}`]) {
    await expect(client.repository("a").resolve(reference), reference).rejects.toMatchObject(invalid);
    await expect(client.repository("a").deleteTag(reference), reference).rejects.toMatchObject(invalid);
  }
  for (const host of ["", "https://a", "a/b", "a@b", "a:b", "a b", "user:pass@host"]) {
    expect(() => createRegistryClient({ host }), host).toThrow(expect.objectContaining(invalid));
  }
  expect(http.requests).toEqual([]);
});

it("a manifest that is too large is refused", async () => {
  const { client } = start(() => ({ status: 200, body: new Uint8Array(4 * 1024 * 1024 + 1) }));
  await expect(client.repository("a").manifest("v1")).rejects.toMatchObject({
    code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
  });
});

it("deletes a tag alone where the registry does", async () => {
  const { client, http } = start(() => ({ status: 202 }));
  await client.repository("a").deleteTag("v1");
  expect(paths(http)).toEqual(["DELETE /v2/a/manifests/v1"]);
});

const index = (...manifests: unknown[]): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
const entry = (number: number, artifactType: string) => ({
  mediaType,
  digest: digestBytes(encode(String(number))),
  size: number,
  artifactType,
});
const asIndex = { "content-type": `${mediaTypes.ociIndex}; charset=utf-8` };

it("referrers are asked of the API, page after page, and filtered where it does not filter", async () => {
  const { client, http } = start((_, path) =>
    path.endsWith("&page=2")
      ? { status: 200, headers: asIndex, body: index(entry(3, "x/y")) }
      : {
          status: 200,
          headers: { ...asIndex, link: `<${path}&page=2>; rel="next"` },
          body: index(entry(1, "x/y"), entry(2, "x/z")),
        },
  );
  const found = await client.repository("a").referrers(digest, { artifactType: "x/y" });
  expect(found).toEqual([entry(1, "x/y"), entry(3, "x/y")]);
  expect(paths(http)).toEqual([
    `GET /v2/a/referrers/${digest}?artifactType=x%2Fy`,
    `GET /v2/a/referrers/${digest}?artifactType=x%2Fy&page=2`,
  ]);
});

it("where there is no API the fallback tag is read, and where that is none there are no referrers", async () => {
  const tag = digest.replace(":", "-");
  for (const missing of [
    { status: 404 },
    { status: 405 },
    { status: 200, headers: { "content-type": "text/html" }, body: "<html>" },
  ]) {
    const { client, http } = start((_, path) =>
      path.includes("/referrers/")
        ? missing
        : { status: 200, headers: asIndex, body: index(entry(1, "x/y")) },
    );
    expect(await client.repository("a").referrers(digest)).toEqual([entry(1, "x/y")]);
    expect(paths(http)[1]).toBe(`GET /v2/a/manifests/${tag}`);
  }
  const image = start((_, path) =>
    path.includes("/referrers/") ? { status: 404 } : { status: 200, body: bytes },
  );
  expect(await image.client.repository("a").referrers(digest)).toEqual([]);
  const denied = start((_, path) => (path.includes("/referrers/") ? { status: 404 } : { status: 403 }));
  await expect(denied.client.repository("a").referrers(digest)).rejects.toMatchObject({
    code: "ERR_DRAYAGE_DENIED",
  });
});

it("a manifest is put again where the registry doubts its digests, which it does while another pushes the same blobs", async () => {
  const doubt = JSON.stringify({
    errors: [
      { code: "DIGEST_INVALID", message: "provided digest did not match uploaded content" },
      { code: "MANIFEST_BLOB_UNKNOWN", message: "blob unknown to registry" },
    ],
  });
  for (const [doubts, retries, puts] of [
    [2, 5, 3],
    [9, 5, 4],
    [9, 1, 2],
  ] as const) {
    let asked = 0;
    const http = fakeHttp(() => (++asked <= doubts ? { status: 400, body: doubt } : { status: 201 }));
    const client = createRegistryClient({ host: "registry.example", http, retry: { retries, delay: 0 } });
    const put = client.repository("a").putManifest("v1", bytes, { mediaType });
    if (puts <= doubts) {
      await expect(put).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    } else {
      expect(await put).toEqual({ digest });
    }
    expect(paths(http)).toEqual(Array.from({ length: puts }, () => "PUT /v2/a/manifests/v1"));
  }
});

const subject = { mediaType, digest, size: bytes.length };
const referrer = manifestOf({ subject });

it("a registry that notes the subject by itself is left alone", async () => {
  const { client, http } = start(() => ({ status: 201, headers: { "oci-subject": digest } }));
  await client.repository("a").putManifest("v1", referrer, { mediaType });
  expect(paths(http)).toEqual(["PUT /v2/a/manifests/v1"]);
});

it("what another writes to the fallback tag at the same time is kept", async () => {
  let stored: string | undefined;
  let steals = 2;
  const puts: (string | undefined)[] = [];
  const { client } = start(({ method, body, headers }, path) => {
    if (!path.includes("/manifests/sha256-")) return { status: 201 };
    if (method === "GET") {
      return stored === undefined
        ? { status: 404 }
        : { status: 200, headers: { ...asIndex, etag: `"${stored.length}"` }, body: stored };
    }
    puts.push(headers?.["if-match"]);
    stored = new TextDecoder().decode(body as Uint8Array);
    // Another writes what it has read before.
    if (steals-- > 0) stored = index({ ...entry(steals, "x/y"), "org.example.extra": { kept: true } });
    return { status: 201 };
  });
  await client.repository("a").putManifest("v1", referrer, { mediaType });
  const own = {
    mediaType,
    digest: digestBytes(referrer),
    size: referrer.length,
    artifactType: mediaTypes.ociEmpty,
  };
  expect(JSON.parse(stored ?? "")).toEqual({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [{ ...entry(0, "x/y"), "org.example.extra": { kept: true } }, own],
  });
  expect(puts).toEqual([undefined, expect.stringMatching(/^"\d+"$/), expect.stringMatching(/^"\d+"$/)]);
});

it("a fallback tag that is one of its own referrers becomes the list of it and others", async () => {
  const first = manifestOf({ subject, annotations: { first: "yes" } });
  let stored: { headers: Readonly<Record<string, string>>; body: string } = {
    headers: { "content-type": mediaType },
    body: new TextDecoder().decode(first),
  };
  const { client } = start(({ method, body }, path) => {
    if (path.includes("/referrers/")) return { status: 404 };
    if (!path.includes("/manifests/sha256-")) return { status: 201 };
    if (method === "GET") return { status: 200, ...stored };
    stored = { headers: asIndex, body: new TextDecoder().decode(body as Uint8Array) };
    return { status: 201 };
  });
  const repository = client.repository("a");
  expect(await repository.referrers(digest)).toEqual([]);
  await repository.putManifest("v1", referrer, { mediaType });
  const listed = await repository.referrers(digest);
  expect(listed.map((each) => each.digest)).toEqual([digestBytes(first), digestBytes(referrer)]);
  expect(listed[0]?.annotations).toEqual({ first: "yes" });
  stored = { headers: { "content-type": mediaType }, body: new TextDecoder().decode(referrer) };
  await repository.putManifest("v1", referrer, { mediaType });
  expect((await repository.referrers(digest)).map((each) => each.digest)).toEqual([digestBytes(referrer)]);
});

it("a tag that is no list of referrers is not overwritten, and named", async () => {
  const { client, http } = start(({ method }, path) =>
    method === "GET" && path.includes("sha256-")
      ? { status: 200, headers: described, body: bytes }
      : { status: 201 },
  );
  await expect(client.repository("a").putManifest("v1", referrer, { mediaType })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    message: `registry.example/a:${digest.replace(":", "-")} is an image, where the list of what refers to ${digest} belongs`,
    hint: "delete that tag, or give the image another one",
  });
  expect(paths(http)).toHaveLength(2);
});

const errorCases: readonly (readonly [status: number, body: string, code: string, message: string])[] = [
  [404, "", "ERR_DRAYAGE_IMAGE_NOT_FOUND", "there is no such image"],
  [
    404,
    '{"errors":[{"code":"NAME_UNKNOWN","message":"no name"}]}',
    "ERR_DRAYAGE_REPOSITORY_NOT_FOUND",
    "there is no such repository: no name (NAME_UNKNOWN)",
  ],
  [403, "", "ERR_DRAYAGE_DENIED", "it is not allowed"],
  [403, '{"errors":[{"code":"UNAUTHORIZED"}]}', "ERR_DRAYAGE_DENIED", "it is not allowed: UNAUTHORIZED"],
  [
    429,
    '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow"}]}',
    "ERR_DRAYAGE_RATE_LIMITED",
    "it wants fewer requests: slow (TOOMANYREQUESTS)",
  ],
  [502, "<html>", "ERR_DRAYAGE_REGISTRY", "it answered 502"],
  [
    500,
    '{"errors":[{"code":"UNKNOWN","message":"\\u001b[31m\\nred http://a:secret@b"}]}',
    "ERR_DRAYAGE_REGISTRY",
    "it answered 500: [31m red http://***@b (UNKNOWN)",
  ],
  [
    400,
    '{"errors":[{"code":"evil\\n","message":"x"},{"code":"NAME_INVALID","message":""}]}',
    "ERR_DRAYAGE_REFERENCE_INVALID",
    "it answered 400: NAME_INVALID",
  ],
  [
    418,
    `{"errors":[{"code":"ODD","message":"${"x".repeat(5000)}"}]}`,
    "ERR_DRAYAGE_REGISTRY",
    `it answered 418: ${"x".repeat(200)}… (ODD)`,
  ],
  [400, "x".repeat(100_000), "ERR_DRAYAGE_REGISTRY", "it answered 400"],
  [301, "", "ERR_DRAYAGE_REGISTRY", "it answered 301"],
];
for (const [status, body, code, message] of errorCases) {
  it(`an answer ${status} ${body.slice(0, 60)} is ${code}`, async () => {
    const { client } = start(({ url }) => (url.endsWith("/v2/") ? { status: 200 } : { status, body }));
    const error: unknown = await client
      .repository("a")
      .manifest("v1")
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, message: `cannot read a:v1 at registry.example: ${message}` });
  });
}

it("only much is borrowed, for that takes a connection of its own", async () => {
  const mebibyte = 1024 * 1024;
  const asked = async (options: {
    readonly size?: number;
    readonly offset?: number;
    readonly borrow?: boolean;
  }) => {
    const { client, http } = start(({ url }) => ({ status: url.endsWith("/v2/") ? 200 : 404 }));
    const reading = client.repository("a").readBlob(digest, options)[Symbol.asyncIterator]();
    await expect(reading.next()).rejects.toThrow();
    return http.requests.find(({ url }) => url.includes("/blobs/"))?.borrow;
  };
  expect(await asked({ size: mebibyte, borrow: true })).toBe(true);
  expect(await asked({ borrow: true })).toBe(true);
  expect(await asked({ size: mebibyte - 1, borrow: true })).toBe(false);
  expect(await asked({ size: 2 * mebibyte, offset: mebibyte + 1, borrow: true })).toBe(false);
  expect(await asked({ size: mebibyte })).toBe(false);
});

it("a web server that is no registry is not taken for one that lacks the image", async () => {
  const { client, http } = start(() => ({ status: 404, headers: { "content-type": "text/html" } }));
  const repository = client.repository("a");
  for (const ask of [
    () => repository.resolve("v1"),
    () => repository.manifest("v1"),
    () => all(repository.tags()),
  ]) {
    await expect(ask()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_REGISTRY",
      message: "registry.example is no registry: it answers 404 to GET /v2/",
    });
  }
  expect(paths(http).filter((path) => path === "GET /v2/")).toHaveLength(1);
});

it("a web page is told from an answer", async () => {
  const { client } = start(() => ({
    status: 502,
    headers: { "content-type": "text/html; charset=utf-8" },
    body: "<html>",
  }));
  await expect(client.repository("a").manifest("v1")).rejects.toThrow("it answered 502 with a web page");
});

it("plain HTTP is spoken only where it is allowed and HTTPS is not spoken, and never over a bad certificate", async () => {
  const failing = (error: DrayageError, insecure: boolean): { client: RegistryClient; http: FakeHttp } => {
    const http = fakeHttp(({ url }) => {
      if (url.startsWith("https:")) throw error;
      return { status: 200 };
    });
    return {
      client: createRegistryClient({ host: "registry.example", http, insecure, retry: { retries: 0 } }),
      http,
    };
  };
  const plain = (code: string): DrayageError =>
    new DrayageError("ERR_DRAYAGE_TLS", "no TLS", { cause: { code } });
  const refused = new DrayageError("ERR_DRAYAGE_CONNECTION", "refused");
  for (const error of [plain("ERR_SSL_WRONG_VERSION_NUMBER"), plain("EPROTO"), refused]) {
    const allowed = failing(error, true);
    await allowed.client.ping();
    expect(paths(allowed.http).at(-1)).toBe("GET http://registry.example/v2/");
    const forbidden = failing(error, false);
    await expect(forbidden.client.ping()).rejects.toBe(error);
    expect(paths(forbidden.http)).toEqual(["GET /v2/"]);
  }
  const expired = failing(plain("CERT_HAS_EXPIRED"), true);
  await expect(expired.client.ping()).rejects.toMatchObject({ code: "ERR_DRAYAGE_TLS" });
  expect(paths(expired.http)).toEqual(["GET /v2/"]);
});

it("plain HTTP comes first only to this machine itself, where it is allowed, and without credentials", async () => {
  const asked = async (host: string, insecure: boolean, status: number): Promise<readonly string[]> => {
    const http = fakeHttp(({ url }) => (url.startsWith("http:") ? { status } : { status: 200 }));
    const credentials = { username: "ann", password: "secret" };
    const client = createRegistryClient({ host, http, insecure, credentials, retry: { retries: 0 } });
    await client.ping();
    expect(http.requests[0]?.headers?.authorization).toBeUndefined();
    return http.requests.map(({ url }) => url);
  };
  for (const host of ["127.0.0.1:5000", "localhost:5000", "[::1]:5000", "127.1.2.3"]) {
    expect((await asked(host, true, 200))[0]).toBe(`http://${host}/v2/`);
    // What answers otherwise is a server of HTTPS, or redirects to one.
    for (const status of [400, 307, 404, 500]) {
      expect((await asked(host, true, status)).slice(0, 2)).toEqual([
        `http://${host}/v2/`,
        `https://${host}/v2/`,
      ]);
    }
    expect((await asked(host, false, 200))[0]).toBe(`https://${host}/v2/`);
  }
  for (const host of [
    "127.0.0.1.example.com",
    "localhost.example.com",
    "registry.example",
    "128.0.0.1",
    "[::2]",
  ]) {
    expect((await asked(host, true, 200))[0]).toBe(`https://${host}/v2/`);
  }
});

it("what is no registry is none", async () => {
  const { client } = start(() => ({ status: 404, headers: { "content-type": "text/html" } }));
  await expect(client.ping()).rejects.toMatchObject({ code: "ERR_DRAYAGE_REGISTRY" });
});

it("a redirect of a request that writes is followed, without credentials on another host and never to plain HTTP", async () => {
  const leading = (location: string) => {
    const http = fakeHttp(({ url }) =>
      new URL(url).pathname === "/v2/"
        ? { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } }
        : url.includes("/manifests/v1")
          ? { status: 307, headers: { location } }
          : { status: 201 },
    );
    const credentials = { username: "ann", password: "secret" };
    return {
      http,
      client: createRegistryClient({ host: "registry.example", http, credentials, retry: { retries: 0 } }),
    };
  };
  const own = leading("/v2/a/manifests/v2");
  await own.client.repository("a").putManifest("v1", bytes, { mediaType });
  expect(own.http.requests.map(({ headers }) => headers?.authorization !== undefined)).toEqual([
    false,
    true,
    true,
  ]);
  const other = leading("https://other.example/x");
  await other.client.repository("a").putManifest("v1", bytes, { mediaType });
  expect(other.http.requests.map(({ headers }) => headers?.authorization !== undefined)).toEqual([
    false,
    true,
    false,
  ]);
  expect(other.http.requests.at(-1)).toMatchObject({
    method: "PUT",
    url: "https://other.example/x",
    body: bytes,
  });
  await expect(
    leading("http://other.example/x").client.repository("a").putManifest("v1", bytes, { mediaType }),
  ).rejects.toMatchObject({
    code: "ERR_DRAYAGE_REGISTRY",
  });
  await expect(
    leading("/v2/a/manifests/v1").client.repository("a").putManifest("v1", bytes, { mediaType }),
  ).rejects.toMatchObject({
    code: "ERR_DRAYAGE_REGISTRY",
  });
});

it("a host that a writing request was redirected to cannot send it back with credentials", async () => {
  const http = fakeHttp(({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/v2/") return { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } };
    if (pathname === "/v2/a/manifests/v1")
      return { status: 307, headers: { location: "https://other.example/x" } };
    if (pathname === "/x")
      return { status: 307, headers: { location: "https://registry.example/v2/b/manifests/v1" } };
    return { status: 401 };
  });
  const credentials = { username: "ann", password: "secret" };
  const client = createRegistryClient({ host: "registry.example", http, credentials, retry: { retries: 0 } });
  await expect(client.repository("a").putManifest("v1", bytes, { mediaType })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_UNAUTHORIZED",
  });
  const asUser = http.requests.map(
    ({ url, headers }) => `${new URL(url).pathname} ${headers?.authorization !== undefined}`,
  );
  expect(asUser).toEqual(["/v2/ false", "/v2/a/manifests/v1 true", "/x false", "/v2/b/manifests/v1 false"]);
});
