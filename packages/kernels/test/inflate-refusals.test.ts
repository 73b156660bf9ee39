import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { BitWriter } from "./support/bit-writer.ts";
import { inflated, outcome, pieces, randomNumbers, sample, zlibOutcome } from "./support/inflating.ts";

const code = {
  /** Codes of 8 bits for the first 255 bytes and the end of block: complete. */
  literals: Object.fromEntries([
    ...Array.from({ length: 255 }, (_, symbol) => [symbol, 8] as const),
    [256, 8] as const,
  ]),
  twoDistances: { 0: 1, 1: 1 },
};
/** The end of block's code, by {@link code}. */
const endOfBlock = 255;

const problems = {
  blockType: "a block has the type 3, which is reserved",
  storedLength: "the length of a stored block is not confirmed by its complement",
  symbols: "a block announces more symbols than there are",
  precode: "the code for a block's code lengths is over-subscribed or incomplete",
  repeat: "a block repeats code lengths where none can be",
  endOfBlock: "a block has no code for its end",
  literals: "a block's code for literals and lengths is over-subscribed or incomplete",
  distances: "a block's code for distances is over-subscribed or incomplete",
  literal: "bits stand for no literal and no length",
  distance: "bits stand for no distance",
} as const;

/** Precode lengths that make a complete code of 1, 0 and one repetition. */
const repeating = (symbol: number) => ({ 0: 2, 1: 2, 2: 2, [symbol]: 2 });

/** Streams each of which is wrong in one way. */
const wrong: readonly (readonly [string, keyof typeof problems, BitWriter])[] = [
  ["a block of type 3", "blockType", new BitWriter().header(3)],
  ["a second block of type 3", "blockType", new BitWriter().stored(new Uint8Array(3), false).header(3)],
  [
    "a stored block whose NLEN is its LEN",
    "storedLength",
    new BitWriter().header(0).align().bits(5, 16).bits(5, 16),
  ],
  [
    "a stored block whose NLEN is wrong in a bit",
    "storedLength",
    new BitWriter().header(0).align().bits(5, 16).bits(0x7ffa, 16),
  ],
  ["287 literals and lengths", "symbols", new BitWriter().header(2).bits(30, 5).bits(0, 5).bits(0, 4)],
  ["288 literals and lengths", "symbols", new BitWriter().header(2).bits(31, 5).bits(0, 5).bits(0, 4)],
  ["31 distances", "symbols", new BitWriter().header(2).bits(0, 5).bits(30, 5).bits(0, 4)],
  ["32 distances", "symbols", new BitWriter().header(2).bits(0, 5).bits(31, 5).bits(0, 4)],
  [
    "an over-subscribed precode",
    "precode",
    new BitWriter().precode({ 0: 1, 1: 1, 2: 1 }, { literals: 257, distances: 1 }),
  ],
  [
    "an incomplete precode",
    "precode",
    new BitWriter().precode({ 0: 2, 1: 2, 2: 2 }, { literals: 257, distances: 1 }),
  ],
  ["a precode of one code", "precode", new BitWriter().precode({ 0: 1 }, { literals: 257, distances: 1 })],
  [
    "a repetition of what is not there",
    "repeat",
    new BitWriter().precode(repeating(16), { literals: 257, distances: 1 }).code(3, 2).bits(0, 2),
  ],
  ...[16, 17, 18].map(
    (symbol) =>
      [
        `a repetition by ${symbol} beyond the last code length`,
        "repeat",
        overrun(new BitWriter().precode(repeating(symbol), { literals: 257, distances: 1 }), symbol),
      ] as const,
  ),
  ...[16, 17, 18].map(
    (symbol) =>
      [`a repetition by ${symbol} one beyond the last code length`, "repeat", overrunByOne(symbol)] as const,
  ),
  [
    "no code for the end of block",
    "endOfBlock",
    new BitWriter().dynamic({ literals: { 0: 1, 1: 1 }, distances: {} }),
  ],
  [
    "an over-subscribed code of literals",
    "literals",
    new BitWriter().dynamic({ literals: { 0: 1, 1: 1, 256: 1 }, distances: {} }),
  ],
  [
    "a code of literals that is over-subscribed in its last bit",
    "literals",
    new BitWriter().dynamic({ literals: { 0: 1, 1: 15, 2: 15, 256: 1 }, distances: {} }),
  ],
  [
    "an incomplete code of literals",
    "literals",
    new BitWriter().dynamic({ literals: { 0: 2, 1: 2, 256: 2 }, distances: {} }),
  ],
  [
    "one literal code of two bits",
    "literals",
    new BitWriter().dynamic({ literals: { 256: 2 }, distances: {} }),
  ],
  [
    "an over-subscribed code of distances",
    "distances",
    new BitWriter().dynamic({ literals: code.literals, distances: { 0: 1, 1: 1, 2: 1 } }),
  ],
  [
    "an incomplete code of distances",
    "distances",
    new BitWriter().dynamic({ literals: code.literals, distances: { 0: 2, 1: 2 } }),
  ],
  [
    "one distance code of two bits",
    "distances",
    new BitWriter().dynamic({ literals: code.literals, distances: { 0: 2 } }),
  ],
  ["the length symbol 286", "literal", new BitWriter().header(1).fixed(286)],
  ["the length symbol 287", "literal", new BitWriter().header(1).fixed(0x61).fixed(287)],
  [
    "a code beside the only one",
    "literal",
    new BitWriter().dynamic({ literals: { 256: 1 }, distances: {} }).code(1, 1),
  ],
  ["the distance symbol 30", "distance", new BitWriter().header(1).fixed(0x61).fixed(257).code(30, 5)],
  ["the distance symbol 31", "distance", new BitWriter().header(1).fixed(0x61).fixed(257).code(31, 5)],
  [
    "a distance where there are none",
    "distance",
    new BitWriter()
      .dynamic({ literals: { 0: 2, 256: 2, 257: 1 }, distances: {} })
      .code(2, 2)
      .code(0, 1)
      .code(0, 1),
  ],
  [
    "a distance beside the only one",
    "distance",
    new BitWriter()
      .dynamic({ literals: { 0: 2, 256: 2, 257: 1 }, distances: { 0: 1 } })
      .code(2, 2)
      .code(0, 1)
      .code(1, 1),
  ],
];

