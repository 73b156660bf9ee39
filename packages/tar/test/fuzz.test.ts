import { isDrayageError } from "@drayage/errors";
import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeTarHeader, scanTar, TarDecoder, tarEnd } from "../src/index.ts";
import { archiveOf, concat, extended, latin, rawBlock, record, text } from "./support/archive.ts";

const gnu = "ustar  \0";
const seed = concat(
  archiveOf(
    { header: { name: "dir/", mode: 0o755 } },
    { header: { name: "dir/file" }, data: new Uint8Array(700).fill(0x61) },
    {
      header: { name: "é".repeat(80), xattrs: new Map([["user.a", new Uint8Array([0, 255, 10])]]) },
      data: text("x"),
    },
    { header: { name: "n".repeat(200), type: "symlink", linkname: "l".repeat(200), format: "gnu" } },
  ),
  extended("g", record("comment", "global")),
  extended(
    "x",
    record("GNU.sparse.size", "9") + record("GNU.sparse.numblocks", "1") + record("GNU.sparse.map", "0,1"),
  ),
  archiveOf({ header: { name: "sparse" }, data: text("s") }),
  rawBlock({
    typeflag: "S",
    magic: gnu,
    patches: [
      [482, "\x01"],
      [483, "00000000777\0"],
    ],
  }),
  new Uint8Array(512),
  encodeTarHeader({ name: "big", uid: 2 ** 40, size: 0, format: "gnu" }),
  tarEnd(),
  new Uint8Array(512),
);

type Mutation =
  | { readonly kind: "set"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "remove"; readonly at: number; readonly length: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "repeat"; readonly at: number; readonly length: number };

const at = fc.nat({ max: seed.length - 1 });
// Blocks where headers are, and the places of numbers and lengths in them, more often than chance would have it.
const target = fc.oneof(
  at,
  fc
    .tuple(
      fc.nat({ max: seed.length / 512 - 1 }),
      fc.constantFrom(0, 100, 108, 124, 125, 136, 148, 156, 257, 263, 345, 482, 483),
    )
    .map(([block, offset]) => block * 512 + offset),
);
const piece = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 16 }),
  fc.constantFrom("x", "g", "L", "K", "S", "5", "99999999999 ", "-1", "\0", "7777777", "=", "\n").map(text),
);
const length = fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constant(512));
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("set" as const), at: target, bytes: piece }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), at: target, length }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("insert" as const), at: target, bytes: piece }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("repeat" as const), at: target, length }) },
);

function mutate(bytes: Uint8Array, change: Mutation): Uint8Array {
  const head = bytes.subarray(0, change.at);
  if (change.kind === "insert") return concat(head, change.bytes, bytes.subarray(change.at));
  if (change.kind === "remove") return concat(head, bytes.subarray(change.at + change.length));
  if (change.kind === "repeat")
    return concat(head, bytes.subarray(change.at, change.at + change.length), bytes.subarray(change.at));
  return concat(head, change.bytes, bytes.subarray(change.at + change.bytes.length));
}

/** Corrects the checksum of every block that looks like a header, so that changes get past that test. */
function mendChecksums(bytes: Uint8Array): Uint8Array {
  const mended = bytes.slice();
  for (let start = 0; start + 512 <= mended.length; start += 512) {
    const block = mended.subarray(start, start + 512);
    if (latin(block.subarray(257, 262)) !== "ustar") continue;
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.set(text(`${sum.toString(8).padStart(6, "0")}\0`), 148);
  }
  return mended;
}

/** What a decoder tells of these bytes; every byte of them, or an error of a known kind. */
function decodeAll(bytes: Uint8Array, chunkLength: number): { names: string[]; error: string | undefined } {
  const decoder = new TarDecoder();
  const names: string[] = [];
  const parts: Uint8Array[] = [];
  let events = 0;
  const take = (): void => {
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
      events++;
      if (event.type === "header")
        names.push(`${event.header.name} ${event.header.size} ${event.dataOffset}`);
      if (event.type === "data" || event.type === "trailing") parts.push(event.bytes);
      else if (event.type === "entry-end") parts.push(event.padding ?? new Uint8Array());
      else parts.push(event.rawBlocks);
    }
  };
  try {
    for (let start = 0; start < bytes.length; start += chunkLength) {
      decoder.push(bytes.subarray(start, start + chunkLength));
      take();
    }
    decoder.finish();
    take();
  } catch (error) {
    if (
      !isDrayageError(error, "ERR_DRAYAGE_ARCHIVE_INVALID") &&
      !isDrayageError(error, "ERR_DRAYAGE_LIMIT_EXCEEDED")
    )
      throw error;
    expect(error.message).toMatch(/^tar (?:entry ".*"|header) at offset \d+/);
    return { names, error: error.message };
  }
  expect(events).toBeLessThanOrEqual((bytes.length / 512) * 3 + bytes.length / chunkLength + 3);
  expect(latin(concat(...parts))).toBe(latin(bytes));
  return { names, error: undefined };
}

function scanAll(bytes: Uint8Array): { names: string[]; error: string | undefined } {
  const names: string[] = [];
  try {
    const read = (position: number, wanted: number): Uint8Array =>
      bytes.subarray(position, position + wanted);
    for (const { header, dataOffset } of scanTar({ size: bytes.length, read }))
      names.push(`${header.name} ${header.size} ${dataOffset}`);
  } catch (error) {
    if (
      !isDrayageError(error, "ERR_DRAYAGE_ARCHIVE_INVALID") &&
      !isDrayageError(error, "ERR_DRAYAGE_LIMIT_EXCEEDED")
    )
      throw error;
    return { names, error: error.message };
  }
  return { names, error: undefined };
}

it("the archive that is damaged below is whole at first", () => {
  expect(decodeAll(seed, 512)).toMatchObject({ error: undefined });
  expect(decodeAll(seed, 512).names.length).toBe(7);
});

it("a damaged archive gives all its bytes or a typed error, the same for any chunks, and always ends", () => {
  let failed = 0;
  let read = 0;
  fc.assert(
    fc.property(
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 2000 }),
      (changes, mend, chunkLength) => {
        const damaged = changes.reduce(mutate, seed);
        const bytes = mend ? mendChecksums(damaged) : damaged;
        const outcome = decodeAll(bytes, chunkLength);
        expect(decodeAll(bytes, bytes.length || 1)).toEqual(outcome);
        const scanned = scanAll(bytes);
        // A decoder tells of an entry before it knows that its data is cut off; a scan does not.
        expect(outcome.names.slice(0, scanned.names.length)).toEqual(scanned.names);
        expect(scanned.error).toBe(outcome.error);
        if (outcome.error === undefined) read++;
        else failed++;
      },
    ),
    { numRuns: 1500 },
  );
  // Neither all of them are refused early nor are most of them harmless.
  expect(failed).toBeGreaterThan(100);
  expect(read).toBeGreaterThan(100);
});

it("an archive that is cut off anywhere gives all its bytes or a typed error", () => {
  for (let length = 0; length <= seed.length; length += 37) decodeAll(seed.subarray(0, length), 500);
});

it("bytes without any order give a typed error or nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
      decodeAll(bytes, 700);
    }),
    { numRuns: 300 },
  );
});
