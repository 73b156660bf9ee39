import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Algorithm } from "../src/index.ts";
import * as fixtures from "./fixtures.ts";
import { concat, cut, deflated, latin1, pieces, sample, type Way, waysToInflate } from "./helpers.ts";

const invalid = { code: "ERR_DRAYAGE_COMPRESSION_INVALID" };
const text = fixtures.text;

/** Streams of {@link text} of each format that carry a checksum. */
const streams: Readonly<Record<Algorithm, readonly Uint8Array[]>> = {
  gzip: [fixtures.gzip],
  zstd: [fixtures.zstd],
  bzip2: [fixtures.bzip2],
  xz: [fixtures.xz, fixtures.xzCrc32, fixtures.xzSha256, fixtures.xzBlocks],
};

const ways = (["gzip", "zstd", "bzip2", "xz"] as const).flatMap(waysToInflate);

/** What comes out, as {@link latin1} has it. */
async function inflated(way: Way, chunks: readonly Uint8Array[]): Promise<string> {
  return latin1(await way.inflate(chunks));
}

/** What comes out, or the error's code. */
async function outcome(way: Way, chunks: readonly Uint8Array[]): Promise<unknown> {
  return inflated(way, chunks).catch((error: { code?: unknown }) => error.code ?? error);
}

/** The first way of a format that has one engine. */
function only(algorithm: Algorithm): Way {
  const [way] = waysToInflate(algorithm);
  if (way === undefined) throw new Error(`there is no way to inflate ${algorithm}`);
  return way;
}

const failure = /^ERR_DRAYAGE_(COMPRESSION_INVALID|COMPRESSION_UNSUPPORTED|LIMIT_EXCEEDED)$/;

describe.each(ways.map((way) => [way.algorithm, way.name, way] as const))("%s by %s", (algorithm, _, way) => {
  it("gives back the input, however it comes in chunks", async () => {
    for (const stream of streams[algorithm]) {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(), { maxLength: 6 }), async (cuts) => {
          expect(await inflated(way, cut(stream, cuts))).toBe(latin1(text));
        }),
        { numRuns: 20 },
      );
      expect(await inflated(way, pieces(stream, 1))).toBe(latin1(text));
    }
  });

  it("refuses what follows the end", async () => {
    const [stream = text] = streams[algorithm];
    for (const garbage of ["\0", "\0\0\0\0\0", "x", "not compressed", "\x1f", "\x1f\x8b\xff", "BZ", "\n"]) {
      const bytes = Uint8Array.from(garbage, (character) => character.charCodeAt(0));
      expect({ garbage, outcome: await outcome(way, [concat([stream, bytes])]) }).toMatchObject({
        outcome: invalid.code,
      });
      expect({ garbage, outcome: await outcome(way, [stream, bytes]) }).toMatchObject({
        outcome: invalid.code,
      });
      expect({ garbage, outcome: await outcome(way, [stream, ...pieces(bytes, 1)]) }).toMatchObject({
        outcome: invalid.code,
      });
    }
  });

  it("refuses what is not of the format", async () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0), text, new Uint8Array(100_000)]) {
      expect(await outcome(way, [bytes])).toBe(invalid.code);
    }
    expect(await outcome(way, [])).toBe(invalid.code);
  });
});

// Where an engine has both ways the streaming one only pushes into the other.
const thoroughly = ways.filter(
  (way) => way.synchronous || !ways.some((other) => other.engine === way.engine && other.synchronous),
);