/** Code lengths of 1 up to the last but one, and then a repetition of more. */
function overrun(writer: BitWriter, symbol: number): BitWriter {
  for (let index = 0; index < 257; index++) writer.code(1, 2);
  return writer.code(3, 2).bits(0, repetitionBits(symbol));
}

/**
 * Code lengths that make complete codes, of a bit each for a literal, the end of block and (but for 16) a distance; then a
 * repetition of as many as there are distances, of which one is known. Two symbols follow.
 */
function overrunByOne(symbol: number): BitWriter {
  const distances = symbol === 18 ? 11 : 3;
  const writer = new BitWriter().precode(repeating(symbol), { literals: 257, distances }).code(1, 2);
  for (let literal = 1; literal < 256; literal++) writer.code(0, 2);
  writer.code(1, 2).code(symbol === 16 ? 0 : 1, 2);
  return writer.code(3, 2).bits(0, repetitionBits(symbol)).code(0, 1).code(1, 1);
}

function repetitionBits(symbol: number): number {
  if (symbol === 18) return 7;
  return symbol === 17 ? 3 : 2;
}

describe("refused, as zlib refuses it:", () => {
  it.each(wrong)("%s", (_, problem, writer) => {
    const refusal = `the deflate stream is damaged: ${problems[problem]}`;
    const stream = writer.done();
    // What follows brings the fast loop into play.
    const long = Buffer.concat([stream, new Uint8Array(100)]);
    expect(zlibOutcome(long)).toBe("refused");
    expect(outcome([stream]).refusal).toBe(refusal);
    expect(outcome([long]).refusal).toBe(refusal);
    expect(outcome(pieces(long, 1)).refusal).toBe(refusal);
    expect(outcome(pieces(long, 30)).refusal).toBe(refusal);
  });

  it("a precode of no code, once zlib knows that the end of block has none", () => {
    const stream = new BitWriter().precode({}, { literals: 257, distances: 1 }).done();
    const long = Buffer.concat([stream, new Uint8Array(100)]);
    expect(zlibOutcome(long)).toBe("refused");
    expect(outcome([long]).refusal).toMatch(/^the deflate stream is damaged: /);
  });
});

it("a dynamic block that is refused leaves no tables for the fixed blocks of the next stream", () => {
  const fixed = () => new BitWriter().header(1).fixed(0x61).fixed(200).fixedMatch(40, 2).fixedMatch(3, 1);
  const stream = fixed().fixed(256).done();
  const expected = zlib.inflateRawSync(stream);
  const broken = [
    { literals: code.literals, distances: { 0: 1, 1: 1, 2: 1 } },
    { literals: code.literals, distances: { 0: 2, 1: 2 } },
    { literals: { 0: 1, 1: 1, 256: 1 }, distances: code.twoDistances },
    { literals: { 0: 2, 1: 2, 256: 2 }, distances: code.twoDistances },
  ];
  for (const symbols of broken) {
    const first = new BitWriter().header(1, false).fixed(0x61).fixed(256);
    expect(outcome([first.dynamic(symbols).done()]).refusal).toMatch(/over-subscribed or incomplete/);
    expect(Buffer.compare(inflated([stream]).bytes, expected)).toBe(0);
    const long = Buffer.concat([stream, new Uint8Array(100)]);
    expect(Buffer.compare(inflated([long]).bytes, expected)).toBe(0);
  }
});

