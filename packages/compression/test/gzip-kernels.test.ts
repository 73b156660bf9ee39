import { crc32, deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createSyncInflater, type SyncInflater } from "../src/index.ts";
import { text } from "./fixtures.ts";
import { concat, cut, latin1, pieces, sample } from "./helpers.ts";

function open(options: { borrow?: boolean } = {}): SyncInflater {
  const inflater = createSyncInflater("gzip", { engine: "kernels", ...options });
  if (inflater === undefined) throw new Error("the engine is not there");
  return inflater;
}

function inflated(chunks: readonly Uint8Array[]): Uint8Array {
  const inflater = open();
  try {
    return concat([...chunks.flatMap((chunk) => [...inflater.push(chunk)]), ...inflater.finish()]);
  } finally {
    inflater.close();
  }
}

/** The message that a stream is refused with, whole and byte by byte. */
function refusal(stream: Uint8Array): string {
  const messages = [[stream], pieces(stream, 1)].map((chunks) => {
    try {
      inflated(chunks);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      expect(code).toBe("ERR_DRAYAGE_COMPRESSION_INVALID");
      return message;
    }
    throw new Error("nothing was refused");
  });
  expect(messages[1]).toBe(messages[0]);
  return messages[0] ?? "";
}

const flag = { text: 0x01, checksum: 0x02, extra: 0x04, name: 0x08, comment: 0x10 };

interface HeaderFields {
  readonly flags?: number;
  readonly extra?: Uint8Array;
  readonly name?: string;
  readonly comment?: string;
  /** What is added to the right checksum. */
  readonly checksumOff?: number;
}

/** A member's header (RFC 1952, 2.3) with these fields. */
function header({ flags = 0, extra, name, comment, checksumOff }: HeaderFields): Uint8Array {
  const all =
    flags |
    (extra === undefined ? 0 : flag.extra) |
    (name === undefined ? 0 : flag.name) |
    (comment === undefined ? 0 : flag.comment) |
    (checksumOff === undefined ? 0 : flag.checksum);
  const parts: Uint8Array[] = [Uint8Array.of(0x1f, 0x8b, 8, all, 1, 2, 3, 4, 0, 255)];
  if (extra !== undefined) parts.push(Uint8Array.of(extra.length & 255, extra.length >> 8), extra);
  for (const string of [name, comment]) {
    if (string !== undefined) parts.push(Buffer.from(`${string}\0`, "latin1"));
  }
  if (checksumOff !== undefined) {
    const checksum = (crc32(concat(parts)) + checksumOff) & 0xffff;
    parts.push(Uint8Array.of(checksum & 255, checksum >> 8));
  }
  return concat(parts);
}

function trailer(content: Uint8Array, { size = content.length } = {}): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, crc32(content), true);
  view.setUint32(4, size, true);
  return bytes;
}

const body = concat([deflateRawSync(text), trailer(text)]);

