import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  type DecodedBlock,
  decodedBlocks,
  fixedCost,
  kraftSum,
  storedCost,
  unlimitedDepth,
} from "./support/decoded-blocks.ts";
import { allLevels, deflated, noise, prose, searchingLevels } from "./support/deflating.ts";
import { randomNumbers, sample } from "./support/inflating.ts";

const windowSize = 32 * 1024;
const longestMatch = 258;

function blocksOf(bytes: Uint8Array, level: number, dictionary?: Uint8Array): readonly DecodedBlock[] {
  const stream = deflated(bytes, { level, dictionary });
  const blocks = decodedBlocks(stream, dictionary);
  expect(Buffer.compare(Buffer.concat(blocks.map((block) => block.bytes)), bytes)).toBe(0);
  expect(blocks.map(({ last }) => last)).toEqual(blocks.map((_, index) => index === blocks.length - 1));
  return blocks;
}

function typesOf(bytes: Uint8Array, level: number): readonly string[] {
  return blocksOf(bytes, level).map(({ type }) => type);
}

function matchesOf(bytes: Uint8Array, level: number, dictionary?: Uint8Array): DecodedBlock["matches"] {
  return blocksOf(bytes, level, dictionary).flatMap(({ matches }) => matches);
}

describe.each(searchingLevels)("at level %i", (level) => {
  describe("a block is of the type that takes the fewest bits", () => {
    it("stored, where bytes do not compress", () => {
      const random = randomNumbers(1);
      for (const length of [100, 5000, 65_535, 65_536, 200_000]) {
        const types = typesOf(noise(length, random), level);
        expect(new Set(types)).toEqual(new Set(["stored"]));
        expect(types.length).toBe(Math.ceil(length / 65_535));
      }
    });

    it("fixed, where codes of its own would take more than they save", () => {
      for (let length = 1; length <= 100; length++) {
        const bytes = Uint8Array.from({ length }, (_, at) => at + 40).subarray(0, 100);
        expect(typesOf(bytes, level)).toEqual(["fixed"]);
        // Eight bits each, a header of three and an end of seven.
        expect(deflated(bytes, { level }).length).toBe(length + 2);
      }
    });

    it("stored as soon as the fixed codes take as many bits", () => {
      // Literals from 144 on have nine bits by the fixed codes: 9 n + 10 bits, and 8 n + 40 stored.
      for (let length = 1; length <= 30; length++) {
        const bytes = Uint8Array.from({ length }, (_, at) => at + 150);
        expect(typesOf(bytes, level)).toEqual([length < 30 ? "fixed" : "stored"]);
      }
    });

    it("dynamic, where some symbols are much more frequent", () => {
      const random = randomNumbers(2);
      for (const bytes of [prose(5000, random), prose(100_000, random), sample(60_000, 2)]) {
        expect(new Set(typesOf(bytes, level))).toEqual(new Set(["dynamic"]));
      }
    });

    it("each of its own, where a stream is of two kinds", () => {
      const random = randomNumbers(3);
      const types = typesOf(Buffer.concat([noise(70_000, random), prose(70_000, random)]), level);
      expect(types[0]).toBe("stored");
      expect(types.at(-1)).toBe("dynamic");
    });

    it("and neither of the others would have been shorter", () => {
      const random = randomNumbers(4);
      for (let turn = 0; turn < 20; turn++) {
        const bytes = Buffer.concat([
          prose(random(600), random),
          noise(random(600), random),
          sample(random(9000), turn),
        ]);
        for (const block of blocksOf(bytes, level)) {
          expect(block.bits).toBeLessThanOrEqual(storedCost(block));
          if (block.type !== "stored") expect(block.bits).toBeLessThanOrEqual(fixedCost(block));
        }
      }
    });
  });

  describe("matches", () => {
    const random = randomNumbers(5);
    const pattern = withoutMatches(300);
    const separator = Uint8Array.of(200, 201, 202, 203);
    const distance = pattern.length + separator.length;

    it("have every length from 4 to 258, in the midst of a block", () => {
      for (let length = 1; length <= 300; length++) {
        const repeated = pattern.subarray(0, length);
        const [first, ...further] = matchesOf(
          Buffer.concat([pattern, separator, repeated, Buffer.of(204)]),
          level,
        );
        if (length < 4) expect(first).toBeUndefined();
        else expect(first).toEqual({ length: Math.min(length, longestMatch), distance });
        const left = length - longestMatch;
        expect(further).toEqual(left < 4 ? [] : [{ length: left, distance }]);
      }
    });

    it("reach to the last byte of a block, and not beyond", () => {
      for (let length = 4; length <= 300; length++) {
        const [first] = matchesOf(Buffer.concat([pattern, separator, pattern.subarray(0, length)]), level);
        expect(first).toEqual({ length: Math.min(length, longestMatch), distance });
      }
    });

    it("of one byte overlap themselves", () => {
      for (let length = 5; length <= 600; length += 7) {
        const [first, ...further] = matchesOf(Buffer.alloc(length, 9), level);
        expect(first).toEqual({ length: Math.min(length - 1, longestMatch), distance: 1 });
        const covered = further.reduce(
          (sum, match) => sum + match.length,
          Math.min(length - 1, longestMatch),
        );
        expect(length - covered).toBeLessThan(1 + 4);
      }
    });

    it.each([windowSize - 1, windowSize])("reach %i bytes back", (distance) => {
      const start = pattern.subarray(0, 40);
      const between = Buffer.alloc(distance - start.length);
      const expected = { length: 40, distance };
      expect(matchesOf(Buffer.concat([start, between, start]), level)).toContainEqual(expected);
      // The same from a dictionary, of which the start is the farthest byte that counts.
      expect(matchesOf(start, level, Buffer.concat([start, between]))).toEqual([expected]);
    });

    it("do not reach farther", () => {
      const start = pattern.subarray(0, 40);
      for (const distance of [windowSize + 1, windowSize + 2, windowSize + 300, 2 * windowSize]) {
        const between = Buffer.alloc(distance - start.length);
        const within = matchesOf(Buffer.concat([start, between, start]), level);
        // Those are of the zeros between.
        expect(within.filter((match) => match.distance > 2 * longestMatch)).toEqual([]);
        // From a dictionary of which the last 32 KiB hold the rest of the start: that is as far as it goes.
        const dictionary = Buffer.concat([start, between]);
        const stream = deflated(start, { level, dictionary });
        const [block] = decodedBlocks(stream, dictionary.subarray(-windowSize));
        expect(block?.matches).toEqual([]);
      }
    });

    it("do not reach back beyond the start of the dictionary", () => {
      const dictionary = noise(1000, random);
      const bytes = Buffer.concat([Buffer.alloc(100), dictionary, Buffer.alloc(300)]);
      for (const { distance } of matchesOf(bytes, level, dictionary))
        expect(distance).toBeLessThanOrEqual(1399);
      // Zeros are what the kernel's memory holds before the dictionary.
      const [first] = matchesOf(Buffer.alloc(50), level, dictionary);
      expect(first?.distance).toBe(1);
    });

    it("with what stands at all distances are as far as those are", () => {
      const bytes = noise(3 * windowSize, random);
      for (let at = windowSize; at < bytes.length - 300; at += 700) {
        bytes.copyWithin(at, at - 1 - random(windowSize + 100), at);
      }
      for (const { length, distance } of matchesOf(bytes, level)) {
        expect(length).toBeLessThanOrEqual(longestMatch);
        expect(distance).toBeLessThanOrEqual(windowSize);
      }
    });
  });

  describe("codes", () => {
    it("have codewords of 15 bits at most, though the rarest symbols would want more", () => {
      const [block, ...further] = blocksOf(rareAmongMany(), level);
      expect(further).toEqual([]);
      expect(unlimitedDepth(block?.frequencies.literalLengths ?? [])).toBeGreaterThan(15);
      expect(Math.max(...(block?.codes?.literalLengths ?? []))).toBe(15);
      expect(kraftSum(block?.codes?.literalLengths ?? [])).toBe(1);
    });

    it("of code lengths have codewords of 7 bits at most, though some would want more", () => {
      const [block, ...further] = blocksOf(manyCodeLengths(), level);
      expect(further).toEqual([]);
      expect(unlimitedDepth(block?.frequencies.codeLengths ?? [])).toBeGreaterThan(7);
      expect(Math.max(...(block?.codes?.codeLengths ?? []))).toBe(7);
      expect(kraftSum(block?.codes?.codeLengths ?? [])).toBe(1);
    });

    it("are complete, and give the frequent symbols the short codewords", () => {
      const random = randomNumbers(6);
      for (const bytes of [prose(60_000, random), prose(3000, random), sample(150_000, 6)]) {
        for (const { codes, frequencies } of blocksOf(bytes, level)) {
          for (const name of ["codeLengths", "literalLengths", "distances"] as const) {
            expect(kraftSum(codes?.[name] ?? [])).toBe(1);
            expectOrdered(frequencies[name], codes?.[name] ?? []);
          }
        }
      }
    });

    it("are two of a bit each where there is no distance", () => {
      const [block] = blocksOf(withoutMatches(150), level);
      expect(block?.type).toBe("dynamic");
      expect(block?.matches).toEqual([]);
      expect(block?.codes?.distances).toEqual([1, 1]);
    });

    it("are two of a bit each where there is one distance", () => {
      // The match is of the distance symbol 13, whose distances are 97 to 128.
      const bytes = withoutMatches(150);
      const [block] = blocksOf(Buffer.concat([bytes, bytes.subarray(-100, -50)]), level);
      expect(block?.type).toBe("dynamic");
      expect(block?.matches).toEqual([{ length: 50, distance: 100 }]);
      expect(block?.codes?.distances).toEqual([1, ...Array.from({ length: 12 }, () => 0), 1]);
    });

    it("are two of a bit each where the one distance is the first", () => {
      const [block] = blocksOf(Buffer.concat([withoutMatches(110), Buffer.alloc(200, 255)]), level);
      expect(block?.type).toBe("dynamic");
      expect(block?.matches).toEqual([{ length: 199, distance: 1 }]);
      expect(block?.codes?.distances).toEqual([1, 1]);
    });
  });
});

