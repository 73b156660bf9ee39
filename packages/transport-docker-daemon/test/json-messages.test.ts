import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorOf, jsonMessages } from "../src/json-messages.ts";

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(body: AsyncIterable<Uint8Array>): Promise<readonly unknown[]> {
  const messages: unknown[] = [];
  for await (const message of jsonMessages(body, "the daemon")) messages.push(message);
  return messages;
}

const read = (text: string, size = 7): Promise<readonly unknown[]> => all(chunked(Buffer.from(text), size));

describe("the messages of an answer", () => {
  it("are those that were sent, however they are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
        fc.constantFrom("\n", "\r\n", "\n\n"),
        fc.integer({ min: 1, max: 50 }),
        async (messages, end, size) => {
          const text = messages.map((message) => JSON.stringify(message) + end).join("");
          expect(JSON.stringify(await read(text, size))).toBe(JSON.stringify(messages));
        },
      ),
    );
  });

  it("may end without a line's end", async () => {
    expect(await read('{"a":1}\r\n{"b":2}')).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it.each(["<html>", '{"a":', "1", "null", '{"a":1}{"b":2}'])("are not %s", async (text) => {
    await expect(read(text)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DAEMON",
      message: "the daemon answered something that is no JSON",
    });
  });

  it("have an end", async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(100_000, " ");
    }
    await expect(all(endless())).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
    async function* chatty(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.from(`{"stream":"${"x".repeat(500_000)}"}\n`);
    }
    let count = 0;
    const reading = async (): Promise<void> => {
      for await (const _ of jsonMessages(chatty(), "the daemon")) count += 1;
    };
    await expect(reading()).rejects.toMatchObject({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" });
    expect(count).toBe(134);
  });
});

it.each([
  [{ errorDetail: { message: "a" }, error: "b" }, "a"],
  [{ errorDetail: { code: 1 }, error: "b" }, "b"],
  [{ error: "b" }, "b"],
  [{ errorDetail: {} }, "it does not say what went wrong"],
  [{ error: { message: "b" } }, "it does not say what went wrong"],
  [{ stream: "Loaded image: busybox:1\n" }, undefined],
])("%j says that %s", (message, said) => {
  expect(errorOf(message)).toBe(said);
});