describe.each(thoroughly.map((way) => [way.algorithm, way.name, way] as const))(
  "%s by %s, thoroughly,",
  (algorithm, _, way) => {
    it("goes on with the next stream, at every cut", async () => {
      const [stream = text] = streams[algorithm];
      const three = concat([stream, stream, stream]);
      const expected = concat([text, text, text]);
      for (let place = 0; place <= three.length; place++) {
        expect(await inflated(way, [three.subarray(0, place), three.subarray(place)])).toBe(latin1(expected));
      }
      expect(await inflated(way, pieces(three, 1))).toBe(latin1(expected));
    });

    it("refuses a stream that is cut off anywhere", async () => {
      for (const stream of streams[algorithm]) {
        for (let length = 0; length < stream.length; length++) {
          expect({ length, outcome: await outcome(way, [stream.subarray(0, length)]) }).toEqual({
            length,
            outcome: invalid.code,
          });
        }
      }
    });

    it("refuses a second stream that is cut off anywhere", async () => {
      const [stream = text] = streams[algorithm];
      for (let length = 1; length < stream.length; length++) {
        // Zeros after an xz stream are padding where they come in fours; no stream starts with one.
        expect({ length, outcome: await outcome(way, [stream, stream.subarray(0, length)]) }).toEqual({
          length,
          outcome: invalid.code,
        });
      }
    });

    it("never takes one flipped bit for other bytes", async () => {
      for (const stream of streams[algorithm]) {
        for (let bit = 0; bit < stream.length * 8; bit++) {
          const flipped = stream.slice();
          flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          const result = await outcome(way, [flipped]);
          // Some bits mean nothing to the content, such as those of gzip's time.
          if (result !== latin1(text)) expect(result).toMatch(failure);
        }
      }
    });

    it("ends with bytes or an error of its own on any input", async () => {
      const [stream = text] = streams[algorithm];
      const bytes = fc.uint8Array({ maxLength: 200 });
      await fc.assert(
        fc.asyncProperty(fc.nat(stream.length), bytes, bytes, async (place, middle, end) => {
          const hostile = concat([stream.subarray(0, place), middle, stream.subarray(place), end]);
          const result = await way.inflate(cut(hostile, [place])).catch((error: { code?: unknown }) => error);
          if (!(result instanceof Uint8Array)) expect(result.code).toMatch(failure);
        }),
        { numRuns: 100 },
      );
    });
  },
);

describe.each(waysToInflate("gzip").map((way) => [way.name, way] as const))("gzip by %s", (_, way) => {
  it("gives back three megabytes, of several levels and cuts", async () => {
    const data = sample(3_000_000);
    for (const level of [0, 1, 9]) {
      const stream = gzipSync(data, { level });
      for (const size of [1000, 65_536, stream.length]) {
        expect(await inflated(way, pieces(stream, size))).toBe(latin1(data));
      }
    }
  });

  it("is not misled by members' magics in the content", async () => {
    const inner = gzipSync("inner");
    // Stored, so that the inner stream stands in the outer as it is.
    const stream = gzipSync(concat([inner, inner, text, inner]), { level: 0 });
    const expected = concat([inner, inner, text, inner]);
    expect(await inflated(way, [stream])).toBe(latin1(expected));
    expect(await inflated(way, [concat([stream, stream])])).toBe(latin1(concat([expected, expected])));
    expect(await inflated(way, pieces(concat([stream, stream]), 1))).toBe(
      latin1(concat([expected, expected])),
    );
    // The first member's end is hidden in what looks like one: nothing but a member may follow it.
    const hidden = concat([inner, Uint8Array.of(1, 2, 3), inner]);
    expect(await outcome(way, [hidden])).toBe(invalid.code);
  });

  it("takes thousands of small members, and empty ones", async () => {
    const member = gzipSync("x");
    const empty = gzipSync("");
    const stream = concat(Array.from({ length: 2000 }, (_, index) => (index % 2 === 0 ? member : empty)));
    expect(await inflated(way, pieces(stream, 4096))).toBe(latin1(new Uint8Array(1000).fill(0x78)));
    expect(await inflated(way, [empty])).toBe(latin1(new Uint8Array(0)));
  });

  it("takes names, comments and extra fields of the header", async () => {
    const plain = gzipSync(text);
    const header = Uint8Array.of(0x1f, 0x8b, 8, 0x1c, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9, 0x6e, 0, 0x63, 0);
    expect(await inflated(way, [concat([header, plain.subarray(10)])])).toBe(latin1(text));
  });
});

