import { once } from "node:events";
import http from "node:http";
import { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { passBody } from "../src/fault-proxy/body.ts";
import { createFaultProxy, createRandom, type FaultProxy } from "../src/index.ts";
import { rawRequest } from "./support/raw-request.ts";
import { type SampleServer, sampleServer } from "./support/sample-server.ts";

const thing = createRandom("thing").bytes(300_000);
const blob = "/v2/hello/blobs/sha256:a";

async function withProxy(body: (proxy: FaultProxy, server: SampleServer) => Promise<void>): Promise<void> {
  await using server = await sampleServer(thing);
  await using proxy = await createFaultProxy({ target: server.url });
  await body(proxy, server);
}

describe("a proxy without rules", () => {
  it("passes requests and responses on as they are, and counts them", async () => {
    await withProxy(async (proxy, server) => {
      const seen = await rawRequest(`${proxy.url}${blob}?a=b`, { headers: { authorization: "Basic eA==" } });
      expect(seen.status).toBe(200);
      expect(Buffer.compare(seen.body, thing)).toBe(0);
      expect(seen.headers["content-length"]).toBe("300000");
      expect(server.headers[0]).toMatchObject({ host: proxy.host, authorization: "Basic eA==" });
      await proxy.settled();
      expect(proxy.requests).toHaveLength(1);
      expect(proxy.requests[0]).toMatchObject({
        number: 0,
        at: "registry",
        method: "GET",
        target: `${blob}?a=b`,
        path: blob,
        status: 200,
        requestBytes: 0,
        responseBytes: 300_000,
        state: "answered",
      });
      expect(proxy.requests[0]?.headers.authorization).toBe("Basic eA==");
      expect(proxy.requests[0]?.responseHeaders["docker-content-digest"]).toBe("sha256:right");
    });
  });

  it("passes bodies in chunks, to and fro", async () => {
    await withProxy(async (proxy, server) => {
      const chunked = { "transfer-encoding": "chunked" };
      const seen = await rawRequest(`${proxy.url}/chunked`, {
        method: "POST",
        headers: chunked,
        body: thing,
      });
      expect(seen.headers["transfer-encoding"]).toBe("chunked");
      expect(Buffer.compare(seen.body, thing)).toBe(0);
      expect(server.received).toEqual([{ bytes: 300_000, whole: true }]);
      expect(proxy.requests[0]?.requestBytes).toBe(300_000);
    });
  });

  it("answers HEAD without a body", async () => {
    await withProxy(async (proxy) => {
      const seen = await rawRequest(proxy.url + blob, { method: "HEAD" });
      expect(seen).toMatchObject({ status: 200, headers: { "content-length": "300000" } });
      expect(seen.body).toHaveLength(0);
    });
  });

  it("counts the bytes of blobs", async () => {
    await withProxy(async (proxy) => {
      await rawRequest(proxy.url + blob);
      await rawRequest(proxy.url + blob, { headers: { range: "bytes=299990-" } });
      await rawRequest(`${proxy.url}/v2/hello/manifests/latest`);
      const upload = "/v2/hello/blobs/uploads/1";
      await rawRequest(proxy.url + upload, { method: "PATCH", body: thing.subarray(0, 1000) });
      await rawRequest(`${proxy.url}${upload}?digest=x`, { method: "PUT", body: thing.subarray(0, 50) });
      expect(proxy.blobBytes()).toEqual({ pushed: 1050, pulled: 300_010 });
      proxy.forget();
      expect(proxy.blobBytes()).toEqual({ pushed: 0, pulled: 0 });
    });
  });

  it("keeps connections to the target and from the client", async () => {
    await withProxy(async (proxy, server) => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      for (let count = 0; count < 5; count++) await rawRequest(proxy.url + blob, { agent });
      agent.destroy();
      expect(server.connections).toBe(1);
    });
  });

  it("gives a response that comes before the request's end to the client", async () => {
    await withProxy(async (proxy) => {
      const request = http.request(`${proxy.url}/early`, { method: "PUT", agent: false });
      request.write(thing);
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      expect(response.statusCode).toBe(403);
      expect(await text(response)).toBe("no\n");
      request.end();
    });
  });

  it("ends the client's connection where the target is not there", async () => {
    const server = await sampleServer(thing);
    await using proxy = await createFaultProxy({ target: server.url });
    await server.close();
    const seen = await rawRequest(proxy.url + blob);
    expect(seen).toMatchObject({ status: undefined, failure: "ECONNRESET" });
    await proxy.settled();
    expect(proxy.requests[0]?.state).toBe("broken");
  });
});

