import { createInflater, kernelsUnavailable } from "../../src/index.ts";

/** What the streams below inflate to. */
const text = new TextEncoder().encode(
  Array.from({ length: 40 }, (_, i) => `layer ${i}: ${(i * 7919) % 251} files\n`).join(""),
);

/** {@link text} as zlib deflates it at level 9: a dynamic block. */
const dynamic = bytes(
  "XZGxbQNBDARzVbElHMn7+/vtRoEECPhIjty9QQIOuOkEgyXnfv6+vhjEwPtzv34edwEjLHZDTvjRSBC2oqFJHN10ELa7aRFnN52EWzdtwkZXXYTLKBuEySzL8d6REybDLIg4O5qEyTQ7iCW2Rbhss5PYYtuE67aLMBnnIz/bdV4Bus+zwOyoEohuEvPqqCKILSuIrTKIbROX2KpDt0V16LrIG6yj7CDjIjusjqqD2LKD2BZhMi6yg9iqg9iqw7/uDw==",
);

/** The first 60 bytes of {@link text}, as zlib deflates them by the fixed codes. */
const fixed = bytes("y0msTC1SMLBSMFBIy8xJLebKAQsYWikYGlugCBlZKRiZoogAAA==");

/** A last block by the fixed codes: 258 bytes from 32768 bytes before, and the end. */
const farMatch = Uint8Array.of(0x1b, 0xbd, 0xff, 0x1f, 0x00);

function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function fail(message: string): never {
  throw new Error(message);
}

function same(actual: Uint8Array, expected: Uint8Array): void {
  if (actual.length !== expected.length) fail(`expected ${expected.length} bytes, got ${actual.length}`);
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  if (at !== -1) fail(`byte ${at} is ${actual[at]} instead of ${expected[at]}`);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What comes of a stream that is pushed in pieces of `size`, and what follows it in the last. */
function inflated(stream: Uint8Array, size = stream.length): { output: Uint8Array; unused: Uint8Array } {
  const inflater = createInflater();
  const parts: Uint8Array[] = [];
  for (let at = 0; at < stream.length && !inflater.ended; at += size) {
    const piece = stream.subarray(at, at + size);
    inflater.push(piece);
    for (let part = inflater.next(); part.length > 0; part = inflater.next()) parts.push(part.slice());
    if (inflater.ended)
      return { output: concat(parts), unused: piece.subarray(piece.length - inflater.unused) };
  }
  inflater.finish();
  inflater.next();
  fail("a truncated stream was not refused");
}

/** The error that a stream is refused with. */
function refusal(stream: Uint8Array): string {
  try {
    inflated(stream);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code}: ${message}`;
  }
  fail("nothing was refused");
}

/** `content` in stored blocks, none of them the last. */
function stored(content: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += 0xffff) {
    const block = content.subarray(at, at + 0xffff);
    const { length } = block;
    parts.push(Uint8Array.of(0, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255), block);
  }
  return concat(parts);
}

export const vectors: readonly { name: string; run(): void }[] = [
  {
    name: "inflate runs here",
    run() {
      const reason = kernelsUnavailable("inflate");
      if (reason !== undefined) fail(reason);
    },
  },
  {
    name: "a dynamic block, in pieces of any size",
    run() {
      for (let size = 1; size <= dynamic.length; size++) same(inflated(dynamic, size).output, text);
    },
  },
  {
    name: "a block by the fixed codes, in pieces of any size",
    run() {
      for (let size = 1; size <= fixed.length; size++)
        same(inflated(fixed, size).output, text.subarray(0, 60));
    },
  },
  {
    name: "a megabyte of stored blocks, and a match from the window's edge",
    run() {
      const content = Uint8Array.from({ length: 1_000_003 }, (_, at) => (at * 7 + (at >> 11)) & 255);
      const stream = concat([stored(content), farMatch]);
      const match = content.subarray(content.length - 32768, content.length - 32768 + 258);
      for (const size of [1000, 65536, stream.length])
        same(inflated(stream, size).output, concat([content, match]));
    },
  },
  {
    name: "what follows a stream is given back",
    run() {
      const following = new TextEncoder().encode("a trailer, and more");
      for (const stream of [dynamic, fixed, farMatchAfterEnough()])
        same(inflated(concat([stream, following])).unused, following);
    },
  },
  {
    name: "a stream that is cut off anywhere is refused",
    run() {
      for (let length = 0; length < dynamic.length; length++) {
        const error = refusal(dynamic.subarray(0, length));
        if (error !== "ERR_DRAYAGE_COMPRESSION_INVALID: the deflate stream is truncated") fail(error);
      }
    },
  },
  {
    name: "a stream that is wrong is refused, by name",
    run() {
      const error = refusal(farMatch);
      const expected =
        "ERR_DRAYAGE_COMPRESSION_INVALID: the deflate stream is damaged: a distance reaches back beyond the start";
      if (error !== expected) fail(error);
    },
  },
];

function farMatchAfterEnough(): Uint8Array {
  return concat([stored(new Uint8Array(32768)), farMatch]);
}
