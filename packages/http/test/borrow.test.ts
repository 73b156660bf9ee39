import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate, setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHttpClient, type HttpClient, type HttpResponse } from "../src/index.ts";
import { serveRaw } from "./support/servers.ts";

const content = randomBytes(9 * 1024 * 1024 + 4321);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let server: Server;
let client: HttpClient;
/** The pieces that the server writes one after the other, and whether it says how many bytes there are. */
let pieces: readonly number[];
let chunked: boolean;

beforeEach(async () => {
  pieces = [content.length];
  chunked = false;
  server = createServer((_request, response) => void serve(response));
  const serve = async (response: ServerResponse): Promise<void> => {
    if (!chunked) response.setHeader("content-length", content.length);
    let at = 0;
    for (let turn = 0; at < content.length; turn += 1) {
      const size = pieces[turn % pieces.length] ?? content.length;
      if (!response.write(content.subarray(at, at + size))) {
        const over = new AbortController();
        await Promise.race([
          once(response, "drain", { signal: over.signal }),
          once(response, "close", { signal: over.signal }),
        ]);
        over.abort();
      }
      at += size;
      if (response.destroyed) return;
    }
    response.end();
  };

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = createHttpClient({ proxy: "none" });
});

afterEach(() => {
  client.close();
  server.closeAllConnections();
  server.close();
});

function get(borrow: boolean): Promise<HttpResponse> {
  const { port } = server.address() as AddressInfo;
  return client.request({ method: "GET", url: `http://127.0.0.1:${port}/`, borrow });
}

/** Hashes each chunk only after `pause`, just before the next one is asked for. */
async function read(response: HttpResponse, pause: () => Promise<unknown>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of response.body) {
    await pause();
    hash.update(chunk);
  }
  return hash.digest("hex");
}

describe("borrowed chunks", () => {
  it("stand in the same few places", async () => {
    const memories = new Set<ArrayBufferLike>();
    let count = 0;
    for (let time = 0; time < 3; time += 1) {
      for await (const chunk of (await get(true)).body) {
        memories.add(chunk.buffer);
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(100);
    expect(memories.size).toBeLessThan(count / 2);
  });

  it("are right until the next one is asked for, however slow the reader and whatever the server's pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 400_000 }), fc.constantFrom(16_384, 65_536, 262_144)), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.boolean(),
        fc.constantFrom(
          async () => undefined,
          () => setImmediate(),
          () => setTimeout(1),
        ),
        async (sizes, inChunks, pause) => {
          // One byte after the other would take minutes.
          pieces = sizes.map((size) => Math.max(size, 20_000));
          chunked = inChunks;
          expect(await read(await get(true), pause)).toBe(sha256(content));
        },
      ),
      { numRuns: 15 },
    );
  });

  it("of several bodies at a time do not get into each other's places", async () => {
    pieces = [100_000, 30_000];
    const reading = Array.from({ length: 5 }, async (_, index) =>
      read(await get(index !== 2), () => (index % 2 === 0 ? setImmediate() : Promise.resolve())),
    );
    expect(new Set(await Promise.all(reading))).toEqual(new Set([sha256(content)]));
  });

  it("are no concern of who does not ask for them", async () => {
    for await (const chunk of (await get(true)).body) expect(chunk.length).toBeGreaterThan(0);
    const kept: Uint8Array[] = [];
    for await (const chunk of (await get(false)).body) kept.push(chunk);
    for await (const chunk of (await get(true)).body) expect(chunk.length).toBeGreaterThan(0);
    expect(sha256(Buffer.concat(kept))).toBe(sha256(content));
    expect(sha256(await (await get(true)).bytes(content.length))).toBe(sha256(content));
  });

  it("of a body that is left early do not come back", async () => {
    for await (const chunk of (await get(true)).body) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(await read(await get(true), async () => undefined)).toBe(sha256(content));
  });
});

