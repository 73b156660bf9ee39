import { bytesBlob, deflated, inflated, streamBlob } from "@drayage/blob";
import { type Digest, digestBytes } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { describe, expect, it } from "vitest";
import { uploadOf } from "../src/upload.ts";

const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) % 251);
const digest = digestBytes(bytes);
const size = bytes.length;
const { signal } = new AbortController();

interface Sent {
  readonly bytes: Uint8Array;
  readonly result: { readonly digest: Digest; readonly size: number };
}

async function send(upload: ReturnType<typeof uploadOf>, offset: number): Promise<Sent> {
  const chunks: Uint8Array[] = [];
  const write = async (chunk: Uint8Array): Promise<void> => void chunks.push(chunk.slice());
  const result = await upload.content.send(write, { offset, signal });
  return { bytes: Buffer.concat(chunks), result };
}

async function* pieces(from: Uint8Array, length: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < from.length; at += length) yield from.subarray(at, at + length);
}

function sameBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

describe("an upload", () => {
  it.each([0, 1, 65_536, 299_999, 300_000])(
    "of bytes in memory goes on at %i, and is hashed whole again",
    async (offset) => {
      const upload = uploadOf(bytesBlob(bytes), undefined);
      const sent = await send(upload, offset);
      sameBytes(sent.bytes, bytes.subarray(offset));
      expect(sent.result).toEqual({ digest, size });
      expect(await upload.finish(signal)).toEqual({ digest, size, stages: [{ digest, size }] });
    },
  );

  it("that compresses goes on with the very bytes that it would have sent", async () => {
    const blob = deflated(bytesBlob(bytes, { digest }), { algorithm: "gzip" });
    const whole = await send(uploadOf(blob, undefined), 0);
    expect(whole.bytes.length).toBeGreaterThan(1000);
    const upload = uploadOf(blob, undefined);
    const sent = await send(upload, 777);
    sameBytes(sent.bytes, whole.bytes.subarray(777));
    expect(sent.result).toEqual({ digest: digestBytes(whole.bytes), size: whole.bytes.length });
    expect((await upload.finish(signal)).stages[0]).toEqual({ digest, size });
  });

  it("of a stream that can start in its midst reads only what is left", async () => {
    const opened: (number | undefined)[] = [];
    const totals: number[] = [];
    const blob = streamBlob(
      ({ offset }) => {
        opened.push(offset);
        return pieces(bytes.subarray(offset ?? 0), 10_000);
      },
      { digest, size, resumable: true },
    );
    const upload = uploadOf(blob, (total) => totals.push(total));
    await send(upload, 0);
    const sent = await send(upload, 123_456);
    sameBytes(sent.bytes, bytes.subarray(123_456));
    expect(opened).toEqual([0, 123_456]);
    expect(sent.result).toEqual({ digest, size });
    expect(totals.at(-1)).toBe(size);
    expect(await send(upload, size)).toEqual({ bytes: Buffer.alloc(0), result: { digest, size } });
    expect(opened).toHaveLength(2);
  });

  it("of a stream that cannot is read from its start, and verified", async () => {
    const blob = streamBlob(() => pieces(bytes, 10_000), { digest, size });
    const sent = await send(uploadOf(blob, undefined), 12_345);
    sameBytes(sent.bytes, bytes.subarray(12_345));
    const other = streamBlob(() => pieces(bytes.subarray(1), 10_000), { digest });
    const failed = await send(uploadOf(other, undefined), 12_345).catch((error: unknown) => error);
    expect(isDrayageError(failed, "ERR_DRAYAGE_DIGEST_MISMATCH")).toBe(true);
  });

  it("of which nothing had to be sent is what its name says, or is read", async () => {
    expect(await uploadOf(bytesBlob(new Uint8Array(), { digest }), undefined).finish(signal)).toEqual({
      digest,
      size: 0,
      stages: [{ digest, size: 0 }],
    });
    const inflating = inflated(deflated(bytesBlob(bytes), { algorithm: "gzip" }), { digest, size });
    const { stages } = await uploadOf(inflating, undefined).finish(signal);
    expect(stages).toHaveLength(3);
    expect(stages.at(-1)).toEqual({ digest, size });
  });

  it("is refused where the rest of the stream is shorter or longer than was said", async () => {
    for (const wrong of [bytes.subarray(0, -1), Buffer.concat([bytes, bytes.subarray(0, 1)])]) {
      const open = ({ offset }: { readonly offset?: number | undefined }) =>
        pieces(wrong.subarray(offset ?? 0), 10_000);
      const upload = uploadOf(streamBlob(open, { digest, size, resumable: true }), undefined);
      const failed = await send(upload, 1000).catch((error: unknown) => error);
      expect(isDrayageError(failed, "ERR_DRAYAGE_SIZE_MISMATCH")).toBe(true);
    }
  });
});
