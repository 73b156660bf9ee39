import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { heldUntil } from "../src/process/held.ts";

async function* chunks(count: number, size: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) yield new Uint8Array(size).fill(index);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of source) all.push(chunk);
  return Buffer.concat(all);
}

const never = (text: string): void => {
  throw new Error(`it has started, and yet said ${text.length} characters`);
};

describe("what comes before it is known that a command has started", () => {
  it.each([1, 1000, 40_000, 65_536, 100_000])("is passed on whole, in chunks of %i bytes", async (size) => {
    const count = Math.ceil(300_000 / size);
    const started = delay(30, true);
    const got = await collect(heldUntil(chunks(count, size), { started, hasStarted: () => true }, never));
    expect(got.equals(await collect(chunks(count, size)))).toBe(true);
  });

  it("is passed on whole where it comes before anybody is told", async () => {
    let hasStarted = false;
    const started = delay(50).then(() => (hasStarted = true));
    const source = chunks(10, 40_000);
    const got = await collect(heldUntil(source, { started, hasStarted: () => hasStarted }, never));
    expect(got.length).toBe(400_000);
  });

  it("is kept up to a limit where no command ever starts, and read to its end", async () => {
    let said = "";
    const source = chunks(100, 5000);
    const starting = { started: delay(30, false), hasStarted: () => false };
    const passed = await collect(heldUntil(source, starting, (text) => (said = text)));
    expect(passed.length).toBe(0);
    expect(said.length).toBe(65_000);
    expect((await source.next()).done).toBe(true);
  });
});
