import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { client, failure, text, until } from "./support/clients.ts";
import { answer, bodyOf, listen, serve } from "./support/servers.ts";

describe("connections", () => {
  it("are kept alive, and all closed by close()", async () => {
    await using server = await serve((_request, response) => answer(response, 200, {}, "x"));
    const http = client();
    for (let time = 0; time < 5; time += 1)
      await text(await http.request({ method: "GET", url: server.url }));
    await Promise.all(
      [1, 2, 3].map(async () => text(await http.request({ method: "GET", url: server.url }))),
    );
    expect(server.connections()).toBe(3);
    http.close();
    await until(() => server.sockets.size === 0);
  });

  it("maxSockets is how many there are to a host at a time", async () => {
    let most = 0;
    let now = 0;
    await using server = await serve(async (_request, response) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
      now -= 1;
      answer(response, 200, {}, "x");
    });
    const http = client({ maxSockets: 2 });
    await Promise.all(
      Array.from({ length: 8 }, async () => text(await http.request({ method: "GET", url: server.url }))),
    );
    expect(most).toBe(2);
  });

  it("one that the server closed meanwhile is replaced, for a request that may be sent again", async () => {
    // The second request of each connection is not answered.
    const seen = new WeakMap<object, number>();
    await using server = await serve(async (request, response) => {
      const count = (seen.get(request.socket) ?? 0) + 1;
      seen.set(request.socket, count);
      if (count === 2) {
        request.socket.destroy();
        return;
      }
      await bodyOf(request);
      answer(response, 200, {}, `${request.method}`);
    });
    const http = client();
    const request = async (method: "GET" | "PUT" | "POST", repeatable?: boolean): Promise<string> =>
      text(
        await http.request({
          method,
          url: server.url,
          repeatable,
          body: method === "GET" ? undefined : new Uint8Array(3),
        }),
      );
    expect(await request("GET")).toBe("GET");
    expect(await request("GET")).toBe("GET");
    expect(await request("PUT")).toBe("PUT");
    expect(await request("POST", true)).toBe("POST");
    expect(server.connections()).toBe(4);
    expect(await failure(request("POST"))).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
  });

  it("one that the server closed meanwhile is noticed before a body is begun that can be sent only once", async () => {
    let begun = 0;
    await using server = await serve(async (request, response) => {
      answer(response, 200, {}, String((await bodyOf(request)).length));
      response.once("finish", () => request.socket.destroy());
    });
    const http = client();
    for (let time = 1; time <= 20; time += 1) {
      const response = await http.request({
        method: "POST",
        url: server.url,
        body: {
          send(write) {
            begun += 1;
            return write(new Uint8Array(3));
          },
        },
      });
      expect(await text(response)).toBe("3");
      expect(begun).toBe(time);
    }
  });

  it("go to a unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "drayage-"));
    try {
      const socketPath = join(folder, "daemon.sock");
      await using _server = await listen(
        createServer((request, response) => {
          if (request.url === "/away") answer(response, 302, { location: "http://example.com/" });
          else if (request.url === "/here") answer(response, 302, { location: "/there" });
          else answer(response, 200, {}, `${request.headers.host} ${request.url}`);
        }),
        "http",
        socketPath,
      );
      const http = client({ socketPath, env: { HTTP_PROXY: "http://127.0.0.1:1" } });
      expect(await text(await http.request({ method: "GET", url: "http://docker/_ping" }))).toBe(
        "docker /_ping",
      );
      expect(await text(await http.request({ method: "GET", url: "http://docker/here" }))).toBe(
        "docker /there",
      );
      const error = await failure(http.request({ method: "GET", url: "http://docker/away" }));
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: false });
      const absent = await failure(
        client({ socketPath: join(folder, "absent.sock") }).request({ method: "GET", url: "http://docker/" }),
      );
      expect(absent).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: false });
      expect(String(absent)).toContain("absent.sock: there is no such socket (ENOENT)");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("that are refused, and names that there are not, are errors that say so", async () => {
    const server = await serve(() => undefined);
    const { url, port } = server;
    await server[Symbol.asyncDispose]();
    const refused = await failure(client().request({ method: "GET", url }));
    expect(refused).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
    expect((refused as Error).message).toBe(
      `cannot connect to 127.0.0.1:${port}: the connection was refused (ECONNREFUSED)`,
    );
    const unknown = await failure(client().request({ method: "GET", url: "http://registry.invalid/v2/" }));
    expect(unknown).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION" });
    expect(String(unknown)).toMatch(/cannot connect to registry\.invalid: .*\((?:ENOTFOUND|EAI_AGAIN)\)/);
  });

  it("URLs that are none of HTTP, or have credentials, and headers that cannot be sent are ERR_DRAYAGE_USAGE", async () => {
    const errors = [
      await failure(client().request({ method: "GET", url: "ftp://host/" })),
      await failure(client().request({ method: "GET", url: "nonsense" })),
      await failure(client().request({ method: "GET", url: "http://user:s3cret@host/" })),
      await failure(
        client().request({
          method: "GET",
          url: "http://127.0.0.1:1/",
          headers: { authorization: "s3cret\n" },
        }),
      ),
    ];
    for (const error of errors) {
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
      expect(String(error)).not.toContain("s3cret");
    }
  });
});