describe("a gzip header", () => {
  const headers: readonly (readonly [string, HeaderFields])[] = [
    ["of nothing more", {}],
    ["that says text", { flags: flag.text }],
    ["with an extra field", { extra: Uint8Array.of(1, 2, 0, 3) }],
    ["with an empty extra field", { extra: new Uint8Array(0) }],
    ["with an extra field of 65535 bytes", { extra: new Uint8Array(65_535).fill(0x1f) }],
    ["with a name", { name: "layer.tar" }],
    ["with an empty name and comment", { name: "", comment: "" }],
    ["with a comment", { comment: "of a layer" }],
    ["with a checksum", { checksumOff: 0 }],
    [
      "of all fields",
      { flags: flag.text, extra: Uint8Array.of(9, 0), name: "a", comment: "b", checksumOff: 0 },
    ],
  ];

  it.each(headers)("%s is read, cut anywhere, as zlib reads it", (_, fields) => {
    const start = header(fields);
    const stream = concat([start, body]);
    expect(latin1(gunzipSync(stream))).toBe(latin1(text));
    expect(latin1(inflated(pieces(stream, 1)))).toBe(latin1(text));
    for (let place = 0; place <= Math.min(start.length, 100); place++) {
      expect(latin1(inflated(cut(stream, [place])))).toBe(latin1(text));
    }
    expect(latin1(inflated([concat([stream, stream])]))).toBe(latin1(concat([text, text])));
  });

  it.each(headers)("%s that is cut off is refused", (_, fields) => {
    const start = header(fields);
    for (let length = 0; length < Math.min(start.length, 100); length++) {
      expect(refusal(start.subarray(0, length))).toBe("the gzip stream is truncated");
    }
    expect(refusal(start)).toBe("the gzip stream is truncated");
  });

  it("takes no memory for a name of 100 MB", () => {
    const inflater = open();
    const name = new Uint8Array(1_000_000).fill(0x6e);
    const before = process.memoryUsage().arrayBuffers;
    expect([...inflater.push(header({ flags: flag.name }))]).toEqual([]);
    for (let count = 0; count < 100; count++) expect([...inflater.push(name)]).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
    const rest = [...inflater.push(concat([Uint8Array.of(0), body])), ...inflater.finish()];
    expect(latin1(concat(rest))).toBe(latin1(text));
    inflater.close();
  });

  it("with a wrong checksum is refused, as zlib refuses it", () => {
    for (const checksumOff of [1, 0x8000]) {
      const stream = concat([header({ name: "n", checksumOff }), body]);
      expect(() => gunzipSync(stream)).toThrow();
      expect(refusal(stream)).toBe(
        "the gzip stream is damaged: a member's header has another checksum than it says",
      );
    }
  });

  it("with flags that mean nothing is refused, as zlib refuses it", () => {
    for (const flags of [0x20, 0x40, 0x80]) {
      const stream = concat([header({ flags }), body]);
      expect(() => gunzipSync(stream)).toThrow();
      expect(refusal(stream)).toBe(
        "the gzip stream is damaged: a member's header has flags that mean nothing",
      );
    }
  });

  it("of another method, or of no gzip at all, is refused by its first wrong byte", () => {
    expect(refusal(Uint8Array.of(0x1f, 0x8b, 7))).toBe(
      "the gzip stream is damaged: a member is compressed by the unknown method 7",
    );
    for (const bytes of [[0x50], [0x1f, 0x8c]]) {
      expect(refusal(Uint8Array.from(bytes))).toBe(
        "the gzip stream is damaged: it does not start as gzip does",
      );
      expect(refusal(concat([header({}), body, Uint8Array.from(bytes)]))).toBe(
        "the gzip stream is damaged: something else follows its end",
      );
    }
  });
});

describe("a gzip trailer", () => {
  it("with another CRC-32 is refused", () => {
    for (let bit = 0; bit < 32; bit++) {
      const stream = concat([header({}), body]);
      const at = stream.length - 8 + (bit >> 3);
      stream[at] = (stream[at] ?? 0) ^ (1 << (bit & 7));
      expect(refusal(stream)).toBe(
        "the gzip stream is damaged: a member's content has another CRC-32 than its trailer says",
      );
    }
  });

  it("with another size is refused", () => {
    for (const size of [text.length - 1, text.length + 1, text.length + 2 ** 16, 0]) {
      const stream = concat([header({}), deflateRawSync(text), trailer(text, { size })]);
      expect(refusal(stream)).toBe(
        "the gzip stream is damaged: a member's content has another size than its trailer says",
      );
    }
  });

  it("is each member's own", () => {
    const [first, second] = [sample(1000, 1), sample(2000, 2)];
    const stream = concat([gzipSync(first), header({}), deflateRawSync(second), trailer(first)]);
    expect(refusal(stream)).toBe(
      "the gzip stream is damaged: a member's content has another CRC-32 than its trailer says",
    );
  });
});

describe("damaged content", () => {
  it("is refused in a sentence that says what is wrong", () => {
    expect(refusal(concat([header({}), Uint8Array.of(7)]))).toBe(
      "the gzip stream is damaged: a block has the type 3, which is reserved",
    );
  });

  it("is refused again in the same words by every further push, and by the end", () => {
    const stream = gzipSync(sample(300_000, 6), { level: 0 });
    stream[10] = 7;
    for (const wrong of [
      stream,
      Uint8Array.of(0x1f, 0x8b, 7),
      concat([header({}), body.slice(0, -8), stream]),
    ]) {
      const inflater = open();
      const messages: unknown[] = [];
      const attempts = [wrong, Uint8Array.of(1), new Uint8Array(0), gzipSync(text)].map((bytes) => () => [
        ...inflater.push(bytes),
      ]);
      for (const attempt of [...attempts, () => inflater.finish()]) {
        try {
          attempt();
        } catch (error) {
          expect(error).toMatchObject({ code: "ERR_DRAYAGE_COMPRESSION_INVALID" });
          messages.push((error as Error).message);
        }
      }
      expect(messages.length).toBe(5);
      expect(new Set(messages).size).toBe(1);
      inflater.close();
    }
  });

  it("does no harm to the next stream", () => {
    for (let time = 0; time < 3; time++) {
      expect(refusal(concat([header({}), Uint8Array.of(7)]))).toMatch(/reserved/);
      expect(latin1(inflated([concat([header({}), body])]))).toBe(latin1(text));
    }
  });
});

