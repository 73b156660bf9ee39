import { DrayageError } from "@drayage/errors";
import { describe, expect, it } from "vitest";
import { backoff } from "../src/backoff.ts";
import {
  type HttpClient,
  type HttpRequest,
  type RetryEvent,
  type RetryOptions,
  withRetries,
} from "../src/index.ts";
import { client, failure, text } from "./support/clients.ts";
import { answer, serve } from "./support/servers.ts";

/** Answers with one after the other, the last of them for ever; `cut` cuts the connection. */
async function script(answers: readonly (number | "cut" | { status: number; retryAfter: string })[]) {
  const seen: string[] = [];
  const server = await serve((request, response) => {
    const next = answers[Math.min(seen.length, answers.length - 1)];
    seen.push(`${request.method}`);
    if (next === "cut") response.destroy();
    else if (typeof next === "object")
      answer(response, next.status, { "retry-after": next.retryAfter }, "wait");
    else answer(response, next ?? 200, {}, `answer ${seen.length}`);
  });
  return { ...server, seen, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function retrying(options: RetryOptions = {}): { http: HttpClient; events: RetryEvent[] } {
  const events: RetryEvent[] = [];
  return {
    http: withRetries(client(), { delay: 0, onRetry: (event) => events.push(event), ...options }),
    events,
  };
}

describe("withRetries", () => {
  for (const status of [408, 429, 500, 502, 503, 504, "cut"] as const) {
    it(`${status} is tried again`, async () => {
      await using server = await script([status, status, 200]);
      const { http, events } = retrying();
      const response = await http.request({ method: "GET", url: `${server.url}/?token=s3cret` });
      expect([response.status, await text(response)]).toEqual([200, "answer 3"]);
      const reason = status === "cut" ? expect.stringContaining("ECONNRESET") : `status ${status}`;
      expect(events).toEqual(
        [1, 2].map((retry) => ({
          ...{ op: `GET ${server.url}/?token=***`, reason, retry, delay: 0 },
          unreachable: false,
        })),
      );
    });
  }

  for (const status of [200, 301, 400, 401, 403, 404, 416, 501, 505]) {
    it(`${status} is not`, async () => {
      await using server = await script([status, 200]);
      const response = await retrying().http.request({ method: "GET", url: server.url });
      expect([response.status, await text(response), server.seen.length]).toEqual([status, "answer 1", 1]);
    });
  }

  it("the last answer is what one gets, after 5 tries more or as many as one says; those before are discarded", async () => {
    for (const retries of [undefined, 0, 2]) {
      await using server = await script([503]);
      const response = await retrying({ retries }).http.request({ method: "GET", url: server.url });
      const tries = 1 + (retries ?? 5);
      expect([response.status, await text(response)]).toEqual([503, `answer ${tries}`]);
      expect([server.seen.length, server.connections()]).toEqual([tries, 1]);
    }
  });

  it("the last error is what one gets", async () => {
    await using server = await script([503, "cut"]);
    const error = await failure(retrying({ retries: 2 }).http.request({ method: "GET", url: server.url }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
  });

  const bytes = new Uint8Array(3);
  const stream = { send: (write: (chunk: Uint8Array) => Promise<void>) => write(bytes) };
  const requests: readonly [what: string, request: Omit<HttpRequest, "url">, again: boolean][] = [
    ["GET", { method: "GET" }, true],
    ["HEAD", { method: "HEAD" }, true],
    ["DELETE", { method: "DELETE" }, true],
    ["PUT of bytes", { method: "PUT", body: bytes }, true],
    ["PUT without a body", { method: "PUT" }, true],
    ["PUT of a stream", { method: "PUT", body: stream }, false],
    ["PUT of a stream that says it is repeatable", { method: "PUT", body: stream, repeatable: true }, false],
    ["POST without a body", { method: "POST" }, true],
    ["POST of bytes", { method: "POST", body: bytes }, false],
    ["POST of bytes that says it is repeatable", { method: "POST", body: bytes, repeatable: true }, true],
    ["PATCH of bytes", { method: "PATCH", body: bytes }, false],
    ["GET that says it is not repeatable", { method: "GET", repeatable: false }, false],
  ];
  for (const [what, request, again] of requests) {
    it(`${what} is ${again ? "" : "not "}sent again`, async () => {
      await using server = await script([503, 200]);
      const response = await retrying().http.request({ ...request, url: server.url });
      await response.discard();
      expect([response.status, server.seen.length]).toEqual(again ? [200, 2] : [503, 1]);
    });
  }

  it("Retry-After is obeyed, in seconds or as a date, up to a minute, and never makes a wait shorter", async () => {
    const inTenSeconds = new Date(Date.now() + 10_000).toUTCString();
    const cases: readonly [retryAfter: string, least: number, most: number][] = [
      ["7", 7000, 7000],
      ["100000", 60_000, 60_000],
      [inTenSeconds, 8000, 10_000],
      ["Thu, 01 Jan 1970 00:00:00 GMT", 5, 5],
      ["nonsense", 5, 5],
      ["0", 5, 5],
      ["-3", 5, 5],
    ];
    for (const [retryAfter, least, most] of cases) {
      await using server = await script([{ status: 429, retryAfter }, 200]);
      const stop = new AbortController();
      let delay = -1;
      const { http } = retrying({
        delay: 5,
        onRetry: (event) => {
          delay = event.delay;
          stop.abort();
        },
      });
      const error = await failure(http.request({ method: "GET", url: server.url, signal: stop.signal }));
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
      expect(delay, retryAfter).toBeGreaterThanOrEqual(least);
      expect(delay, retryAfter).toBeLessThanOrEqual(most);
    }
  });

  it("what the budget does not allow is not waited for", async () => {
    await using server = await script([{ status: 429, retryAfter: "50" }, 200]);
    const { http, events } = retrying({ budget: 49_999 });
    const response = await http.request({ method: "GET", url: server.url });
    expect([response.status, await text(response), events.length]).toEqual([429, "wait", 0]);
  });

  it("waits grow from half a second to a minute, with full jitter", () => {
    const waits = (random: number): number[] =>
      Array.from({ length: 9 }, (_, failures) => backoff(failures + 1, { random: () => random }));
    expect(waits(1)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(waits(0.5)).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(waits(0)).toEqual(Array.from({ length: 9 }, () => 0));
  });

  it("errors that do not pass are thrown at once, and a wait ends with an abort", async () => {
    const lasting = failing("ERR_DRAYAGE_TLS", false);
    await failure(withRetries(lasting, { delay: 0 }).request({ method: "GET", url: "http://host/" }));
    expect(lasting.asked()).toBe(1);
    const passing = failing("ERR_DRAYAGE_CONNECTION", true);
    const stop = new AbortController();
    const waiting = withRetries(passing, {
      delay: 1e9,
      budget: 1e10,
      onRetry: () => setImmediate(() => stop.abort()),
    });
    const error = await failure(waiting.request({ method: "GET", url: "http://host/", signal: stop.signal }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    expect(passing.asked()).toBe(1);
  });

  it("a host that refuses connections is asked once, and again if it has answered before", async () => {
    const refused = { cause: { code: "ECONNREFUSED" }, answers: 0 };
    const host = failing("ERR_DRAYAGE_CONNECTION", true, refused);
    const http = withRetries(host, { delay: 0, retries: 3 });
    await failure(http.request({ method: "GET", url: "http://host/" }));
    expect(host.asked()).toBe(1);
    refused.answers = 1;
    await http.request({ method: "GET", url: "http://host/" });
    await failure(http.request({ method: "GET", url: "http://host/" }));
    expect(host.asked()).toBe(1 + 1 + 4);
    await failure(http.request({ method: "GET", url: "http://other/" }));
    expect(host.asked()).toBe(1 + 1 + 4 + 1);
  });
});

/** A client whose requests fail, but for so many of them. */
function failing(
  code: "ERR_DRAYAGE_CONNECTION" | "ERR_DRAYAGE_TLS",
  retryable: boolean,
  options: { cause?: unknown; answers: number } = { answers: 0 },
): HttpClient & { asked(): number } {
  let asked = 0;
  return {
    asked: () => asked,
    close() {},
    async request(request) {
      asked += 1;
      if (options.answers-- > 0) {
        return {
          status: 200,
          headers: { get: () => undefined, all: () => [] },
          url: request.url,
          body: (async function* () {})(),
          bytes: async () => new Uint8Array(0),
          discard: async () => undefined,
        };
      }
      throw new DrayageError(code, "it failed", { retryable, cause: options.cause });
    },
  };
}

it("says of each further try whether there was anybody to answer", async () => {
  const cause = (code: string): Error => Object.assign(new Error("system"), { code });
  const failing = (error: Error): HttpClient => ({ request: () => Promise.reject(error), close() {} });
  const told = async (error: Error): Promise<readonly boolean[]> => {
    const events: RetryEvent[] = [];
    const http = withRetries(failing(error), {
      delay: 0,
      retries: 1,
      onRetry: (event) => events.push(event),
    });
    await expect(http.request({ method: "GET", url: "https://registry.example/" })).rejects.toBe(error);
    return events.map(({ unreachable }) => unreachable);
  };
  const lost = (options: { readonly cause?: unknown }): DrayageError =>
    new DrayageError("ERR_DRAYAGE_CONNECTION", "lost", { retryable: true, ...options });
  expect(await told(lost({ cause: cause("EHOSTUNREACH") }))).toEqual([true]);
  expect(await told(lost({ cause: cause("EAI_AGAIN") }))).toEqual([true]);
  expect(await told(lost({}))).toEqual([true]);
  expect(await told(lost({ cause: cause("ECONNRESET") }))).toEqual([false]);
});