describe("rules", () => {
  it("are for the requests that fit them, from the one after `skip`, `times` times", async () => {
    await withProxy(async (proxy) => {
      const match = { method: ["GET", "HEAD"], path: /\/blobs\//g, skip: 1, times: 2 };
      const rule = proxy.rule(match, { answer: { status: 503 } });
      const statuses = [];
      for (let count = 0; count < 5; count++) {
        await rawRequest(`${proxy.url}/v2/`);
        await rawRequest(proxy.url + blob, { method: "PUT" });
        statuses.push((await rawRequest(proxy.url + blob)).status);
      }
      expect(statuses).toEqual([200, 503, 503, 200, 200]);
      expect(rule.hits).toBe(2);
    });
  });

  it("the first that is for a request counts, until it is removed", async () => {
    await withProxy(async (proxy) => {
      const first = proxy.rule(
        { path: "/v2/" },
        { answer: { status: 429, headers: { "retry-after": "7" } } },
      );
      proxy.rule({ when: ({ headers }) => headers.range === undefined }, { answer: { status: 408 } });
      const limited = await rawRequest(`${proxy.url}/v2/?n=1`);
      expect(limited).toMatchObject({ status: 429, headers: { "retry-after": "7" } });
      first.remove();
      expect((await rawRequest(`${proxy.url}/v2/`)).status).toBe(408);
      expect((await rawRequest(`${proxy.url}/v2/`, { headers: { range: "bytes=1-" } })).status).toBe(206);
      proxy.clearRules();
      expect((await rawRequest(`${proxy.url}/v2/`)).status).toBe(200);
    });
  });
});

describe("faults of requests", () => {
  for (const after of [0, 1, 65_536, 299_999]) {
    for (const ending of ["reset", "end"] as const) {
      it(`cut with ${ending} after ${after} bytes: the target gets these and no more`, async () => {
        await withProxy(async (proxy, server) => {
          proxy.rule({ method: "PATCH" }, { cutRequest: { after, ending } });
          const seen = await rawRequest(`${proxy.url}/upload`, { method: "PATCH", body: thing });
          expect(seen.status).toBe(undefined);
          expect(seen.failure).toMatch(/^(?:ECONNRESET|EPIPE)$/);
          await proxy.settled();
          expect(proxy.requests[0]).toMatchObject({ requestBytes: after, state: "broken" });
          await expect.poll(() => server.received).toEqual([{ bytes: after, whole: false }]);
        });
      });
    }
  }

  it("a lost response: the target did it, and the client does not know", async () => {
    await withProxy(async (proxy, server) => {
      proxy.rule({ method: "PUT", times: 1 }, { loseResponse: "reset" });
      const seen = await rawRequest(`${proxy.url}/upload`, { method: "PUT", body: thing });
      expect(seen).toMatchObject({ status: undefined, failure: "ECONNRESET" });
      expect(server.received).toEqual([{ bytes: 300_000, whole: true }]);
    });
  });

  it("refused: the target hears nothing", async () => {
    await withProxy(async (proxy, server) => {
      proxy.rule({ times: 1 }, { refuse: "reset" });
      proxy.rule({ times: 1 }, { refuse: "end" });
      expect((await rawRequest(proxy.url + blob)).failure).toBe("ECONNRESET");
      expect((await rawRequest(proxy.url + blob)).failure).toBe("ECONNRESET");
      expect(server.headers).toEqual([]);
      expect((await rawRequest(proxy.url + blob)).status).toBe(200);
    });
  });

  for (const after of [0, 1, 65_536, 299_999]) {
    it(`dropped after ${after} bytes: these are counted, and the target hears nothing`, async () => {
      await withProxy(async (proxy, server) => {
        proxy.rule({ times: 1 }, { dropRequest: { after } });
        const seen = await rawRequest(`${proxy.url}/upload`, { method: "PATCH", body: thing });
        expect(seen.failure).toMatch(/^(?:ECONNRESET|EPIPE)$/);
        await proxy.settled();
        expect(proxy.requests[0]).toMatchObject({ requestBytes: after, state: "broken" });
        expect(server.headers).toEqual([]);
      });
    });
  }

  it("answered by the proxy: the body is read, and the target hears nothing", async () => {
    await withProxy(async (proxy, server) => {
      proxy.rule({}, { answer: { status: 503, body: "busy\n" } });
      const seen = await rawRequest(`${proxy.url}/upload`, { method: "PUT", body: thing });
      expect(seen.status).toBe(503);
      expect(Buffer.from(seen.body).toString()).toBe("busy\n");
      expect(proxy.requests[0]).toMatchObject({ requestBytes: 300_000, status: 503, responseBytes: 5 });
      expect(server.headers).toEqual([]);
    });
  });

  it("stalled: nothing goes on until the client gives up", async () => {
    await withProxy(async (proxy, server) => {
      proxy.rule({ method: "PUT" }, { stallRequest: { after: 1000 } });
      const controller = new AbortController();
      const { signal } = controller;
      const sent = rawRequest(`${proxy.url}/upload`, { method: "PUT", body: thing, signal });
      await expect.poll(() => server.received).toEqual([{ bytes: 1000, whole: false }]);
      controller.abort();
      expect((await sent).failure).toBe("ABORT_ERR");
      await proxy.settled();
    });
  });
});

describe("faults of responses", () => {
  for (const path of [blob, "/chunked"]) {
    for (const after of [0, 1, 65_536, 299_999]) {
      it(`${path} cut after ${after} bytes: these come, and then an error`, async () => {
        await withProxy(async (proxy) => {
          proxy.rule({}, { cutResponse: { after, ending: "end" } });
          const seen = await rawRequest(proxy.url + path);
          expect(seen).toMatchObject({ status: 200, failure: "ECONNRESET" });
          expect(Buffer.compare(seen.body, thing.subarray(0, after))).toBe(0);
          expect(proxy.requests[0]).toMatchObject({ responseBytes: after, state: "broken" });
        });
      });

      it(`${path} reset after ${after} bytes: no more than these come`, async () => {
        await withProxy(async (proxy) => {
          proxy.rule({}, { cutResponse: { after } });
          const seen = await rawRequest(proxy.url + path);
          expect(seen.failure).toBe("ECONNRESET");
          expect(seen.body.length).toBeLessThanOrEqual(after);
        });
      });
    }
  }

  it("stalled: nothing comes until the client gives up", async () => {
    await withProxy(async (proxy) => {
      proxy.rule({}, { stallResponse: { after: 1000 } });
      const controller = new AbortController();
      const seen = rawRequest(proxy.url + blob, { signal: controller.signal });
      await expect.poll(() => proxy.requests[0]?.responseBytes).toBe(1000);
      controller.abort();
      expect((await seen).failure).toBe("ABORT_ERR");
      await proxy.settled();
      expect(proxy.requests[0]).toMatchObject({ responseBytes: 1000, state: "broken" });
    });
  });

  it("slow: all of it comes", async () => {
    await withProxy(async (proxy) => {
      proxy.rule({}, { bytesPerSecond: 3_000_000, delay: 1 });
      const seen = await rawRequest(proxy.url + blob);
      expect(Buffer.compare(seen.body, thing)).toBe(0);
    });
  });

  it("slow: a fiftieth of a second's bytes at a time, until the client gives up", async () => {
    const written: number[] = [];
    const controller = new AbortController();
    const to = new Writable({
      write(chunk: Uint8Array, _, done) {
        if (written.push(chunk.length) === 3) controller.abort();
        done();
      },
    });
    const { signal } = controller;
    const passed = passBody({
      from: Readable.from([thing]),
      to,
      faults: { bytesPerSecond: 50_000 },
      onBytes: () => {},
      signal,
    });
    await expect(passed).rejects.toThrow("The operation was aborted");
    expect(written).toEqual([1000, 1000, 1000]);
  });

  it("corrupted: one byte is another", async () => {
    await withProxy(async (proxy) => {
      proxy.rule({}, { corrupt: { at: 200_000 } });
      const { body } = await rawRequest(proxy.url + blob);
      const differing = [...body.keys()].filter((index) => body[index] !== thing[index]);
      expect(body.length).toBe(thing.length);
      expect(differing).toEqual([200_000]);
    });
  });

  it("truncated: shorter, and the header agrees", async () => {
    await withProxy(async (proxy) => {
      proxy.rule({}, { truncate: { length: 1234 } });
      for (const path of [blob, "/chunked"]) {
        const seen = await rawRequest(proxy.url + path);
        expect(seen.failure).toBe(undefined);
        expect(Buffer.compare(seen.body, thing.subarray(0, 1234))).toBe(0);
        expect(seen.headers["content-length"]).toBe(path === blob ? "1234" : undefined);
      }
    });
  });

  it("ranges can be ignored, and headers be others", async () => {
    await withProxy(async (proxy) => {
      const headers = { range: "bytes=299990-" };
      const right = await rawRequest(proxy.url + blob, { headers });
      expect(right).toMatchObject({
        status: 206,
        headers: { "content-range": "bytes 299990-299999/300000" },
      });
      proxy.rule({ times: 1 }, { ignoreRange: true });
      const whole = await rawRequest(proxy.url + blob, { headers });
      expect(whole.status).toBe(200);
      expect(whole.body).toHaveLength(300_000);
      const wrong = { "content-range": "bytes 0-9/10", "docker-content-digest": undefined };
      proxy.rule({}, { responseHeaders: wrong });
      const changed = await rawRequest(proxy.url + blob, { headers });
      expect(changed.headers["content-range"]).toBe("bytes 0-9/10");
      expect(changed.headers).not.toHaveProperty("docker-content-digest");
    });
  });
});

describe("redirects", () => {
  it("lead to another host that serves the same, and notes what it is sent", async () => {
    await withProxy(async (proxy, server) => {
      proxy.rule({ method: "GET", path: /\/blobs\// }, { redirect: {} });
      const authorization = "Bearer secret";
      const redirected = await rawRequest(proxy.url + blob, { headers: { authorization } });
      expect(redirected.status).toBe(307);
      const { location = "" } = redirected.headers;
      expect(location.startsWith(`http://${proxy.elsewhere}/storage${blob}?X-Amz-Signature=`)).toBe(true);
      expect(server.headers).toEqual([]);

      const seen = await rawRequest(location, { headers: { range: "bytes=299990-" } });
      expect(seen.status).toBe(206);
      expect(Buffer.compare(seen.body, thing.subarray(299_990))).toBe(0);
      // The target is asked as the one who was redirected.
      expect(server.headers[0]?.authorization).toBe(authorization);
      expect(proxy.requests.map(({ at, headers }) => [at, headers.authorization])).toEqual([
        ["registry", authorization],
        ["elsewhere", undefined],
      ]);
      expect(proxy.blobBytes().pulled).toBe(10);

      expect((await rawRequest(location, { headers: { authorization } })).status).toBe(400);
      expect((await rawRequest(location.replace(/\?.*/, ""))).status).toBe(403);
      expect((await rawRequest(`http://${proxy.elsewhere}/other`)).status).toBe(404);
    });
  });

  it("the other host has faults of its own", async () => {
    await withProxy(async (proxy) => {
      proxy.rule({ path: /\/blobs\// }, { redirect: { status: 302 } });
      proxy.rule({ at: "elsewhere" }, { cutResponse: { after: 100, ending: "end" } });
      const { location = "" } = (await rawRequest(proxy.url + blob)).headers;
      const seen = await rawRequest(location);
      expect(seen.body).toHaveLength(100);
      expect(seen.failure).toBe("ECONNRESET");
    });
  });

  it("can lead anywhere", async () => {
    await withProxy(async (proxy) => {
      proxy.rule({}, { redirect: { status: 301, to: "http://example.com/" } });
      const seen = await rawRequest(proxy.url + blob);
      expect(seen).toMatchObject({ status: 301, headers: { location: "http://example.com/" } });
    });
  });
});