describe("chunks", () => {
  const data = sample(900_000, 3);
  const stream = gzipSync(data);

  it("that are borrowed are views of one memory, and right while they are valid", () => {
    const inflater = open({ borrow: true });
    const parts: Buffer[] = [];
    const memories = new Set<ArrayBufferLike>();
    for (const chunk of pieces(stream, 100_000)) {
      for (const part of inflater.push(chunk)) {
        memories.add(part.buffer);
        parts.push(Buffer.from(part));
      }
    }
    inflater.finish();
    inflater.close();
    expect(latin1(concat(parts))).toBe(latin1(data));
    expect([...memories].map((memory) => memory.byteLength)).toEqual([384 * 1024]);
  });

  it("that are not borrowed are the caller's", () => {
    const inflater = open();
    const parts = [...inflater.push(stream)];
    inflater.close();
    const other = open();
    expect([...other.push(gzipSync(new Uint8Array(900_000)))].length).toBeGreaterThan(1);
    other.close();
    expect(latin1(concat(parts))).toBe(latin1(data));
    expect(new Set(parts.map((part) => part.buffer)).size).toBe(parts.length);
  });

  it("of two streams at a time do not mix", () => {
    const inflaters = [open({ borrow: true }), open({ borrow: true }), open({ borrow: true })];
    const contents = [data, sample(800_000, 4), sample(700_000, 5)];
    const streams = contents.map((content) => pieces(gzipSync(content), 10_007));
    const parts: Buffer[][] = [[], [], []];
    for (let at = 0; streams.some((chunks) => at < chunks.length); at++) {
      for (const [index, inflater] of inflaters.entries()) {
        const chunk = streams[index]?.[at];
        if (chunk !== undefined)
          for (const part of inflater.push(chunk)) parts[index]?.push(Buffer.from(part));
      }
    }
    for (const inflater of inflaters) {
      inflater.finish();
      inflater.close();
      inflater.close();
    }
    for (const [index, content] of contents.entries()) {
      expect(latin1(concat(parts[index] ?? []))).toBe(latin1(content));
    }
  });

  it("of a stream that was closed while it was iterated are none of another's", () => {
    for (const borrow of [true, false]) {
      const closed = open({ borrow });
      const abandoned = closed.push(gzipSync(new Uint8Array(3_000_000).fill(65)))[Symbol.iterator]();
      const notBegun = closed.push(stream)[Symbol.iterator]();
      expect(abandoned.next().value?.[0]).toBe(65);
      closed.close();
      const other = open({ borrow });
      const content = new Uint8Array(3_000_000).fill(66);
      const parts: Buffer[] = [];
      for (const part of other.push(gzipSync(content))) {
        parts.push(Buffer.from(part));
        if (parts.length === 1) {
          expect(() => abandoned.next()).toThrow(new TypeError("this inflater is closed"));
          expect(() => notBegun.next()).toThrow(new TypeError("this inflater is closed"));
          expect(abandoned.next()).toEqual({ done: true, value: undefined });
        }
      }
      other.finish();
      other.close();
      expect(Buffer.concat(parts).equals(content)).toBe(true);
    }
  });

  it("come of another inflater after one that failed", () => {
    const memories = [Uint8Array.of(7), deflateRawSync(new Uint8Array(600_000))].map((content) => {
      const inflater = open({ borrow: true });
      const seen = new Set<ArrayBufferLike>();
      const start = concat([header({}), deflateRawSync(text), trailer(text), header({}), content]);
      try {
        for (const part of inflater.push(start)) seen.add(part.buffer);
      } catch (error) {
        expect(error).toMatchObject({ code: "ERR_DRAYAGE_COMPRESSION_INVALID" });
      }
      inflater.close();
      expect(seen.size).toBe(1);
      return [...seen][0];
    });
    expect(memories[0]).not.toBe(memories[1]);
    const again = open({ borrow: true });
    for (const part of again.push(gzipSync(text))) expect(part.buffer).toBe(memories[1]);
    again.close();
  });

  it("are not to be pushed to what is closed", () => {
    const inflater = open();
    inflater.close();
    expect(() => [...inflater.push(stream)]).toThrow(TypeError);
  });
});
