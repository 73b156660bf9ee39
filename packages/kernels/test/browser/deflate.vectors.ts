import { createDeflater, createInflater, deflateBlockBound, kernelsUnavailable } from "../../src/index.ts";

function fail(message: string): never {
  throw new Error(message);
}

function same(actual: Uint8Array, expected: Uint8Array): void {
  if (actual.length !== expected.length) fail(`expected ${expected.length} bytes, got ${actual.length}`);
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  if (at !== -1) fail(`byte ${at} is ${actual[at]} instead of ${expected[at]}`);
}

/** Lines that resemble each other, with some noise between them. */
function text(length: number): Uint8Array {
  const lines = Array.from({ length: length / 20 + 1 }, (_, line) => {
    const mixed = Math.imul(line + 1, 0x9e3779b1) >>> 0;
    return `layer ${line % 97}: ${mixed % 251} files, ${mixed.toString(36)}\n`;
  });
  return new TextEncoder().encode(lines.join("")).subarray(0, length);
}

/** What comes of a stream, of the blocks of which there are the parts. */
function inflated(parts: readonly Uint8Array[], length: number): Uint8Array {
  const inflater = createInflater();
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    inflater.push(part);
    for (let piece = inflater.next(); piece.length > 0; piece = inflater.next()) {
      bytes.set(piece, at);
      at += piece.length;
    }
  }
  if (!inflater.ended) fail("the stream does not end");
  if (inflater.unused > 0) fail("bytes follow the stream's end");
  return bytes.subarray(0, at);
}

const levels = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const window = 32 * 1024;

export const vectors: readonly { name: string; run(): void }[] = [
  {
    name: "deflate runs here",
    run() {
      const reason = kernelsUnavailable("deflate");
      if (reason !== undefined) fail(reason);
    },
  },
  {
    name: "a short text is a fixed block, bit for bit",
    run() {
      // Eight literals, a match of four that stand five bytes back, and the end. zlib writes the same.
      const stream = Uint8Array.of(0x4b, 0x49, 0x4d, 0xcb, 0x49, 0x2c, 0x49, 0x55, 0x00, 0x11, 0x00);
      const bytes = new TextEncoder().encode("deflate late");
      const deflater = createDeflater();
      for (const level of levels.slice(1)) same(deflater.deflateBlock(bytes, { level, last: true }), stream);
    },
  },
  {
    name: "a stored block, and a sync flush",
    run() {
      const bytes = Uint8Array.of(1, 2, 3);
      const stored = Uint8Array.of(0, 3, 0, 0xfc, 0xff, 1, 2, 3, 0, 0, 0, 0xff, 0xff);
      same(createDeflater().deflateBlock(bytes, { level: 0, last: false }), stored);
    },
  },
  {
    name: "blocks that know of those before them are one stream, at every level",
    run() {
      const bytes = text(200_000);
      const deflater = createDeflater();
      const size = 30_001;
      for (const level of levels) {
        const parts: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += size) {
          const last = at + size >= bytes.length;
          const dictionary = bytes.subarray(Math.max(0, at - window), at);
          parts.push(
            deflater.deflateBlock(bytes.subarray(at, at + size), { level, dictionary, last }).slice(),
          );
        }
        same(inflated(parts, bytes.length), bytes);
        const total = parts.reduce((sum, part) => sum + part.length, 0);
        if (level > 0 && total > 0.4 * bytes.length) fail(`${total} bytes at level ${level}`);
      }
    },
  },
  {
    name: "a megabyte of what does not compress keeps to the bound",
    run() {
      let state = 1;
      const bytes = Uint8Array.from({ length: 1024 * 1024 }, () => {
        state = Math.imul(state, 1_664_525) + 1_013_904_223;
        return state >>> 24;
      });
      const deflater = createDeflater();
      for (const level of [0, 1, 4, 5, 9]) {
        const stream = deflater.deflateBlock(bytes, { level, last: true });
        if (stream.length > deflateBlockBound(bytes.length)) fail(`${stream.length} bytes at level ${level}`);
        same(inflated([stream], bytes.length), bytes);
      }
    },
  },
  {
    name: "a level that there is not is refused",
    run() {
      try {
        createDeflater().deflateBlock(text(10), { level: 10, last: true });
      } catch (error) {
        if (error instanceof RangeError) return;
        throw error;
      }
      fail("nothing was refused");
    },
  },
];