describe("a borrowed body over a connection of its own", () => {
  const raw = (answer: (socket: Socket, head: string) => unknown) =>
    serveRaw((socket) => {
      let head = "";
      socket.on("data", function read(bytes: Buffer) {
        head += bytes.toString();
        if (!head.includes("\r\n\r\n")) return;
        socket.off("data", read);
        answer(socket, head);
      });
    });
  const borrowed = async (url: string, signal?: AbortSignal): Promise<string> => {
    const response = await client.request({ method: "GET", url, borrow: true, signal });
    return `${response.status} ${Buffer.from(await response.bytes(1000)).toString()}`;
  };

  it("is asked for by GET, whatever the head's pieces and the interim responses before it", async () => {
    const whole =
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more";
    let heard = "";
    for (let at = 1; at < whole.length; at += 7) {
      await using own = await raw(async (socket, head) => {
        heard = head;
        socket.write(whole.slice(0, at));
        await setTimeout(2);
        socket.write(whole.slice(at));
      });
      expect(await borrowed(own.url)).toBe("200 hello");
      expect(heard).toMatch(/^GET \/\S* HTTP\/1\.1\r\n(?:.*\r\n)*connection: close\r\n/i);
    }
  });

  it("is asked for again in the usual way where its head does not say how long it is", async () => {
    let requests = 0;
    await using own = await raw((socket) => {
      requests += 1;
      socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    });
    expect(await borrowed(own.url)).toBe("200 hello");
    expect(requests).toBe(2);
  });

  it("may be empty, or that of an error or a redirect", async () => {
    await using own = await raw((socket, head) => {
      if (head.startsWith("GET /to ")) socket.end("HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone");
      else if (head.startsWith("GET /empty ")) socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      else socket.end("HTTP/1.1 307 Go\r\nLocation: /to\r\nContent-Length: 3\r\n\r\nthe");
    });
    expect(await borrowed(`${own.url}/from`)).toBe("404 gone");
    expect(await borrowed(new URL("/empty", own.url).href)).toBe("200 ");
  });

  it("that is cut, at whatever byte and in whatever way, is ERR_DRAYAGE_CONNECTION, retryable", async () => {
    const whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for (let at = 0; at < whole.length; at += 1) {
      await using own = await raw((socket) => {
        if (at % 2 === 0) socket.end(whole.slice(0, at));
        else socket.write(whole.slice(0, at), () => socket.resetAndDestroy());
      });
      await expect(borrowed(own.url), `cut after ${at} bytes`).rejects.toMatchObject({
        code: "ERR_DRAYAGE_CONNECTION",
        retryable: true,
      });
    }
  });

  it("that is cut gives all that came before it fails", async () => {
    const whole = randomBytes(900_000);
    await using own = await raw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${whole.length + 1}\r\n\r\n`);
      socket.end(whole);
    });
    const { body } = await client.request({ method: "GET", url: own.url, borrow: true });
    const got: Uint8Array[] = [];
    const reading = (async () => {
      for await (const chunk of body) {
        got.push(chunk.slice());
        // Slower than the network: some of it waits when the cut comes.
        await setTimeout(40);
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
    expect(Buffer.concat(got).equals(whole)).toBe(true);
  });

  it("ends with its connection when the signal is aborted, before the head and behind it", async () => {
    for (const sent of ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"]) {
      const controller = new AbortController();
      let end: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      await using own = await raw((socket) => {
        socket.on("close", end);
        socket.on("error", () => undefined);
        socket.resume();
        socket.write(sent);
        void setTimeout(20).then(() => controller.abort());
      });
      await expect(borrowed(own.url, controller.signal)).rejects.toMatchObject({
        code: "ERR_DRAYAGE_ABORTED",
      });
      await ended;
    }
  });

  it("of a head without end is refused", async () => {
    await using own = await raw((socket) => {
      socket.on("error", () => undefined);
      socket.write(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(200_000)}\r\nContent-Length: 0\r\n\r\n`);
    });
    await expect(borrowed(own.url)).rejects.toMatchObject({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" });
  });
});
