import { describe, expect, it } from "vitest";
import type { HttpRequest } from "../src/index.ts";
import { client, failure, text } from "./support/clients.ts";
import { answer, bodyOf, type Running, serve } from "./support/servers.ts";

/** Says what it was asked; `/to?status=…&location=…` redirects. */
function echo(): Promise<Running> {
  return serve(async (request, response) => {
    const url = new URL(request.url ?? "", "http://host");
    const location = url.searchParams.get("location");
    const body = await bodyOf(request);
    if (url.pathname === "/to" && location !== null) {
      answer(response, Number(url.searchParams.get("status") ?? 302), { location }, "moved");
      return;
    }
    const {
      authorization,
      cookie,
      range,
      "content-type": type,
      "proxy-authorization": proxy,
    } = request.headers;
    const seen = {
      method: request.method,
      url: request.url,
      authorization,
      cookie,
      proxy,
      range,
      type,
      body: body.toString(),
    };
    answer(response, 200, { "x-method": request.method ?? "" }, JSON.stringify(seen));
  });
}

function to(server: Running, location: string, status = 302): string {
  return `${server.url}/to?${new URLSearchParams({ location, status: String(status) })}`;
}

const secrets = {
  authorization: "Bearer s3cret",
  cookie: "s3cret",
  "proxy-authorization": "s3cret",
  range: "bytes=5-",
};

async function seenBy(request: HttpRequest): Promise<unknown> {
  return JSON.parse(await text(await client().request(request)));
}

describe("redirects", () => {
  for (const status of [301, 302, 303, 307, 308]) {
    it(`${status} is followed by GET and HEAD, relative locations too, with all headers on the same origin`, async () => {
      await using server = await echo();
      const url = to(server, "../there?x=1", status);
      expect(await seenBy({ method: "GET", url, headers: secrets })).toEqual({
        method: "GET",
        url: "/there?x=1",
        authorization: "Bearer s3cret",
        cookie: "s3cret",
        proxy: "s3cret",
        range: "bytes=5-",
        body: "",
      });
      const head = await client().request({ method: "HEAD", url });
      expect([head.status, head.url, head.headers.get("x-method")]).toEqual([
        200,
        `${server.url}/there?x=1`,
        "HEAD",
      ]);
    });
  }

  it("credentials are dropped once the origin is left, a port is another origin, and they do not come back", async () => {
    await using first = await echo();
    await using second = await echo();
    const away = {
      method: "GET",
      url: `${second.url}/x`.slice(second.url.length),
      range: "bytes=5-",
      body: "",
    };
    expect(await seenBy({ method: "GET", url: to(first, `${second.url}/x`), headers: secrets })).toEqual(
      away,
    );
    const andBack = to(first, to(second, `${first.url}/x`));
    expect(await seenBy({ method: "GET", url: andBack, headers: secrets })).toEqual(away);
    const upperCase = { Authorization: "Bearer s3cret", Cookie: "s3cret", range: "bytes=5-" };
    expect(await seenBy({ method: "GET", url: andBack, headers: upperCase })).toEqual(away);
    const otherName = to(first, `http://localhost:${first.port}/x`);
    expect(await seenBy({ method: "GET", url: otherName, headers: secrets })).toEqual(away);
  });

  it("credentials in a location are not used", async () => {
    await using server = await echo();
    const url = to(server, `http://user:s3cret@127.0.0.1:${server.port}/x`);
    expect(await seenBy({ method: "GET", url })).toEqual({ method: "GET", url: "/x", body: "" });
  });

  it("other methods are not redirected unless one says so", async () => {
    await using server = await echo();
    const body = new TextEncoder().encode("abc");
    const headers = { "content-type": "text/plain" };
    const manual = await client().request({ method: "PUT", url: to(server, "/x", 307), body });
    expect([manual.status, manual.headers.get("location"), await text(manual)]).toEqual([307, "/x", "moved"]);
    const get = await client().request({ method: "GET", redirect: "manual", url: to(server, "/x") });
    expect([get.status, await text(get)]).toEqual([302, "moved"]);
    for (const status of [307, 308]) {
      const request: HttpRequest = {
        method: "PUT",
        url: to(server, "/x", status),
        body,
        headers,
        redirect: "follow",
      };
      expect(await seenBy(request)).toEqual({ method: "PUT", url: "/x", type: "text/plain", body: "abc" });
    }
    for (const status of [301, 302, 303]) {
      const request: HttpRequest = {
        method: "PUT",
        url: to(server, "/x", status),
        body,
        headers,
        redirect: "follow",
      };
      expect(await seenBy(request)).toEqual({ method: "GET", url: "/x", body: "" });
    }
    const streamed = await client().request({
      method: "PUT",
      url: to(server, "/x", 307),
      redirect: "follow",
      body: { send: (write) => write(body) },
    });
    expect(streamed.status).toBe(307);
    await streamed.discard();
  });

  it("a status that redirects without a location is an answer like any other", async () => {
    await using server = await serve((_request, response) => answer(response, 301, {}, "nowhere"));
    const response = await client().request({ method: "GET", url: server.url });
    expect([response.status, await text(response)]).toEqual([301, "nowhere"]);
  });

  it("ten are followed, an eleventh is not", async () => {
    await using server = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) answer(response, 200, {}, "there");
      else answer(response, 302, { location: `/${left - 1}` });
    });
    const http = client();
    expect(await text(await http.request({ method: "GET", url: `${server.url}/10` }))).toBe("there");
    const error = await failure(http.request({ method: "GET", url: `${server.url}/11` }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: false });
    expect(String(error)).toContain("redirects more than 10 times");
    expect(server.connections()).toBe(1);
  });

  it("what is signed in a redirect's URL is in no error", async () => {
    await using server = await serve((request, response) => {
      if (request.url === "/") {
        answer(response, 307, {
          location: "/blob?X-Amz-Signature=s3cret&sig=s3cret&token=s3cret&n=5#s3cret",
        });
      } else {
        response.writeHead(200, { "content-length": "10" });
        response.write("123");
        response.destroy();
      }
    });
    const error = await failure(
      client()
        .request({ method: "GET", url: `${server.url}/` })
        .then(text),
    );
    expect((error as Error).message).toBe(
      `GET ${server.url}/blob?X-Amz-Signature=***&sig=***&token=***&n=5: the connection was cut (ECONNRESET)`,
    );
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("s3cret");
  });

  for (const location of ["http://[", "ftp://host/x?token=s3cret", "javascript:alert(1)"]) {
    it(`a redirect to ${location.slice(0, 12)} is refused`, async () => {
      await using server = await echo();
      const error = await failure(client().request({ method: "GET", url: to(server, location) }));
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: false });
      expect(String(error)).not.toContain("s3cret");
    });
  }
});
