import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type Socket } from "node:net";
import { describeWithPeers, testCertificates } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import type { TlsOptions } from "../src/index.ts";
import { client, failure, text, until } from "./support/clients.ts";
import { answer, listen, type Running, serve, serveRaw, serveTls } from "./support/servers.ts";

interface Proxy extends AsyncDisposable {
  readonly running: Running;
  readonly host: string;
  /** What it was asked for, each with the credentials. */
  readonly log: string[];
}

/** A proxy that takes every host for 127.0.0.1. */
async function startProxy({
  status = 200,
  tls,
}: {
  status?: number;
  tls?: { key: Buffer; cert: Buffer };
} = {}): Promise<Proxy> {
  const log: string[] = [];
  const server: Server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on("request", (request, response) => {
    log.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"] ?? "-"}`);
    answer(response, 200, {}, `by proxy, for ${request.headers.host}`);
  });
  const tunnels = new Set<Socket>();
  server.on("connect", (request, socket: Socket) => {
    log.push(`CONNECT ${request.url} ${request.headers["proxy-authorization"] ?? "-"}`);
    socket.on("error", () => undefined);
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\nLocation: http://evil.example/\r\nContent-Length: 5\r\n\r\nproxy`);
      return;
    }
    const target = connect(Number(request.url?.split(":").at(-1)), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(target).pipe(socket);
    });
    tunnels.add(target);
    target.on("error", () => socket.destroy());
    target.on("close", () => tunnels.delete(target));
  });
  const running = await listen(server, "http");
  return {
    running,
    host: `127.0.0.1:${running.port}`,
    log,
    async [Symbol.asyncDispose]() {
      for (const target of tunnels) target.destroy();
      await running[Symbol.asyncDispose]();
    },
  };
}

async function secure(host: "server" | "otherHost"): Promise<{ key: Buffer; cert: Buffer; tls: TlsOptions }> {
  const all = await testCertificates();
  const files = all[host];
  return {
    key: readFileSync(files.key),
    cert: readFileSync(files.certificate),
    tls: { ca: [readFileSync(all.authority.certificate, "utf8")] },
  };
}

const basic = `Basic ${Buffer.from("us er:p@ss:wörd").toString("base64")}`;
const userInfo = "us%20er:p%40ss%3Aw%C3%B6rd@";

describeWithPeers("proxies", ["openssl"], () => {
  it("HTTP goes by the proxy as a whole URL, with its credentials, and connections are kept", async () => {
    await using proxy = await startProxy();
    const http = client({ env: { http_proxy: `http://${userInfo}${proxy.host}` } });
    for (const path of ["/a?b=c", "/d"]) {
      const response = await http.request({ method: "GET", url: `http://registry.example:5000${path}` });
      expect(await text(response)).toBe("by proxy, for registry.example:5000");
    }
    expect(proxy.log).toEqual([
      `GET http://registry.example:5000/a?b=c ${basic}`,
      `GET http://registry.example:5000/d ${basic}`,
    ]);
    expect(proxy.running.connections()).toBe(1);
  });

  it("HTTPS goes through a tunnel: the proxy sees neither path nor headers, the host not the proxy's credentials", async () => {
    const { key, cert, tls } = await secure("otherHost");
    await using server = await serveTls({ key, cert }, (request, response) => {
      answer(
        response,
        200,
        {},
        `${request.url} ${request.headers.authorization} ${request.headers["proxy-authorization"]}`,
      );
    });
    await using proxy = await startProxy();
    const http = client({ tls, env: { HTTPS_PROXY: `${userInfo}${proxy.host}` } });
    const url = `https://elsewhere.example:${server.port}/path`;
    for (let time = 0; time < 2; time += 1) {
      const response = await http.request({ method: "GET", url, headers: { authorization: "Bearer x" } });
      expect(await text(response)).toBe("/path Bearer x undefined");
    }
    expect(proxy.log).toEqual([`CONNECT elsewhere.example:${server.port} ${basic}`]);
    expect(server.connections()).toBe(1);
    http.close();
    await until(() => proxy.running.sockets.size === 0 && server.sockets.size === 0);
  });

  it("the host's certificate is checked through a tunnel", async () => {
    const { key, cert, tls } = await secure("server");
    await using server = await serveTls({ key, cert }, (_request, response) => answer(response, 200));
    await using proxy = await startProxy();
    const http = client({ tls, proxy: `http://${proxy.host}` });
    const error = await failure(
      http.request({ method: "GET", url: `https://elsewhere.example:${server.port}/` }),
    );
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_TLS" });
    expect(String(error)).toContain("its certificate is for another host");
  });

  it("proxies that are spoken to by TLS", async () => {
    const { key, cert, tls } = await secure("server");
    const host = await secure("otherHost");
    await using server = await serveTls({ key: host.key, cert: host.cert }, (_request, response) =>
      answer(response, 200, {}, "there"),
    );
    await using proxy = await startProxy({ tls: { key, cert } });
    const http = client({ tls, proxy: `https://${proxy.host}` });
    const plain = await http.request({ method: "GET", url: "http://registry.example/" });
    expect(await text(plain)).toBe("by proxy, for registry.example");
    const tunnelled = await http.request({ method: "GET", url: `https://elsewhere.example:${server.port}/` });
    expect(await text(tunnelled)).toBe("there");
    const careful = client({ proxy: `https://${proxy.host}` });
    expect(await failure(careful.request({ method: "GET", url: "http://registry.example/" }))).toMatchObject({
      code: "ERR_DRAYAGE_TLS",
    });
  });

  for (const status of [302, 401, 407, 502]) {
    it(`what a proxy answers to CONNECT (${status}) is an error, and no answer of the host`, async () => {
      await using proxy = await startProxy({ status });
      const http = client({ env: { HTTPS_PROXY: `http://user:s3cret@${proxy.host}` } });
      const error = await failure(http.request({ method: "GET", url: "https://registry.example/" }));
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: status === 502 });
      expect((error as Error).message).toContain(`the proxy ${proxy.host}`);
      expect((error as Error).message).toContain(`status ${status}`);
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/s3cret|evil/);
    });
  }

  it("a proxy that does not answer, hangs up or is not there is an error in time, and its connection is closed", async () => {
    await using silent = await serveRaw((socket) => socket.resume());
    await using rude = await serveRaw((socket) => socket.resume().end());
    const gone = await serve(() => undefined);
    await gone[Symbol.asyncDispose]();
    for (const { port } of [silent, rude, gone]) {
      const http = client({ proxy: `http://127.0.0.1:${port}`, timeouts: { connect: 100 } });
      const error = await failure(http.request({ method: "GET", url: "https://registry.example/" }));
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
      expect(String(error)).toContain(`127.0.0.1:${port}`);
    }
    const stop = new AbortController();
    const aborted = client({ proxy: `http://127.0.0.1:${silent.port}` }).request({
      method: "GET",
      url: "https://registry.example/",
      signal: stop.signal,
    });
    await until(() => silent.sockets.size === 1);
    stop.abort();
    expect(await failure(aborted)).toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    await until(() => silent.sockets.size === 0 && rude.sockets.size === 0);
  });

  it("loopback is never asked for by a proxy of the environment", async () => {
    await using server = await serve((_request, response) => answer(response, 200, {}, "itself"));
    const http = client({ env: { HTTP_PROXY: "http://127.0.0.1:1" } });
    expect(await text(await http.request({ method: "GET", url: server.url }))).toBe("itself");
  });
});