describe("at level 0", () => {
  it("blocks are stored, as large as they may be", () => {
    const bytes = sample(150_000, 8);
    const blocks = blocksOf(bytes, 0);
    expect(blocks.map(({ type }) => type)).toEqual(["stored", "stored", "stored"]);
    expect(blocks.map((block) => block.bytes.length)).toEqual([65_535, 65_535, 150_000 - 2 * 65_535]);
  });
});

it("what is decoded here is what zlib deflates", () => {
  const bytes = sample(100_000, 9);
  for (const level of allLevels) {
    for (const strategy of [zlib.constants.Z_DEFAULT_STRATEGY, zlib.constants.Z_FIXED]) {
      const blocks = decodedBlocks(zlib.deflateRawSync(bytes, { level, strategy }));
      expect(Buffer.compare(Buffer.concat(blocks.map((block) => block.bytes)), bytes)).toBe(0);
    }
  }
});

/** No symbol that is more frequent than another has a longer codeword. */
function expectOrdered(frequencies: readonly number[], lengths: readonly number[]): void {
  const used = [...lengths.keys()].filter((symbol) => (frequencies[symbol] ?? 0) > 0);
  used.sort((one, other) => (frequencies[other] ?? 0) - (frequencies[one] ?? 0));
  for (const [index, symbol] of used.slice(1).entries()) {
    const before = used[index] ?? 0;
    if (frequencies[before] === frequencies[symbol]) continue;
    expect(lengths[before]).toBeLessThanOrEqual(lengths[symbol] ?? 0);
  }
}

