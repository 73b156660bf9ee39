import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type HttpClient, type ResumeEvent, readResumable } from "../src/index.ts";
import { client, failure, until } from "./support/clients.ts";
import { answer, pattern, type Running, serve } from "./support/servers.ts";

/** What a server does with one request. */
interface Turn {
  /** The body is cut after so many bytes. */
  readonly cut?: number | undefined;
  /** Ignores the range: 200. */
  readonly whole?: boolean | undefined;
  readonly contentRange?: string | undefined;
  /** Without a length: in chunks. */
  readonly chunked?: boolean | undefined;
  readonly status?: number | undefined;
  /** Of the range, only so many bytes are given, and that is said. */
  readonly part?: number | undefined;
}

interface Flaky extends Running {
  /** The ranges that were asked for. */
  readonly asked: (string | undefined)[];
}

async function flaky(bytes: Uint8Array, turns: readonly Turn[]): Promise<Flaky> {
  const asked: (string | undefined)[] = [];
  const server = await serve((request, response) => {
    const turn = turns[asked.length] ?? {};
    const { range } = request.headers;
    asked.push(range);
    if (turn.status !== undefined) {
      answer(
        response,
        turn.status,
        turn.contentRange === undefined ? {} : { "content-range": turn.contentRange },
        "no",
      );
      return;
    }
    const from = turn.whole === true || range === undefined ? 0 : Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
    const ranged = range !== undefined && turn.whole !== true;
    const until = ranged ? Math.min(bytes.length, from + (turn.part ?? bytes.length)) : bytes.length;
    const body = bytes.subarray(from, until);
    const headers: Record<string, string> =
      turn.chunked === true ? {} : { "content-length": String(body.length) };
    if (ranged) {
      headers["content-range"] = turn.contentRange ?? `bytes ${from}-${until - 1}/${bytes.length}`;
      if (headers["content-range"] === "none") delete headers["content-range"];
      response.writeHead(206, headers);
    } else {
      response.writeHead(200, headers);
    }
    if (turn.cut === undefined || turn.cut > body.length) {
      response.end(body);
      return;
    }
    response.flushHeaders();
    response.write(body.subarray(0, turn.cut), () => response.destroy());
  });
  return { ...server, asked, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

interface ReadOptions {
  readonly offset?: number;
  readonly size?: number | undefined;
  readonly retries?: number;
  readonly signal?: AbortSignal;
  readonly onResume?: (event: ResumeEvent) => void;
}

function reading(http: HttpClient, url: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
  return readResumable({
    delay: 0,
    ...options,
    request: (offset, signal) =>
      http.request({
        method: "GET",
        url,
        signal,
        headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
      }),
  });
}

async function read(server: Flaky, options: ReadOptions = {}): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reading(client(), `${server.url}/blob?token=s3cret`, options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const bytes = pattern(100_000);

describe("readResumable", () => {
  it("goes on where the connection was cut, with what is lacking alone", async () => {
    await using server = await flaky(bytes, [{ cut: 40_000 }, { cut: 30_000 }]);
    const events: ResumeEvent[] = [];
    expect(Buffer.compare(await read(server, { onResume: (event) => events.push(event) }), bytes)).toBe(0);
    expect(server.asked).toEqual([undefined, "bytes=40000-", "bytes=70000-"]);
    expect(events).toEqual([
      { reason: expect.stringContaining("the connection was cut"), offset: 40_000, retry: 1, delay: 0 },
      { reason: expect.stringContaining("the connection was cut"), offset: 70_000, retry: 1, delay: 0 },
    ]);
  });

  it("cut anywhere, any number of times, with ranges or without, in chunks or not, from any offset: the same bytes", async () => {
    const small = pattern(3000);
    const turn = fc.record({
      cut: fc.option(fc.nat(3200), { nil: undefined }),
      whole: fc.boolean(),
      chunked: fc.boolean(),
      part: fc.option(fc.integer({ min: 1, max: 2000 }), { nil: undefined }),
      contentRange: fc.option(fc.constantFrom("none", "bytes 7-9/3000", "bytes 0-", "nonsense"), {
        nil: undefined,
        freq: 8,
      }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(turn, { maxLength: 8 }),
        fc.nat(3000),
        fc.boolean(),
        async (turns, offset, sized) => {
          await using server = await flaky(small, turns);
          const size = sized || offset === small.length ? small.length : undefined;
          const got = await read(server, { offset, size, retries: 20 });
          expect(Buffer.compare(got, small.subarray(offset))).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("every try that brings a byte starts the count of tries anew", async () => {
    await using server = await flaky(
      bytes.subarray(0, 50),
      Array.from({ length: 49 }, () => ({ cut: 1 })),
    );
    expect(Buffer.compare(await read(server, { retries: 1 }), bytes.subarray(0, 50))).toBe(0);
    expect(server.asked.length).toBe(50);
  });

  it("gives up after as many tries without a byte, with the last error", async () => {
    await using server = await flaky(bytes, [{ cut: 10 }, { cut: 0 }, { cut: 0 }, { cut: 0 }, { cut: 0 }]);
    const error = await failure(read(server, { retries: 2 }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
    expect(String(error)).not.toContain("s3cret");
    expect(server.asked).toEqual([undefined, "bytes=10-", "bytes=10-"]);
  });

  it("a 200 to a request for a range: what one has is skipped", async () => {
    await using server = await flaky(bytes, [{ cut: 40_000 }, { whole: true, cut: 20_000 }, { whole: true }]);
    expect(Buffer.compare(await read(server), bytes)).toBe(0);
    expect(server.asked).toEqual([undefined, "bytes=40000-", "bytes=40000-"]);
  });

  for (const contentRange of [
    "none",
    "bytes 39999-99999/100000",
    "bytes 40001-99999/100000",
    "bytes 40000-30000/100000",
    "bytes 40000-100000/100000",
    "items 40000-99999/100000",
    "bytes 40000-/100000",
  ]) {
    it(`content-range ${contentRange}: not believed, the whole is asked for`, async () => {
      await using server = await flaky(bytes, [{ cut: 40_000 }, { contentRange }]);
      expect(Buffer.compare(await read(server), bytes)).toBe(0);
      expect(server.asked).toEqual([undefined, "bytes=40000-", undefined]);
    });
  }

  it("a range of unknown size is taken, and a shorter one than was asked for", async () => {
    await using server = await flaky(bytes, [
      { cut: 40_000 },
      { part: 10_000 },
      { contentRange: "bytes 50000-99999/*" },
    ]);
    expect(Buffer.compare(await read(server), bytes)).toBe(0);
    expect(server.asked).toEqual([undefined, "bytes=40000-", "bytes=50000-"]);
  });

  it("416 is the end where all is there already, and sends one to the whole where not", async () => {
    const end = { status: 416, contentRange: "bytes */100000" };
    await using complete = await flaky(bytes, [{ chunked: true, cut: 100_000 }, end]);
    expect(Buffer.compare(await read(complete), bytes)).toBe(0);
    expect(complete.asked).toEqual([undefined, "bytes=100000-"]);
    await using broken = await flaky(bytes, [{ cut: 40_000 }, { status: 416 }]);
    expect(Buffer.compare(await read(broken), bytes)).toBe(0);
    expect(broken.asked).toEqual([undefined, "bytes=40000-", undefined]);
    await using changed = await flaky(bytes, [
      { cut: 40_000 },
      { status: 416, contentRange: "bytes */30000" },
    ]);
    expect(await failure(read(changed))).toMatchObject({ code: "ERR_DRAYAGE_SIZE_MISMATCH" });
  });

  it("nothing is asked for where nothing is lacking", async () => {
    await using server = await flaky(bytes, []);
    expect((await read(server, { offset: 100_000, size: 100_000 })).length).toBe(0);
    expect((await read(server, { size: 0 })).length).toBe(0);
    expect(server.asked).toEqual([]);
  });

  it("an offset to begin with is asked for as a range", async () => {
    await using server = await flaky(bytes, [{ cut: 10 }]);
    expect(
      Buffer.compare(await read(server, { offset: 99_000, size: 100_000 }), bytes.subarray(99_000)),
    ).toBe(0);
    expect(server.asked).toEqual(["bytes=99000-", "bytes=99010-"]);
  });

  const sizes: readonly [what: string, turns: readonly Turn[], size: number][] = [
    ["a length that is not the size", [{}], 99_999],
    ["a length that is less than the size", [{}], 100_001],
    ["more bytes than the size, without a length", [{ chunked: true }], 99_999],
    ["a range of another whole", [{ cut: 5 }, { contentRange: "bytes 5-99999/100001" }], 100_000],
  ];
  for (const [what, turns, size] of sizes) {
    it(`${what} is ERR_DRAYAGE_SIZE_MISMATCH`, async () => {
      await using server = await flaky(bytes, turns);
      const error = await failure(read(server, { size }));
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_SIZE_MISMATCH", retryable: false });
      expect(String(error)).not.toContain("s3cret");
    });
  }

  it("a whole that is shorter than the size and does not say so is an error after some tries", async () => {
    await using server = await flaky(bytes, [
      { chunked: true },
      { status: 416 },
      { chunked: true },
      { chunked: true },
    ]);
    const error = await failure(read(server, { size: 100_001, retries: 2 }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION" });
    expect(String(error)).toContain("ended after 100000 of 100001 bytes");
  });

  it("another status is an error at once", async () => {
    await using server = await flaky(bytes, [{ cut: 10 }, { status: 404 }]);
    expect(await failure(read(server))).toMatchObject({ code: "ERR_DRAYAGE_REGISTRY", retryable: false });
    expect(server.asked.length).toBe(2);
  });

  it("the rest is asked for at the first URL: where it redirected to may have expired", async () => {
    const visited: string[] = [];
    await using server = await serve((request, response) => {
      visited.push(`${request.url}`);
      if (request.url === "/blob") {
        answer(response, 307, { location: `/storage/${visited.length}` });
        return;
      }
      const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
      const headers = { "content-length": String(10 - from), "content-range": `bytes ${from}-9/10` };
      response.writeHead(from === 0 ? 200 : 206, headers);
      response.write("0123456789".slice(from, from + 4), () => {
        if (from + 4 < 10) response.destroy();
      });
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of reading(client(), `${server.url}/blob`)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe("0123456789");
    expect(visited).toEqual(["/blob", "/storage/1", "/blob", "/storage/3", "/blob", "/storage/5"]);
  });

  it("leaving early closes the connection, and an abort ends it", async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { "content-length": "1000" }).write("some");
    });
    for await (const chunk of reading(client(), server.url)) {
      expect(chunk.length).toBe(4);
      break;
    }
    await until(() => server.sockets.size === 0);
    const stop = new AbortController();
    const error = await failure(
      (async () => {
        for await (const chunk of reading(client(), server.url, { signal: stop.signal })) {
          expect(chunk.length).toBe(4);
          stop.abort();
        }
      })(),
    );
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    await until(() => server.sockets.size === 0);
  });
});
