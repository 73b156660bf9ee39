import { digestBytes } from "@drayage/digest";
import { afterEach, expect, it } from "vitest";
import { createRegistryClient, type Repository } from "../src/index.ts";
import { type FakeBehaviour, type FakeRegistry, fakeRegistry } from "./fake-registry.ts";
import { type ContentLog, content, randomBytes } from "./samples.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const size = 3_000_001;
const bytes = randomBytes(size);
const digest = digestBytes(bytes);

async function start(
  behaviour: FakeBehaviour,
): Promise<{ registry: FakeRegistry; repository: Repository; log: ContentLog }> {
  const registry = await fakeRegistry(behaviour);
  const client = createRegistryClient({
    host: registry.host,
    insecure: true,
    retry: { retries: 3, delay: 1 },
  });
  cleanUps.push(
    () => client.close(),
    () => registry.close(),
  );
  return { registry, repository: client.repository("x"), log: { offsets: [], written: 0 } };
}

function methods({ requests }: FakeRegistry): string {
  return requests.map(({ method }) => method).join(" ");
}

it("one request sends a blob whose digest and size are known, and another begins", async () => {
  const { registry, repository, log } = await start({});
  expect(await repository.uploadBlob(content(bytes, { log }))).toEqual({ digest, size });
  expect(methods(registry)).toBe("GET POST PUT");
  expect(registry.requests.at(-1)?.headers).toMatchObject({ "content-length": String(size) });
  expect(log.offsets).toEqual([0]);
});

it("a blob of unknown digest is streamed, and then closed", async () => {
  const { registry, repository } = await start({});
  expect(await repository.uploadBlob(content(bytes, { known: false }))).toEqual({ digest, size });
  expect(methods(registry)).toBe("GET POST PATCH PUT");
  expect(registry.blobs.get(digest)).toHaveLength(size);
});