describe.each(waysToInflate("zstd").map((way) => [way.name, way] as const))("zstd by %s", (_, way) => {
  const skippable = concat([Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 5, 0, 0, 0), Uint8Array.of(1, 2, 3, 4, 5)]);

  it("skips skippable frames before, between and after others", async () => {
    const stream = concat([skippable, fixtures.zstd, skippable, skippable, fixtures.zstdNoCheck, skippable]);
    for (const size of [1, 3, stream.length]) {
      expect(await inflated(way, pieces(stream, size))).toBe(latin1(concat([text, text])));
    }
    expect(await inflated(way, [skippable])).toBe(latin1(new Uint8Array(0)));
    expect(await outcome(way, [stream.subarray(0, -1)])).toBe(invalid.code);
  });

  it("gives back frames of several blocks", async () => {
    const expected = new TextEncoder().encode("drayage ".repeat(37_500));
    for (const size of [1, 7, 1000]) {
      expect(await inflated(way, pieces(fixtures.zstdBlocks, size))).toBe(latin1(expected));
    }
  });

  it("gives back raw and repeated blocks", async () => {
    const header = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58);
    const raw = Uint8Array.of(3 << 3, 0, 0, 1, 2, 3);
    const repeated = Uint8Array.of(0x03 | ((200 & 31) << 3), 200 >> 5, 0, 7);
    expect(await inflated(way, [concat([header, raw, repeated])])).toBe(
      latin1(concat([Uint8Array.of(1, 2, 3), new Uint8Array(200).fill(7)])),
    );
  });

  it("refuses a window that is absurd", async () => {
    const header = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8);
    await expect(way.inflate([header])).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
      message: "the zstd stream asks for a window of 2199023255552 bytes, and at most 134217728 are given",
    });
  });

  it("refuses a frame that needs a dictionary", async () => {
    const header = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x00, 7);
    expect(await outcome(way, [concat([header, Uint8Array.of(1, 0, 0)])])).toBe(
      "ERR_DRAYAGE_COMPRESSION_UNSUPPORTED",
    );
  });

  it("refuses a frame with another size than its header says", async () => {
    // One segment, of which the header says that it has 4 bytes; the block has 3.
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 4, 0x19, 0, 0, 1, 2, 3);
    expect(await outcome(way, [frame])).toBe(invalid.code);
    frame[5] = 3;
    expect(await outcome(way, [frame])).toBe("\x01\x02\x03");
  });
});

describe("bzip2", () => {
  const way = only("bzip2");

  it("gives nothing for a stream of nothing", async () => {
    expect(await inflated(way, [fixtures.bzip2Empty])).toBe(latin1(new Uint8Array(0)));
    expect(await inflated(way, [fixtures.bzip2Empty, fixtures.bzip2])).toBe(latin1(text));
  });
});

describe("xz", () => {
  const way = only("xz");
  const padding = new Uint8Array(4);

  it("gives back streams of every check, of no block and of bytes that do not compress", async () => {
    expect(await inflated(way, [fixtures.xzNone])).toBe(latin1(text));
    expect(await inflated(way, [fixtures.xzEmpty])).toBe(latin1(new Uint8Array(0)));
    expect(await inflated(way, pieces(fixtures.xzPlain, 1))).toBe(latin1(fixtures.noise));
  });

  it("takes padding between and after streams, in fours", async () => {
    expect(await inflated(way, [fixtures.xz, padding, padding, fixtures.xzNone, padding])).toBe(
      latin1(concat([text, text])),
    );
    await expect(way.inflate([fixtures.xz, padding, Uint8Array.of(0)])).rejects.toMatchObject(invalid);
    await expect(way.inflate([padding, fixtures.xz])).rejects.toMatchObject(invalid);
  });

  it("refuses other filters than LZMA2, as Go's reader does", async () => {
    await expect(way.inflate([fixtures.xzX86])).rejects.toMatchObject({
      code: "ERR_DRAYAGE_COMPRESSION_UNSUPPORTED",
      message: "the xz stream uses another filter than LZMA2",
    });
  });

  it("refuses a dictionary that is absurd", async () => {
    // A block's header: size, flags, LZMA2 with a dictionary of 4 GiB - 1, padding; then its CRC-32.
    const block = [0x02, 0x00, 0x21, 0x01, 40, 0, 0, 0];
    const { crc32 } = await import("../src/gzip/crc32.ts");
    const crc = new Uint8Array(4);
    new DataView(crc.buffer).setUint32(0, crc32(Uint8Array.from(block)), true);
    const stream = concat([fixtures.xz.subarray(0, 12), Uint8Array.from(block), crc]);
    await expect(way.inflate([stream])).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
      message: "the xz stream asks for a window of 4294967295 bytes, and at most 134217728 are given",
    });
  });
});

it("every way to inflate a format gives the same for the same megabyte", async () => {
  const data = sample(1_000_000, 7);
  for (const algorithm of ["gzip", "zstd"] as const) {
    const stream = await deflated([data], algorithm);
    for (const way of waysToInflate(algorithm)) {
      expect(await inflated(way, pieces(stream, 50_000))).toBe(latin1(data));
    }
  }
});