/** Each byte as many times as its weight says, in any order. */
function shuffled(weights: readonly number[], random: (below: number) => number): Buffer {
  const bytes = Buffer.from(weights.flatMap((weight, byte) => Array.from({ length: weight }, () => byte)));
  for (let left = bytes.length - 1; left > 0; left--) {
    const other = random(left + 1);
    const byte = bytes[left] ?? 0;
    bytes[left] = bytes[other] ?? 0;
    bytes[other] = byte;
  }
  return bytes;
}

/**
 * Symbols of which each is twice as frequent as the one before, and has a codeword that is a bit shorter, among many that
 * are more frequent than all of these: so many that hardly any four bytes are repeated.
 */
function rareAmongMany(): Buffer {
  const rare = Array.from({ length: 10 }, (_, index) => 2 ** index);
  return shuffled([...rare, ...Array.from({ length: 60 }, () => 1200)], randomNumbers(10));
}

/**
 * Bytes whose codewords are of all lengths from 3 to 11, of which each is as rare as Fibonacci's numbers, but for that
 * of 8: frequencies are powers of two, so that the lengths are known, and no four bytes are repeated.
 */
function manyCodeLengths(): Buffer {
  const random = randomNumbers(11);
  // The last of the longest is the end of the block's.
  const counts = { 3: 1, 4: 1, 5: 2, 6: 3, 7: 5, 8: 154, 9: 13, 10: 21, 11: 34 - 1 };
  const weights = Object.entries(counts).flatMap(([length, times]) =>
    Array.from({ length: times }, () => 2 ** (11 - Number(length))),
  );
  // Lengths that are alike do not follow each other for long, else a repetition would stand for them.
  const order = [...weights.keys()].map((index) => ({ index, place: random(1 << 20) }));
  order.sort((one, other) => one.place - other.place);
  return shuffled(
    order.map(({ index }) => weights[index] ?? 0),
    random,
  );
}

/** Of twelve letters, in an order in which no four are repeated. */
function withoutMatches(length: number): Buffer {
  const random = randomNumbers(12);
  const letters: number[] = [];
  const seen = new Set<string>();
  while (letters.length < length) {
    const letter = random(12);
    const four = [...letters.slice(-3), letter].join();
    if (seen.has(four)) continue;
    seen.add(four);
    letters.push(letter);
  }
  return Buffer.from(letters);
}
