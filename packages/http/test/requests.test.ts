import { describe, expect, it } from "vitest";
import { client } from "./support/clients.ts";
import { answer, bodyOf, pattern, serve } from "./support/servers.ts";

describe("requests", () => {
  it("GET: status, headers, several values of one name, the body", async () => {
    await using server = await serve((request, response) => {
      response.setHeader("www-authenticate", ["Basic realm=x", "Bearer realm=y"]);
      answer(
        response,
        200,
        { "x-seen": `${request.method} ${request.url} ${request.headers.host}` },
        "hello",
      );
    });
    const response = await client().request({ method: "GET", url: `${server.url}/v2/?n=1` });
    expect(response.status).toBe(200);
    expect(response.url).toBe(`${server.url}/v2/?n=1`);
    expect(response.headers.get("x-seen")).toBe(`GET /v2/?n=1 127.0.0.1:${server.port}`);
    expect(response.headers.get("www-authenticate")).toBe("Basic realm=x, Bearer realm=y");
    expect(response.headers.all("www-authenticate")).toEqual(["Basic realm=x", "Bearer realm=y"]);
    expect(response.headers.get("absent")).toBeUndefined();
    expect(response.headers.all("absent")).toEqual([]);
    expect(Buffer.from(await response.bytes(5)).toString()).toBe("hello");
  });

  it("the user agent is the client's, or the request's own", async () => {
    await using server = await serve((request, response) =>
      answer(response, 200, {}, request.headers["user-agent"]),
    );
    const http = client({ userAgent: "dray/1.0" });
    const agents: string[] = [];
    for (const headers of [{}, { "user-agent": "mine" }]) {
      const response = await http.request({ method: "GET", url: server.url, headers });
      agents.push(Buffer.from(await response.bytes(100)).toString());
    }
    expect(agents).toEqual(["dray/1.0", "mine"]);
  });

  it("HEAD has headers and no body, and frees its connection though nobody reads", async () => {
    await using server = await serve((_request, response) =>
      answer(response, 200, { "content-length": "1234" }),
    );
    const http = client({ maxSockets: 1 });
    for (let time = 0; time < 3; time += 1) {
      const response = await http.request({ method: "HEAD", url: server.url });
      expect(response.headers.get("content-length")).toBe("1234");
    }
    expect(server.connections()).toBe(1);
    const last = await http.request({ method: "HEAD", url: server.url });
    const chunks: Uint8Array[] = [];
    for await (const chunk of last.body) chunks.push(chunk);
    expect(chunks).toEqual([]);
  });

  it("PUT of bytes has their length; POST without a body has the length 0", async () => {
    await using server = await serve(async (request, response) => {
      const body = await bodyOf(request);
      answer(response, 201, { "x-length": String(request.headers["content-length"]) }, body.toString());
    });
    const http = client();
    const put = await http.request({ method: "PUT", url: server.url, body: new TextEncoder().encode("abc") });
    expect([put.status, put.headers.get("x-length")]).toEqual([201, "3"]);
    expect(Buffer.from(await put.bytes(10)).toString()).toBe("abc");
    const post = await http.request({ method: "POST", url: server.url });
    expect(post.headers.get("x-length")).toBe("0");
    await post.discard();
    expect(server.connections()).toBe(1);
  });

  for (const length of [undefined, 3_000_000]) {
    it(`a body is streamed ${length === undefined ? "in chunks" : "with its length"}; chunks may be overwritten after their write`, async () => {
      const wanted = pattern(3_000_000);
      let seen: Record<string, unknown> = {};
      await using server = await serve(async (request, response) => {
        const body = await bodyOf(request);
        seen = {
          equal: Buffer.compare(body, wanted),
          length: request.headers["content-length"],
          encoding: request.headers["transfer-encoding"],
        };
        answer(response, 201);
      });
      const response = await client().request({
        method: "PUT",
        url: server.url,
        body: {
          length,
          async send(write) {
            const chunk = new Uint8Array(70_000);
            for (let at = 0; at < wanted.length; at += chunk.length) {
              const part = wanted.subarray(at, at + chunk.length);
              chunk.set(part);
              await write(chunk.subarray(0, part.length));
              chunk.fill(0xee);
            }
            await write(new Uint8Array(0));
          },
        },
      });
      expect(response.status).toBe(201);
      await response.discard();
      expect(seen).toEqual(
        length === undefined
          ? { equal: 0, length: undefined, encoding: "chunked" }
          : { equal: 0, length: "3000000", encoding: undefined },
      );
    });
  }
});
