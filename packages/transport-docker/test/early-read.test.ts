import { readBlob } from "@drayage/blob";
import { isDrayageError } from "@drayage/errors";
import { describe, expect, it } from "vitest";
import { type Read, readEarly } from "../src/early-read.ts";

const bytes = Uint8Array.from({ length: 5000 }, (_, index) => index % 256);
const limit = 10_000;

/** Counts what is opened, and tells what was ended and when it was aborted. */
function watched(): { read: Read; opened: number[]; ended: number[]; signals: AbortSignal[] } {
  const opened: number[] = [];
  const ended: number[] = [];
  const signals: AbortSignal[] = [];
  const read: Read = async function* ({ offset, signal }) {
    opened.push(offset);
    signals.push(signal);
    try {
      for (let at = offset; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    } finally {
      ended.push(offset);
    }
  };
  return { read, opened, ended, signals };
}

describe("a reading that has begun early", () => {
  it("is taken up by who reads first, and made anew for who reads later", async () => {
    const { read, opened, ended } = watched();
    const { origin } = await readEarly(read, undefined);
    expect(opened).toEqual([0]);
    const blob = { origin, steps: [] };
    expect(await readBlob(blob, { limit })).toEqual(bytes);
    expect([opened, ended]).toEqual([[0], [0]]);
    expect(await readBlob(blob, { limit })).toEqual(bytes);
    expect([opened, ended]).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it("is given up where somebody reads from the midst", async () => {
    const { read, opened, ended, signals } = watched();
    const { origin } = await readEarly(read, undefined);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await origin.open({ offset: 4500 })) chunks.push(chunk);
    expect(Buffer.concat(chunks)).toEqual(Buffer.from(bytes.subarray(4500)));
    expect(opened).toEqual([0, 4500]);
    expect([...ended].sort((a, b) => a - b)).toEqual([0, 4500]);
    expect(signals[0]?.aborted).toBe(true);
    expect(signals[1]?.aborted).toBe(false);
  });

  it("ends when it is cancelled, and when its reader leaves", async () => {
    const { read, ended, signals } = watched();
    const unread = await readEarly(read, undefined);
    await unread.cancel();
    await unread.cancel();
    expect([ended, signals[0]?.aborted]).toEqual([[0], true]);
    const left = await readEarly(read, undefined);
    for await (const _ of await left.origin.open({})) break;
    expect(ended).toEqual([0, 0]);
  });

  it("hears the signal of who asked for it only until it has begun, then that of who reads", async () => {
    const { read, signals } = watched();
    const first = new AbortController();
    const second = new AbortController();
    const { origin } = await readEarly(read, first.signal);
    first.abort();
    expect(signals[0]?.aborted).toBe(false);
    for await (const _ of await origin.open({ signal: second.signal })) {
      second.abort(new Error("enough"));
      expect(signals[0]?.reason).toEqual(new Error("enough"));
    }
  });

  it("does not begin once the signal is aborted", async () => {
    const { read, opened } = watched();
    const failed = await readEarly(read, AbortSignal.abort()).catch((error: unknown) => error);
    expect(isDrayageError(failed, "ERR_DRAYAGE_ABORTED")).toBe(true);
    expect(opened).toEqual([]);
  });

  it("of nothing is nothing", async () => {
    const { origin } = await readEarly(async function* () {}, undefined);
    expect(await readBlob({ origin, steps: [], size: 0 }, { limit })).toEqual(new Uint8Array());
  });
});