for (const [how, options, chunkSize] of [
  ["in one request", {}, undefined],
  ["streamed", { known: false }, undefined],
  ["in chunks", { known: false }, 500_000],
] as const) {
  it(`a blob ${how} goes on after each of many cuts, and no byte that came is sent again`, async () => {
    // More cuts than tries: those that brought something do not count.
    const cuts = [2, 70_000, 70_001, 400_000, 1_000_000, 1_000_001, 2_500_000, 2_999_999];
    const { registry, repository, log } = await start({ cuts });
    expect(await repository.uploadBlob(content(bytes, { ...options, log }), { chunkSize })).toEqual({
      digest,
      size,
    });
    expect(registry.received).toBe(size);
    expect(log.offsets).toEqual([0, ...cuts]);
    expect(registry.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  it(`a blob ${how} is found although the last answer was lost`, async () => {
    const { registry, repository, log } = await start({ lostAnswers: [{ method: "PUT" }] });
    expect(await repository.uploadBlob(content(bytes, { ...options, log }), { chunkSize })).toEqual({
      digest,
      size,
    });
    expect(registry.received).toBe(size);
    expect(log.offsets).toEqual([0]);
  });

  it(`a blob ${how} is begun anew where the registry has lost it`, async () => {
    const { registry, repository, log } = await start({ cuts: [1_200_000], noStatus: true });
    expect(await repository.uploadBlob(content(bytes, { ...options, log }), { chunkSize })).toEqual({
      digest,
      size,
    });
    expect(registry.received).toBe(1_200_000 + size);
    expect(log.offsets).toEqual([0, 0]);
  });

  it(`a blob ${how} is given up after several tries that bring nothing, and cancelled`, async () => {
    const { registry, repository } = await start({
      cuts: [1000, 1000, 1000, 1000, 1000, 1000],
      noStatus: true,
    });
    const upload = repository.uploadBlob(content(bytes, options), { chunkSize });
    await expect(upload).rejects.toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
    expect(registry.requests.filter(({ method }) => method === "POST")).toHaveLength(4);
    expect(registry.requests.at(-1)?.method).toBe("DELETE");
  });

  it(`a blob ${how} is tried again where the registry fails for a while`, async () => {
    const method = how === "in one request" ? "PUT" : "PATCH";
    const answers = [
      { method, status: 503 },
      { method, status: 429, headers: { "retry-after": "0" } },
    ];
    const { registry, repository } = await start({ answers });
    expect(await repository.uploadBlob(content(bytes, options), { chunkSize })).toEqual({ digest, size });
    expect(registry.blobs.has(digest)).toBe(true);
  });

  it(`a blob ${how} is given up, and cancelled, when the caller aborts`, async () => {
    const { registry, repository } = await start({});
    const controller = new AbortController();
    const sent = content(bytes, options);
    const upload = repository.uploadBlob(
      {
        ...sent,
        async send(write, o) {
          await write(bytes.slice(0, 100_000));
          controller.abort();
          return sent.send(write, { ...o, offset: 100_000 });
        },
      },
      { chunkSize, signal: controller.signal },
    );
    await expect(upload).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    expect(registry.requests.at(-1)?.method).toBe("DELETE");
    expect(registry.blobs.size).toBe(0);
  });
}

it("an answer that is lost after the stream came whole costs no byte", async () => {
  const { registry, repository, log } = await start({ lostAnswers: [{ method: "PATCH" }] });
  expect(await repository.uploadBlob(content(bytes, { known: false, log }))).toEqual({ digest, size });
  expect(registry.received).toBe(size);
  expect(log.offsets).toEqual([0]);
});

it("registries that say nothing of what they have are believed", async () => {
  const { registry, repository } = await start({ noRange: true });
  expect(await repository.uploadBlob(content(bytes, { known: false }), { chunkSize: 999_999 })).toEqual({
    digest,
    size,
  });
  expect(methods(registry)).toBe("GET POST PATCH PATCH PATCH PATCH PUT");
  expect(registry.requests.slice(2, 6).map(({ headers }) => headers["content-range"])).toEqual([
    "0-999998",
    "999999-1999997",
    "1999998-2999996",
    "2999997-3000000",
  ]);
});

it("chunks are as large as the registry wants them at least", async () => {
  const { registry, repository } = await start({ leastChunk: 2_000_000 });
  await repository.uploadBlob(content(bytes, { known: false }), { chunkSize: 1000 });
  expect(
    registry.requests
      .filter(({ method }) => method === "PATCH")
      .map(({ headers }) => headers["content-length"]),
  ).toEqual(["2000000", "1000001"]);
});

it("where a proxy refuses large requests, smaller ones are sent, and from then on at once", async () => {
  const { registry, repository } = await start({ bodyLimit: 1024 * 1024 });
  expect(await repository.uploadBlob(content(bytes))).toEqual({ digest, size });
  expect(registry.blobs.get(digest)).toHaveLength(size);
  registry.requests.length = 0;
  const other = randomBytes(2_000_000);
  await repository.uploadBlob(content(other));
  expect(methods(registry)).toBe("POST PATCH PATCH PUT");
});

it("where even small requests are refused, that is said", async () => {
  const { repository } = await start({ bodyLimit: 1000 });
  await expect(repository.uploadBlob(content(bytes))).rejects.toMatchObject({
    code: "ERR_DRAYAGE_REGISTRY",
    message: expect.stringContaining("it answered 413"),
    hint: expect.stringContaining("smaller chunks"),
  });
});

it("what the registry has after a cut is not what was sent: the upload is begun anew, once", async () => {
  const wrong = {
    method: "PUT",
    status: 400,
    body: JSON.stringify({ errors: [{ code: "DIGEST_INVALID" }] }),
  };
  const { registry, repository, log } = await start({ cuts: [1_000_000] });
  let puts = 0;
  const intercepted = await start({
    cuts: [1_000_000],
    intercept: (request, response) => {
      if (request.method !== "PUT" || ++puts !== 2) return false;
      request.resume();
      request.on("end", () => response.writeHead(400).end(wrong.body));
      return true;
    },
  });
  expect(await intercepted.repository.uploadBlob(content(bytes, { log: intercepted.log }))).toEqual({
    digest,
    size,
  });
  expect(intercepted.log.offsets).toEqual([0, 1_000_000, 0]);
  // Without a cut before it, it is believed at once.
  const believed = await start({ answers: [wrong] });
  await expect(believed.repository.uploadBlob(content(bytes))).rejects.toMatchObject({
    code: "ERR_DRAYAGE_DIGEST_MISMATCH",
  });
  await repository.uploadBlob(content(bytes, { log }));
  expect(registry.received).toBe(size);
});

for (const location of ["absolute", "relative"] as const) {
  it(`locations may be ${location}, with a query of their own`, async () => {
    const { registry, repository } = await start({ location });
    await repository.uploadBlob(content(bytes));
    expect(registry.requests.at(-1)?.target).toMatch(/\?state=0%2F&digest=sha256%3A[0-9a-f]{64}$/);
  });
}

it("an upload that goes to another host takes no credentials there", async () => {
  const storage = await start({});
  // The other host knows the upload, as if it had been told of it.
  const front = await fakeRegistry({
    intercept: (request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
        return true;
      }
      if (request.method !== "POST") return false;
      void fetch(`${storage.registry.url}${request.url}`, { method: "POST" }).then((begun) =>
        response
          .writeHead(202, { location: `${storage.registry.url}${begun.headers.get("location")}` })
          .end(),
      );
      return true;
    },
  });
  const client = createRegistryClient({
    host: front.host,
    insecure: true,
    credentials: { username: "ann", password: "secret" },
  });
  cleanUps.push(
    () => client.close(),
    () => front.close(),
  );
  expect(await client.repository("x").uploadBlob(content(bytes))).toEqual({ digest, size });
  expect(front.requests.some(({ headers }) => headers.authorization !== undefined)).toBe(true);
  expect(storage.registry.requests.map(({ method }) => method)).toEqual(["POST", "PUT"]);
  expect(storage.registry.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
});

it("a redirect of an upload is followed, with its body", async () => {
  const { registry, repository } = await start({
    answers: [{ method: "PUT", status: 307, headers: { location: "/v2/x/blobs/uploads/gone?state=1" } }],
  });
  // The place that it leads to knows nothing of it, so that it is begun anew.
  expect(await repository.uploadBlob(content(bytes))).toEqual({ digest, size });
  expect(methods(registry)).toBe("GET POST PUT PUT DELETE POST PUT");
});

for (const options of [{}, { known: false }]) {
  it(`a token that expires in the midst of an upload (${JSON.stringify(options)}) is replaced, and the upload goes on`, async () => {
    let tokens = 0;
    const { registry, repository, log } = await start({
      cuts: [1_000_000],
      intercept: (request, response) => {
        if (request.url?.startsWith("/token")) {
          response.writeHead(200).end(JSON.stringify({ token: `t${++tokens}` }));
          return true;
        }
        const token = request.headers.authorization;
        const expired = token === "Bearer t1" && registry.received > 0;
        if (token !== undefined && !expired) return false;
        const realm = `http://${request.headers.host}/token`;
        response
          .writeHead(401, { "www-authenticate": `Bearer realm="${realm}",error="invalid_token"` })
          .end();
        return true;
      },
    });
    // The question after the cut is the first to meet the 401.
    expect(await repository.uploadBlob(content(bytes, { ...options, log }))).toEqual({ digest, size });
    expect(registry.received).toBe(size);
    expect(log.offsets).toEqual([0, 1_000_000]);
    expect(tokens).toBe(2);
  });

  it(`a 401 to the body itself (${JSON.stringify(options)}) gets a new token, once`, async () => {
    let tokens = 0;
    let refused = 0;
    const { registry, repository, log } = await start({
      intercept: (request, response) => {
        if (request.url?.startsWith("/token")) {
          response.writeHead(200).end(JSON.stringify({ token: `t${++tokens}` }));
          return true;
        }
        const token = request.headers.authorization;
        const body = request.method === "PUT" || request.method === "PATCH";
        if (token !== undefined && !(body && token === "Bearer t1")) return false;
        if (body) refused++;
        const realm = `http://${request.headers.host}/token`;
        response
          .writeHead(401, { "www-authenticate": `Bearer realm="${realm}",error="invalid_token"` })
          .end();
        return true;
      },
    });
    expect(await repository.uploadBlob(content(bytes, { ...options, log }))).toEqual({ digest, size });
    expect(log.offsets).toEqual([0, 0]);
    expect([tokens, refused]).toEqual([2, 1]);
    expect(registry.received).toBe(size);
  });
}

it("an empty request that is too large for a registry ends the upload", async () => {
  const { registry, repository } = await start({ answers: [{ method: "PUT", status: 413 }] });
  await expect(repository.uploadBlob(content(new Uint8Array()))).rejects.toMatchObject({
    code: "ERR_DRAYAGE_REGISTRY",
  });
  expect(methods(registry)).toBe("GET POST PUT DELETE");
});

it("chunks that fit no memory are not made, whatever the registry wants", async () => {
  const { repository } = await start({ leastChunk: 99_999_999_999 });
  await expect(repository.uploadBlob(content(bytes), { chunkSize: 1_000_000 })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
  });
});

for (const status of [200, 202, 204]) {
  it(`${status} to the request that ends an upload counts where the blob is there, and else it is begun anew`, async () => {
    const { registry, repository } = await start({ answers: [{ method: "PUT", status }] });
    expect(await repository.uploadBlob(content(bytes))).toEqual({ digest, size });
    expect(registry.blobs.get(digest)).toHaveLength(size);
    const there = await start({ answers: [{ method: "PUT", status }] });
    there.registry.blobs.set(digest, bytes);
    expect(await there.repository.uploadBlob(content(bytes))).toEqual({ digest, size });
    expect(methods(there.registry)).toBe("GET POST PUT HEAD");
  });
}

it("a registry that has more than there is has something else: the upload is begun anew", async () => {
  const { registry, repository } = await start({
    cuts: [1_000_000],
    answers: [{ method: "GET", status: 204, headers: { range: "0-9999999999" } }],
  });
  const unknown = content(bytes, { known: false });
  expect(await repository.uploadBlob(unknown, { chunkSize: 500_000 })).toEqual({ digest, size });
  expect(registry.blobs.get(digest)).toHaveLength(size);
  expect(registry.requests.filter(({ method }) => method === "POST")).toHaveLength(2);
});

it("another host that an upload went to cannot have the registry changed in the user's name", async () => {
  let back = "";
  const storage = await fakeRegistry({
    intercept: (request, response) => {
      request.resume().once("end", () => response.writeHead(202, { location: `${front.url}${back}` }).end());
      return true;
    },
  });
  const front = await fakeRegistry({
    intercept: (request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      } else if (request.method === "POST") {
        response.writeHead(202, { location: `${storage.url}/upload` }).end();
      } else response.writeHead(201).end();
      return true;
    },
  });
  const client = createRegistryClient({
    host: front.host,
    insecure: true,
    credentials: { username: "ann", password: "secret" },
    retry: { retries: 0 },
  });
  cleanUps.push(
    () => client.close(),
    () => front.close(),
    () => storage.close(),
  );
  const push = (): Promise<unknown> => client.repository("x").uploadBlob(content(bytes, { known: false }));
  for (const path of [
    "/v2/other/manifests/latest",
    "/v2/x/manifests/latest",
    "/v2/x/blobs/uploads/..%2f..%2fmanifests%2fa",
    "/",
  ]) {
    back = path;
    await expect(push()).rejects.toMatchObject({ code: "ERR_DRAYAGE_REGISTRY" });
  }
  expect(front.requests.filter(({ method }) => method !== "GET" && method !== "POST")).toEqual([]);
  // It may say that the upload ends where it began.
  back = "/v2/x/blobs/uploads/1?state=2";
  expect(await push()).toEqual({ digest, size });
});
