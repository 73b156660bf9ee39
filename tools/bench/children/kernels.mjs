import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import zlib from "node:zlib";
import {
  crc32,
  crc64,
  createDeflater,
  createInflater,
  createSha256,
  deflateBlockLimit,
} from "@drayage/kernels";

// Measures one kernel beside Node's own, in one process and on one thread, and prints every measurement as JSON:
// kernels.mjs inflate|deflate|crc32|crc64|sha256 FILE PAIRS BYTES LEVEL

/**
 * @typedef {{ cpuSeconds: number, bytes: number, resultBytes: number }} Taken `bytes` are the uncompressed ones
 * @typedef {{ ours(): number, theirs?(): number, bytes: number, verify(): void }} Contest
 *   each side gives how many bytes came of it
 */

const [name = "", file = "", pairCount = "3", mostBytes = "0", level = "4"] = process.argv.slice(2);
const input = readFileSync(file);
const piece = 256 * 1024;
const dictionarySize = 32 * 1024;

/** @type {Record<string, () => Contest>} */
const contests = { inflate, deflate, crc32: checksum32, crc64: checksum64, sha256 };
const contest = contests[name]?.();
if (contest === undefined) throw new Error(`no such kernel: ${name}`);
contest.verify();

const pairs = [];
for (let index = 0; index < Number(pairCount); index += 1) {
  const { theirs } = contest;
  if (theirs === undefined) {
    pairs.push({ ours: taken(contest.ours) });
  } else if (index % 2 === 0) {
    const ours = taken(contest.ours);
    pairs.push({ ours, theirs: taken(theirs) });
  } else {
    const other = taken(theirs);
    pairs.push({ ours: taken(contest.ours), theirs: other });
  }
}
console.log(JSON.stringify(pairs));

/**
 * The processor time of one call.
 * @param {() => number} side
 * @returns {Taken}
 */
function taken(side) {
  const before = process.cpuUsage();
  const resultBytes = side();
  const { user, system } = process.cpuUsage(before);
  return { cpuSeconds: (user + system) / 1e6, bytes: contest?.bytes ?? 0, resultBytes };
}

/** A whole gzip member, with its checksum: what gunzipSync does. */
function inflate() {
  const kernel = createInflater();
  const { body, checksum } = gzipMember(input);

  /** @param {(bytes: Uint8Array) => void} [take] */
  function run(take) {
    kernel.reset();
    let crc = 0;
    let size = 0;
    for (let start = 0; start < body.length && !kernel.ended; start += piece) {
      kernel.push(body.subarray(start, start + piece));
      for (let bytes = kernel.next(); bytes.length > 0; bytes = kernel.next()) {
        crc = zlib.crc32(bytes, crc);
        size += bytes.length;
        take?.(bytes);
      }
    }
    if (!kernel.ended || crc !== checksum)
      throw new Error("the kernel inflates other bytes than were deflated");
    return size;
  }

  const bytes = run();
  return {
    bytes,
    ours: run,
    theirs: () => zlib.gunzipSync(input).length,
    verify() {
      const hash = createHash("sha256");
      run((inflated) => hash.update(inflated));
      same(hash.digest("hex"), createHash("sha256").update(zlib.gunzipSync(input)).digest("hex"));
    },
  };
}

/** Blocks as a copy compresses them: each with the 32 KiB before it as its dictionary. */
function deflate() {
  const kernel = createDeflater();
  const blocks = blocksOf(input, Number(mostBytes));
  const options = blocks.map(({ dictionary }) => ({
    level: 4,
    memLevel: 9,
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
    ...(dictionary.length > 0 ? { dictionary } : {}),
  }));
  return {
    bytes: blocks.reduce((sum, { bytes }) => sum + bytes.length, 0),
    ours: () =>
      blocks.reduce(
        (sum, { bytes, dictionary }) =>
          sum + kernel.deflateBlock(bytes, { level: Number(level), dictionary, last: false }).length,
        0,
      ),
    theirs: () =>
      blocks.reduce((sum, { bytes }, index) => sum + zlib.deflateRawSync(bytes, options[index]).length, 0),
    verify() {
      for (const [index, { bytes, dictionary }] of blocks.entries()) {
        const compressed = kernel.deflateBlock(bytes, { level: Number(level), dictionary, last: false });
        const { finishFlush, dictionary: known } = options[index] ?? {};
        const inflated = zlib.inflateRawSync(compressed, {
          ...(finishFlush === undefined ? {} : { finishFlush }),
          ...(known === undefined ? {} : { dictionary: known }),
        });
        if (!inflated.equals(bytes)) throw new Error(`block ${index} inflates to other bytes than it was`);
      }
    },
  };
}

/** @returns {Contest} */
function checksum32() {
  return checksum({ ours: () => crc32(input), theirs: () => zlib.crc32(input) });
}

/** @returns {Contest} */
function checksum64() {
  const ours = () => crc64(input);
  // Node has none to compare with: the check value of CRC-64/GO-ISO tells that it is the right one.
  same(crc64(new TextEncoder().encode("123456789")).toString(16), "b90956c775a41001");
  return {
    bytes: input.length,
    ours: () => {
      ours();
      return 8;
    },
    verify() {},
  };
}

/** @returns {Contest} */
function sha256() {
  return checksum({
    ours() {
      const hash = createSha256();
      hash.update(input);
      return Buffer.from(hash.digest()).toString("hex");
    },
    theirs: () => createHash("sha256").update(input).digest("hex"),
  });
}

/**
 * @param {{ ours(): unknown, theirs(): unknown }} sides
 * @returns {Contest}
 */
function checksum({ ours, theirs }) {
  /** @param {() => unknown} side */
  const counted = (side) => () => {
    side();
    return 0;
  };
  return {
    bytes: input.length,
    ours: counted(ours),
    theirs: counted(theirs),
    verify: () => same(ours(), theirs()),
  };
}

/**
 * Blocks that lie evenly over the whole of the bytes, of which they are `most` at most.
 * @param {Uint8Array} bytes
 * @param {number} most
 */
function blocksOf(bytes, most) {
  const count = Math.ceil(bytes.length / deflateBlockLimit);
  const wanted = Math.min(count, Math.max(1, Math.floor(most / deflateBlockLimit)));
  return Array.from({ length: wanted }, (_, index) => {
    const start = Math.floor((index * count) / wanted) * deflateBlockLimit;
    return {
      bytes: bytes.subarray(start, start + deflateBlockLimit),
      dictionary: bytes.subarray(Math.max(0, start - dictionarySize), start),
    };
  });
}

/**
 * Takes a gzip file of one member, whose header has no optional fields, apart (RFC 1952).
 * @param {Buffer} bytes
 */
function gzipMember(bytes) {
  const headerSize = 10;
  const trailerSize = 8;
  const flags = bytes[3];
  if (bytes.readUInt16BE(0) !== 0x1f8b || flags !== 0) throw new Error(`${file} is no plain gzip file`);
  return {
    body: bytes.subarray(headerSize, -trailerSize),
    checksum: bytes.readUInt32LE(bytes.length - trailerSize),
  };
}

/**
 * @param {unknown} ours
 * @param {unknown} theirs
 */
function same(ours, theirs) {
  if (ours !== theirs) throw new Error(`the kernel gives ${ours}, and should give ${theirs}`);
}
