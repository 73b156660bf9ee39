import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { headersOf } from "../src/headers.ts";
import type { HttpBody } from "../src/index.ts";
import { responseOf } from "../src/response.ts";
import { client, failure, text, until } from "./support/clients.ts";
import { answer, bodyOf, pattern, serve, serveRaw } from "./support/servers.ts";

describe("bodies of responses", () => {
  it("a body that is cut, at whatever byte, gives what came and then ERR_DRAYAGE_CONNECTION, retryable", async () => {
    const whole = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
    const head = whole.indexOf("\r\n\r\n") + 4;
    let cutAt = 0;
    await using server = await serveRaw((socket) => {
      socket.once("data", () => socket.end(whole.slice(0, cutAt)));
    });
    for (cutAt = 0; cutAt < whole.length; cutAt += 1) {
      let got = "";
      const error = await failure(
        (async () => {
          const response = await client().request({ method: "GET", url: server.url });
          for await (const chunk of response.body) got += Buffer.from(chunk).toString();
        })(),
      );
      expect(error, `cut after ${cutAt} bytes`).toMatchObject({
        code: "ERR_DRAYAGE_CONNECTION",
        retryable: true,
      });
      expect(got).toBe("0123456789".slice(0, Math.max(0, cutAt - head)));
    }
    cutAt = whole.length;
    expect(await text(await client().request({ method: "GET", url: server.url }))).toBe("0123456789");
  });

  it("a body in chunks that is cut, at whatever byte, is an error", async () => {
    const whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\n";
    let cutAt = 0;
    await using server = await serveRaw((socket) => {
      socket.once("data", () => socket.end(whole.slice(0, cutAt)));
    });
    for (cutAt = 0; cutAt < whole.length; cutAt += 1) {
      const error = await failure(client().request({ method: "GET", url: server.url }).then(text));
      expect(error, `cut after ${cutAt} bytes`).toMatchObject({
        code: "ERR_DRAYAGE_CONNECTION",
        retryable: true,
      });
    }
    cutAt = whole.length;
    expect(await text(await client().request({ method: "GET", url: server.url }))).toBe("abcdefgh");
  });

  it("a connection that is reset is ERR_DRAYAGE_CONNECTION, retryable", async () => {
    await using server = await serveRaw((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123");
        setTimeout(() => socket.resetAndDestroy(), 20);
      });
    });
    const error = await failure(client().request({ method: "GET", url: server.url }).then(text));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
    expect(String(error)).toContain("the connection was cut (ECONNRESET)");
  });

  it("who reads slowly slows the server down: what is not read is not buffered", async () => {
    let written = 0;
    await using server = await serve((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (written < 100_000_000) {
          written += chunk.length;
          if (!response.write(chunk)) {
            response.once("drain", more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const response = await client().request({ method: "GET", url: server.url });
    const chunks = response.body[Symbol.asyncIterator]();
    await chunks.next();
    let before = -1;
    while (before !== written) {
      before = written;
      await wait(100);
    }
    // What the kernel holds for both ends, and what is read ahead.
    expect(written).toBeLessThan(30_000_000);
    await chunks.return?.();
  });

  it("all bytes come in order when the reader is slow", async () => {
    const wanted = pattern(5_000_000);
    await using server = await serve((_request, response) => {
      response.end(wanted);
    });
    const response = await client().request({ method: "GET", url: server.url });
    const got: Uint8Array[] = [];
    for await (const chunk of response.body) {
      got.push(chunk);
      if (got.length % 10 === 0) await wait(1);
    }
    expect(Buffer.compare(Buffer.concat(got), wanted)).toBe(0);
  });

  it("leaving early ends the connection", async () => {
    await using server = await serve((_request, response) => {
      response.write("some");
    });
    const response = await client().request({ method: "GET", url: server.url });
    for await (const chunk of response.body) {
      expect(Buffer.from(chunk).toString()).toBe("some");
      break;
    }
    await until(() => server.sockets.size === 0);
  });

  it("a body is read once", async () => {
    await using server = await serve((_request, response) => answer(response, 200, {}, "x"));
    const response = await client().request({ method: "GET", url: server.url });
    await text(response);
    expect(await failure(response.bytes(10))).toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
  });

  for (const length of [true, false]) {
    it(`bytes(limit) refuses more, ${length ? "by the length at once" : "when it comes"}, and ends the connection`, async () => {
      await using server = await serve((_request, response) => {
        response.writeHead(200, length ? { "content-length": "101" } : {});
        response.write("x".repeat(101));
      });
      const response = await client().request({ method: "GET", url: `${server.url}/a?token=s3cret` });
      const error = await failure(response.bytes(100));
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" });
      expect(String(error)).not.toContain("s3cret");
      await until(() => server.sockets.size === 0);
    });
  }

  it("discard reads a small body, so that the connection is used again, and leaves a large or slow one", async () => {
    await using server = await serve((request, response) => {
      if (request.url === "/small") answer(response, 404, {}, "x".repeat(1000));
      else if (request.url === "/large") answer(response, 200, {}, "x".repeat(10_000_000));
      else response.writeHead(200).write("x");
    });
    const http = client();
    for (const path of ["/small", "/small", "/large", "/small", "/slow", "/small"]) {
      const response = await http.request({ method: "GET", url: server.url + path });
      await response.discard();
      await response.discard();
    }
    expect(server.connections()).toBe(3);
    await until(() => server.sockets.size === 1);
  });

  it("an abort ends request and body with ERR_DRAYAGE_ABORTED, and the connection", async () => {
    await using server = await serve((request, response) => {
      if (request.url === "/body") response.writeHead(200).write("x");
    });
    for (const path of ["/never", "/body"]) {
      const stop = new AbortController();
      const promise = client()
        .request({ method: "GET", url: server.url + path, signal: stop.signal })
        .then(text);
      await until(() => server.sockets.size === 1);
      await wait(20);
      stop.abort();
      expect(await failure(promise)).toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
      await until(() => server.sockets.size === 0);
    }
    const error = await failure(
      client().request({ method: "GET", url: server.url, signal: AbortSignal.abort() }),
    );
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });

  it("headers that are too large are refused", async () => {
    await using server = await serveRaw((socket) => {
      socket.once("data", () => socket.write(`HTTP/1.1 200 OK\r\nx-large: ${"x".repeat(70_000)}\r\n\r\n`));
    });
    const error = await failure(client().request({ method: "GET", url: server.url }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED", retryable: false });
  });

  it("what is not HTTP is an error that does not hold the bytes that came", async () => {
    await using server = await serveRaw((socket) => {
      socket.once("data", () => socket.end("SSH-2.0-s3cret\r\n"));
    });
    const error = await failure(client().request({ method: "GET", url: server.url }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: false });
    expect(String(error)).toContain("the answer is not HTTP");
    expect((error as Error).cause).toBeUndefined();
  });
});

describe("timeouts", () => {
  it("a server that stops in the middle of a body does not hang one for ever", async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { "content-length": "10" }).write("01234");
    });
    const http = client({ timeouts: { idle: 50 } });
    const error = await failure(http.request({ method: "GET", url: server.url }).then(text));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
    await until(() => server.sockets.size === 0);
  });

  it("nor one that does not answer", async () => {
    await using server = await serve(() => undefined);
    const error = await failure(
      client({ timeouts: { response: 50 } }).request({ method: "GET", url: server.url }),
    );
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
  });

  it("nor one that does not take the body", async () => {
    await using server = await serveRaw((socket) => socket.pause());
    const error = await failure(
      client({ timeouts: { idle: 50 } }).request({
        method: "PUT",
        url: server.url,
        body: endless(),
      }),
    );
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
  });

  it("a reader and a sender may take longer than the other side may", async () => {
    await using server = await serve(async (request, response) => {
      const body = await bodyOf(request);
      answer(response, 200, {}, `${body.toString()}${"x".repeat(2_000_000)}`);
    });
    const response = await client({ timeouts: { idle: 40 } }).request({
      method: "PUT",
      url: server.url,
      body: {
        async send(write) {
          await write(Buffer.from("a"));
          await wait(100);
          await write(Buffer.from("b"));
        },
      },
    });
    let size = 0;
    for await (const chunk of response.body) {
      if (size === 0) await wait(100);
      size += chunk.length;
    }
    expect(size).toBe(2_000_002);
  });
});

describe("bodies of requests", () => {
  for (const status of [401, 413]) {
    it(`an answer ${status} while the body is sent: the write rejects, and the answer is had`, async () => {
      await using server = await serve((request, response) => {
        request.once("data", () => answer(response, status, { "x-early": "yes" }, "no"));
      });
      let writeError: unknown;
      let aborted: boolean | undefined;
      const response = await client().request({
        method: "PUT",
        url: server.url,
        body: {
          length: 1e9,
          async send(write, { signal }) {
            try {
              await endless().send(write, { signal });
            } catch (error) {
              writeError = error;
              aborted = signal.aborted;
              throw error;
            }
          },
        },
      });
      expect([response.status, response.headers.get("x-early"), await text(response)]).toEqual([
        status,
        "yes",
        "no",
      ]);
      expect(writeError).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION" });
      expect(aborted).toBe(true);
      await until(() => server.sockets.size === 0);
    });
  }

  it("an early answer of a server that closes at once is had, and not lost to the broken pipe", async () => {
    await using server = await serveRaw((socket) => {
      socket.once("data", () =>
        socket.end("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"),
      );
    });
    for (let time = 0; time < 20; time += 1) {
      const response = await client().request({ method: "PUT", url: server.url, body: endless() });
      expect([response.status, await text(response)]).toEqual([413, "no"]);
    }
  });

  it("a sender that ends well in spite of an early answer changes nothing", async () => {
    await using server = await serve((request, response) => {
      request.once("data", () => answer(response, 401, {}, "no"));
    });
    const response = await client().request({
      method: "PUT",
      url: server.url,
      body: {
        async send(write) {
          try {
            for (;;) await write(new Uint8Array(100_000));
          } catch {
            return;
          }
        },
      },
    });
    expect([response.status, await text(response)]).toEqual([401, "no"]);
  });

  it("a connection that is cut while the body is sent is ERR_DRAYAGE_CONNECTION, retryable, for write and request", async () => {
    for (const after of [0, 1, 65_536, 1_000_000]) {
      await using server = await serveRaw((socket) => {
        let seen = 0;
        if (after === 0) socket.destroy();
        socket.on("data", (chunk) => {
          seen += chunk.length;
          if (seen >= after) socket.resetAndDestroy();
        });
      });
      let writeError: unknown;
      const error = await failure(
        client().request({
          method: "PUT",
          url: server.url,
          body: {
            length: 1e9,
            async send(write, { signal }) {
              try {
                await endless().send(write, { signal });
              } catch (caught) {
                writeError = caught;
                throw new Error("the sender's own words", { cause: caught });
              }
            },
          },
        }),
      );
      expect(error, `after ${after}`).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
      expect(writeError).toBe(error);
    }
  });

  it("what the sender throws is what the request throws, and the server sees the body end too early", async () => {
    let ended: unknown;
    await using server = await serve(async (request) => {
      ended = await failure(bodyOf(request));
    });
    const own = new Error("the disk is gone");
    const error = await failure(
      client().request({
        method: "PUT",
        url: server.url,
        body: {
          async send(write) {
            await write(new Uint8Array(10));
            throw own;
          },
        },
      }),
    );
    expect(error).toBe(own);
    await until(() => ended !== undefined);
    expect(ended).toMatchObject({ code: "ECONNRESET" });
    await until(() => server.sockets.size === 0);
  });

  for (const size of [9, 11]) {
    it(`${size} bytes where 10 were announced are ERR_DRAYAGE_SIZE_MISMATCH`, async () => {
      await using server = await serve(async (request, response) => {
        await bodyOf(request);
        answer(response, 201);
      });
      const error = await failure(
        client().request({
          method: "PUT",
          url: server.url,
          body: { length: 10, send: (write) => write(new Uint8Array(size)) },
        }),
      );
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_SIZE_MISMATCH" });
    });
  }

  it("two writes at a time, or one after the end, are ERR_DRAYAGE_USAGE", async () => {
    await using server = await serve(async (request, response) => {
      answer(response, 201, {}, String((await bodyOf(request)).length));
    });
    let late: ((chunk: Uint8Array) => Promise<void>) | undefined;
    const errors: unknown[] = [];
    const response = await client().request({
      method: "PUT",
      url: server.url,
      body: {
        async send(write) {
          late = write;
          const first = write(new Uint8Array(10));
          errors.push(await failure(write(new Uint8Array(5))));
          await first;
        },
      },
    });
    expect(await text(response)).toBe("10");
    if (late !== undefined) errors.push(await failure(late(new Uint8Array(1))));
    expect(errors).toMatchObject([{ code: "ERR_DRAYAGE_USAGE" }, { code: "ERR_DRAYAGE_USAGE" }]);
  });

  it("an abort while the body is sent ends all of it", async () => {
    await using server = await serve((request) => {
      request.resume();
    });
    const stop = new AbortController();
    let told = false;
    const promise = client().request({
      method: "PUT",
      url: server.url,
      signal: stop.signal,
      body: {
        async send(write, { signal }) {
          await write(new Uint8Array(10));
          await new Promise((resolve) => {
            signal.addEventListener("abort", resolve);
          });
          told = true;
        },
      },
    });
    await until(() => server.sockets.size === 1);
    await wait(20);
    stop.abort();
    expect(await failure(promise)).toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    expect(told).toBe(true);
    await until(() => server.sockets.size === 0);
  });
});

/** Bytes until the connection ends. */
function endless(): HttpBody {
  return {
    async send(write) {
      for (;;) await write(new Uint8Array(256 * 1024));
    },
  };
}

it("bytes() keeps no chunks: a body that comes in tiny ones takes no more memory than its size", async () => {
  const memory = new Uint8Array(1);
  let count = 0;
  const source = {
    // After the first, each chunk lies where the one before it lay.
    next: async () => {
      if (count === 5000) return undefined;
      count += 1;
      if (count === 1) return Uint8Array.of(1);
      memory[0] = count % 251;
      return memory;
    },
    cancel: () => undefined,
  };
  const response = responseOf({ status: 200, headers: headersOf([]), url: "http://host/", source });
  const bytes = await response.bytes(5000);
  expect(bytes).toEqual(Uint8Array.from({ length: 5000 }, (_, index) => (index + 1) % 251));
  expect(bytes.buffer.byteLength).toBe(5000);
});
