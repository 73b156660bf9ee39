import { describe, expect, it } from "vitest";
import { createHttpClient as createBrowserClient } from "../src/browser.ts";
import {
  createFetchClient,
  type FetchClientOptions,
  type HttpBody,
  type HttpClient,
  readResumable,
  withRetries,
} from "../src/index.ts";
import { failure, text, until } from "./support/clients.ts";
import { answer, bodyOf, pattern, serve, serveRaw } from "./support/servers.ts";

function fetching(options: FetchClientOptions = {}): HttpClient {
  return createFetchClient(options);
}

describe("createFetchClient", () => {
  it("GET, HEAD and PUT of bytes, as the client over node:http", async () => {
    await using server = await serve(async (request, response) => {
      response.setHeader("x-twice", ["a", "b"]);
      answer(response, 201, { "x-method": `${request.method}` }, (await bodyOf(request)).toString());
    });
    const http = fetching();
    const put = await http.request({ method: "PUT", url: server.url, body: new TextEncoder().encode("abc") });
    expect([put.status, put.headers.get("x-twice"), put.url, await text(put)]).toEqual([
      201,
      "a, b",
      `${server.url}/`,
      "abc",
    ]);
    const head = await http.request({ method: "HEAD", url: server.url });
    expect([head.status, head.headers.get("x-method"), await text(head)]).toEqual([201, "HEAD", ""]);
    const get = await http.request({ method: "GET", url: server.url });
    expect([get.status, await text(get)]).toEqual([201, ""]);
  });

  for (const streamsBodies of [true, false]) {
    it(`a body that is made while it is sent, ${streamsBodies ? "streamed" : "collected where fetch cannot stream"}`, async () => {
      const wanted = pattern(1_000_000);
      let same = -1;
      await using server = await serve(async (request, response) => {
        same = Buffer.compare(await bodyOf(request), wanted);
        answer(response, 201);
      });
      const body = (length: number): HttpBody => ({
        length,
        async send(write) {
          const chunk = new Uint8Array(70_000);
          for (let at = 0; at < wanted.length; at += chunk.length) {
            const part = wanted.subarray(at, at + chunk.length);
            chunk.set(part);
            await write(chunk.subarray(0, part.length));
            chunk.fill(0xee);
          }
        },
      });
      const http = fetching({ streamsBodies, bodyLimit: 1_000_000 });
      const response = await http.request({ method: "PUT", url: server.url, body: body(1_000_000) });
      expect([response.status, same]).toEqual([201, 0]);
      for (const length of [999_999, 1_000_001]) {
        const error = await failure(http.request({ method: "PUT", url: server.url, body: body(length) }));
        const code =
          !streamsBodies && length > 1_000_000 ? "ERR_DRAYAGE_LIMIT_EXCEEDED" : "ERR_DRAYAGE_SIZE_MISMATCH";
        expect(error).toMatchObject({ code });
      }
      const own = new Error("the disk is gone");
      const failing: HttpBody = {
        async send(write) {
          await write(new Uint8Array(1));
          throw own;
        },
      };
      expect(await failure(http.request({ method: "PUT", url: server.url, body: failing }))).toBe(own);
    });
  }

  it("an early answer lets the write reject", async () => {
    await using server = await serve((request, response) => {
      request.once("data", () => answer(response, 401, {}, "no"));
    });
    let writeError: unknown;
    const response = await fetching({ streamsBodies: true }).request({
      method: "PUT",
      url: server.url,
      body: {
        async send(write) {
          try {
            for (;;) await write(new Uint8Array(65_536));
          } catch (error) {
            writeError = error;
          }
        },
      },
    });
    expect(response.status).toBe(401);
    expect(writeError).toBeInstanceOf(Error);
    await response.discard();
  });

  it("redirects are followed without credentials to another origin", async () => {
    await using second = await serve((request, response) =>
      answer(response, 200, {}, `${request.headers.authorization} ${request.headers.range}`),
    );
    await using first = await serve((_request, response) =>
      answer(response, 307, { location: `${second.url}/x` }),
    );
    const http = fetching();
    const headers = { authorization: "Bearer s3cret", range: "bytes=0-" };
    const response = await http.request({ method: "GET", url: first.url, headers });
    expect([response.url, await text(response)]).toEqual([`${second.url}/x`, "undefined bytes=0-"]);
    const manual = await http.request({ method: "POST", url: first.url });
    expect([manual.status, manual.headers.get("location")]).toEqual([307, `${second.url}/x`]);
    await manual.discard();
  });

  it("what a browser does not tell of a redirect is an error, and HTTPS that became HTTP too", async () => {
    const answers = (fields: { type?: string; url?: string }) =>
      fetching({
        fetch: async () =>
          Object.defineProperties(
            new Response("x"),
            Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { value }])),
          ),
      });
    const hidden = answers({ type: "opaqueredirect" }).request({ method: "POST", url: "https://host/" });
    expect(await failure(hidden)).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION" });
    const fallen = answers({ url: "http://host/" }).request({ method: "GET", url: "https://host/" });
    expect(String(await failure(fallen))).toContain("from HTTPS to HTTP");
  });

  it("cut, refused and unknown are ERR_DRAYAGE_CONNECTION; ranges and tries go on", async () => {
    const whole = "0123456789";
    await using server = await serve((request, response) => {
      const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
      response.writeHead(from === 0 ? 200 : 206, {
        "content-length": String(10 - from),
        "content-range": `bytes ${from}-9/10`,
      });
      response.write(whole.slice(from, from + 4), () => {
        if (from + 4 < 10) response.destroy();
      });
    });
    const http = withRetries(fetching(), { delay: 0 });
    const error = await failure(
      http.request({ method: "GET", url: `${server.url}/?token=s3cret` }).then(text),
    );
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
    expect(String(error)).not.toContain("s3cret");
    let got = "";
    const request = (offset: number) =>
      http.request({
        method: "GET",
        url: server.url,
        headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
      });
    for await (const chunk of readResumable({ request, delay: 0 })) got += Buffer.from(chunk).toString();
    expect(got).toBe(whole);
    const gone = await serve(() => undefined);
    await gone[Symbol.asyncDispose]();
    const refused = await failure(fetching().request({ method: "GET", url: gone.url }));
    expect(refused).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
    expect(String(refused)).toContain("the connection was refused");
  });

  it("leaving early, an abort, close() and a host that stops end the connection", async () => {
    // Node's fetch opens a new connection when it has closed one, and keeps that for a while: only those count that were asked something.
    let asked = 0;
    await using server = await serveRaw((socket) => {
      socket.once("data", () => {
        asked += 1;
        socket.once("close", () => {
          asked -= 1;
        });
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
      });
    });
    const http = fetching({ timeouts: { idle: 50 } });
    const early = await http.request({ method: "GET", url: server.url });
    for await (const chunk of early.body) {
      expect(chunk.length).toBe(4);
      break;
    }
    await until(() => asked === 0);
    expect(await failure(http.request({ method: "GET", url: server.url }).then(text))).toMatchObject({
      code: "ERR_DRAYAGE_CONNECTION",
      retryable: true,
    });
    const stop = new AbortController();
    const patient = fetching();
    const aborted = await patient.request({ method: "GET", url: server.url, signal: stop.signal });
    stop.abort();
    expect(await failure(text(aborted))).toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    const closed = await patient.request({ method: "GET", url: server.url });
    patient.close();
    expect(await failure(text(closed))).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION" });
    await until(() => asked === 0);
    const late = fetching({ timeouts: { response: 20 } });
    await using silent = await serve(() => undefined);
    expect(await failure(late.request({ method: "GET", url: silent.url }))).toMatchObject({
      retryable: true,
    });
  });

  it("no URL of HTTP, and credentials in one, are ERR_DRAYAGE_USAGE", async () => {
    for (const url of ["ftp://host/", "http://user:s3cret@host/", "nonsense"]) {
      const error = await failure(fetching().request({ method: "GET", url }));
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
      expect(String(error)).not.toContain("s3cret");
    }
  });

  it("in a browser, createHttpClient says what to use instead", () => {
    expect(() => createBrowserClient()).toThrowError(expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }));
  });
});