describe("accepted, as zlib accepts it:", () => {
  it.each([
    [
      "one distance code of one bit",
      new BitWriter()
        .dynamic({ literals: { 0: 2, 256: 2, 257: 1 }, distances: { 0: 1 } })
        .code(2, 2)
        .code(0, 1)
        .code(0, 1)
        .code(3, 2),
      [0, 0, 0, 0],
    ],
    [
      "no distance code",
      new BitWriter()
        .dynamic({ literals: { 65: 1, 256: 1 }, distances: {} })
        .code(0, 1)
        .code(1, 1),
      [65],
    ],
    [
      "an end of block as the only code",
      new BitWriter().dynamic({ literals: { 256: 1 }, distances: {} }).code(0, 1),
      [],
    ],
    [
      "codes of 15 bits",
      new BitWriter()
        .dynamic({
          literals: {
            ...Object.fromEntries(Array.from({ length: 14 }, (_, index) => [index, index + 1])),
            14: 15,
            256: 15,
          },
          distances: code.twoDistances,
        })
        .code(0x7ffe, 15)
        .code(0x3ffe, 14)
        .code(0, 1)
        .code(0x7fff, 15),
      [14, 13, 0],
    ],
    [
      "every code of eight bits",
      new BitWriter()
        .dynamic({ literals: code.literals, distances: code.twoDistances })
        .code(0, 8)
        .code(254, 8)
        .code(endOfBlock, 8),
      [0, 254],
    ],
    ["an empty fixed block", new BitWriter().header(1).fixed(256), []],
    ["an empty stored block", new BitWriter().stored(new Uint8Array(0)), []],
  ] as const)("%s", (_, writer, expected) => {
    const stream = writer.done();
    expect([...zlib.inflateRawSync(stream)]).toEqual(expected);
    for (const following of [0, 100]) {
      const all = Buffer.concat([stream, new Uint8Array(following)]);
      const { bytes, unused } = inflated([all]);
      expect([...bytes]).toEqual(expected);
      expect(unused).toBe(following);
      expect([...inflated(pieces(all, 1)).bytes]).toEqual(expected);
    }
  });
});

describe("a stream that is cut off", () => {
  const truncated = "the deflate stream is truncated";

  it("anywhere gives what it holds, and is refused", () => {
    for (const level of [0, 1, 6]) {
      const data = sample(500, 10);
      const stream = zlib.deflateRawSync(data, { level });
      for (let length = 0; length < stream.length; length++) {
        const cutOff = stream.subarray(0, length);
        const { bytes, refusal } = outcome([cutOff]);
        expect(refusal).toBe(truncated);
        const whole = zlib.inflateRawSync(cutOff, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
        expect(Buffer.compare(bytes, whole)).toBe(0);
        expect(Buffer.compare(outcome(pieces(cutOff, 1)).bytes, whole)).toBe(0);
      }
    }
  });

  it("in a chunk's midst gives all before", () => {
    const data = sample(900_000, 11);
    const stream = zlib.deflateRawSync(data);
    const cutOff = stream.subarray(0, -10);
    const { bytes, refusal } = outcome(pieces(cutOff, 100_000));
    expect(refusal).toBe(truncated);
    expect(bytes.length).toBeGreaterThan(data.length - 100);
    expect(Buffer.compare(bytes, data.subarray(0, bytes.length))).toBe(0);
  });
});

describe("hostile streams have zlib's verdict, and its bytes:", () => {
  /** Compares, however the stream comes. */
  function compare(stream: Uint8Array): "accepted" | "refused" {
    const expected = zlibOutcome(stream);
    for (const size of [Math.max(stream.length, 1), 1, 29]) {
      const { bytes, refusal } = outcome(pieces(stream, size));
      if (expected === "refused" ? refusal === undefined : Buffer.compare(bytes, expected) !== 0) {
        throw new Error(`another verdict on ${Buffer.from(stream).toString("hex")} in pieces of ${size}`);
      }
    }
    return expected === "refused" ? "refused" : "accepted";
  }

  it.each([
    ["stored", { level: 0 }],
    ["by the fixed codes", { strategy: zlib.constants.Z_FIXED }],
    ["by codes of its own", { level: 9 }],
  ])("every flipped bit of a stream, %s", (_, options) => {
    const verdicts = { accepted: 0, refused: 0 };
    const stream = zlib.deflateRawSync(sample(300, 12), options);
    for (let bit = 0; bit < stream.length * 8; bit++) {
      const flipped = Uint8Array.from(stream);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      verdicts[compare(flipped)]++;
    }
    expect(verdicts.accepted).toBeGreaterThan(100);
    expect(verdicts.refused).toBeGreaterThan(20);
  });

  it("what starts as a block of each kind, and is noise", () => {
    const random = randomNumbers(13);
    const verdicts = { accepted: 0, refused: 0 };
    for (let round = 0; round < 3000; round++) {
      const stream = Uint8Array.from({ length: 1 + random(120) }, () => random(256));
      stream[0] = ((stream[0] ?? 0) & 0xf8) | (1 + 2 * (round % 3));
      verdicts[compare(stream)]++;
    }
    expect(verdicts.accepted).toBeGreaterThan(20);
    expect(verdicts.refused).toBeGreaterThan(1000);
  });
});
