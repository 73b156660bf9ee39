import { createHasher, type Hasher } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { type ByteQueue, createByteQueue } from "../byte-queue.ts";
import { invalid, tooMuchMemory, trailing, truncated } from "../errors.ts";
import { gzipChecksum } from "../gzip/checksum.ts";
import { type CheckType, checkType } from "./check.ts";
import { createLzmaDecoder, type LzmaDecoder } from "./lzma.ts";
import { createWindow, type Window } from "./window.ts";

/*
 * The .xz file format 1.1.0 (tukaani.org/xz/xz-file-format.txt), with LZMA2 as the only filter, which is
 * what Go's reader takes too.
 */

/** The largest dictionary that a block may ask for: twice that of `xz -9`. */
const dictionaryLimit = 128 * 1024 * 1024;

/** A step's value: inflated bytes, or undefined where it waits for input. */
type Steps<Result = void> = Generator<Uint8Array | undefined, Result, undefined>;

export interface XzReader {
  readonly input: ByteQueue;
  /** To be set once all input is there. */
  ended: boolean;
  readonly steps: Steps;
}

export function createXzReader(): XzReader {
  const input = createByteQueue();
  const reader: { input: ByteQueue; ended: boolean; steps: Steps } = {
    input,
    ended: false,
    steps: readStreams(input, () => reader.ended),
  };
  return reader;
}

interface Source {
  /** The next `count` bytes, valid until it is called again. */
  take(count: number): Steps<Uint8Array>;
  /** Whether all was taken. */
  atEnd(): Steps<boolean>;
}

function* readStreams(input: ByteQueue, ended: () => boolean): Steps {
  const source: Source = {
    *take(count) {
      while (input.length < count) {
        if (ended()) throw truncated("xz");
        yield undefined;
      }
      return input.take(count);
    },
    *atEnd() {
      while (input.length === 0) {
        if (ended()) return true;
        yield undefined;
      }
      return false;
    },
  };
  yield* readStream(source, yield* source.take(4), true);
  while (!(yield* source.atEnd())) {
    const start = yield* source.take(4);
    // Padding between and after streams comes in fours.
    if (start.every((byte) => byte === 0)) continue;
    yield* readStream(source, start, false);
  }
}

const streamMagic = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];

function* readStream(source: Source, start: Uint8Array, first: boolean): Steps {
  const magic = [...start, ...(yield* source.take(2))];
  if (!isEqual(magic, streamMagic)) {
    throw first ? invalid("xz", "it does not start with xz's magic") : trailing("xz");
  }
  const flags = (yield* source.take(2)).slice();
  checkCrc32(flags, yield* source.take(4), "the stream's header");
  const check = checkType(readStreamFlags(flags));

  // Blocks are named again in the index. A hash of what they are takes no memory, however many there are.
  const blocks = createHasher();
  let count = 0;
  for (;;) {
    const size = (yield* source.take(1))[0] ?? 0;
    if (size === 0) break;
    noteBlock(blocks, yield* readBlock(source, size, check));
    count++;
  }
  const indexSize = yield* readIndex(source, { count, blocks });

  const crc = (yield* source.take(4)).slice();
  const footer = (yield* source.take(6)).slice();
  checkCrc32(footer, crc, "the stream's footer");
  const backwardSize = (new DataView(footer.buffer).getUint32(0, true) + 1) * 4;
  if (backwardSize !== indexSize || !isEqual([...footer.subarray(4)], [...flags])) {
    throw invalid("xz", "the stream's footer does not fit");
  }
  if (!isEqual([...(yield* source.take(2))], [0x59, 0x5a]))
    throw invalid("xz", "the stream's footer has no magic");
}

/** The number of the check. */
function readStreamFlags(flags: Uint8Array): number {
  const [reserved = 0, check = 0] = flags;
  if (reserved === 0 && check <= 0x0f) return check;
  throw new DrayageError("ERR_DRAYAGE_COMPRESSION_UNSUPPORTED", "the xz stream has flags of a later format");
}

interface BlockSizes {
  /** Header, compressed data and check. */
  readonly unpadded: number;
  readonly uncompressed: number;
}

function noteBlock(hash: Hasher, { unpadded, uncompressed }: BlockSizes): void {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, unpadded);
  view.setFloat64(8, uncompressed);
  hash.update(bytes);
}

function* readBlock(source: Source, sizeByte: number, check: CheckType): Steps<BlockSizes> {
  const header = readBlockHeader(Uint8Array.of(sizeByte, ...(yield* source.take(sizeByte * 4 + 3))));
  const sums = check.create();
  const window = createWindow(header.dictionary);
  let uncompressed = 0;
  const compressed = yield* readChunks(source, window, (bytes) => {
    sums.update(bytes);
    uncompressed += bytes.length;
  });
  if (
    (header.compressed ?? compressed) !== compressed ||
    (header.uncompressed ?? uncompressed) !== uncompressed
  ) {
    throw invalid("xz", "a block has another size than its header says");
  }
  const padding = yield* source.take(-compressed & 3);
  if (padding.some((byte) => byte !== 0)) throw invalid("xz", "a block's padding is not zero");
  if (!isEqual([...(yield* source.take(check.size))], [...sums.value()])) {
    throw invalid("xz", `a block's ${check.name} does not match`);
  }
  return { unpadded: (sizeByte + 1) * 4 + compressed + check.size, uncompressed };
}

interface BlockHeader {
  readonly compressed: number | undefined;
  readonly uncompressed: number | undefined;
  /** The dictionary's size in bytes. */
  readonly dictionary: number;
}

const lzma2 = 0x21;

/** `bytes` is the whole header, its checksum included. */
function readBlockHeader(bytes: Uint8Array): BlockHeader {
  const content = bytes.subarray(0, -4);
  checkCrc32(content, bytes.subarray(-4), "a block's header");
  const flags = content[1] ?? 0;
  let at = 2;
  const number = () => {
    const { value, length } = readNumber(content.subarray(at));
    at += length;
    return value;
  };
  const compressed = flags & 0x40 ? number() : undefined;
  const uncompressed = flags & 0x80 ? number() : undefined;
  const id = number();
  const propertiesSize = number();
  if ((flags & 0x3f) !== 0 || id !== lzma2 || propertiesSize !== 1) {
    throw new DrayageError(
      "ERR_DRAYAGE_COMPRESSION_UNSUPPORTED",
      "the xz stream uses another filter than LZMA2",
    );
  }
  const dictionary = dictionarySize(content[at] ?? 0xff);
  if (content.subarray(at + 1).some((byte) => byte !== 0))
    throw invalid("xz", "a block's header has more than it should");
  return { compressed, uncompressed, dictionary };
}

function dictionarySize(byte: number): number {
  if (byte > 40) throw invalid("xz", "a block's header has no dictionary size");
  const size = byte === 40 ? 2 ** 32 - 1 : (2 | (byte & 1)) * 2 ** ((byte >> 1) + 11);
  if (size > dictionaryLimit) throw tooMuchMemory("xz", size, dictionaryLimit);
  return size;
}

/** LZMA2's chunks up to the end mark. Returns how many bytes they took. */
function* readChunks(source: Source, window: Window, onBytes: (bytes: Uint8Array) => void): Steps<number> {
  const lzma = createLzmaDecoder(window);
  let size = 0;
  // The first chunk must reset the dictionary, and the first of LZMA must bring properties.
  let least = 0xe0;
  for (let first = true; ; first = false) {
    const control = (yield* source.take(1))[0] ?? 0;
    size++;
    if (control === 0) return size;
    if (first && control !== 1 && control < 0xe0)
      throw invalid("xz", "a block's first chunk resets no dictionary");
    if (control < 0x80) {
      size += 2 + (yield* readPlainChunk(source, window, control));
      if (first) least = 0xc0;
    } else {
      if (control < least) throw invalid("xz", "a chunk lacks the properties it needs");
      least = 0x80;
      size += yield* readLzmaChunk(source, { window, lzma, control });
    }
    for (const bytes of window.drain()) {
      onBytes(bytes);
      yield bytes;
    }
  }
}

function* readPlainChunk(source: Source, window: Window, control: number): Steps<number> {
  if (control > 2) throw invalid("xz", "a chunk is of no known kind");
  const size = bigEndian(yield* source.take(2)) + 1;
  if (control === 1) window.reset();
  window.append(yield* source.take(size));
  return size;
}

interface LzmaChunk {
  readonly window: Window;
  readonly lzma: LzmaDecoder;
  readonly control: number;
}

/** Returns how many bytes it took after the control byte. */
function* readLzmaChunk(source: Source, { window, lzma, control }: LzmaChunk): Steps<number> {
  const uncompressed = (control & 0x1f) * 65536 + bigEndian(yield* source.take(2)) + 1;
  const compressed = bigEndian(yield* source.take(2)) + 1;
  if (control >= 0xe0) window.reset();
  if (control >= 0xc0) lzma.setProperties((yield* source.take(1))[0] ?? 0);
  else if (control >= 0xa0) lzma.resetState();
  lzma.decode(yield* source.take(compressed), uncompressed);
  return 4 + (control >= 0xc0 ? 1 : 0) + compressed;
}

/** Compares the index with the blocks that there were. Returns its size. */
function* readIndex(source: Source, { count, blocks }: { count: number; blocks: Hasher }): Steps<number> {
  let size = 1;
  let crc = gzipChecksum(Uint8Array.of(0), 0);
  const take = function* (length: number): Steps<Uint8Array> {
    const bytes = yield* source.take(length);
    crc = gzipChecksum(bytes, crc);
    size += length;
    return bytes;
  };
  const number = function* (): Steps<number> {
    const bytes: number[] = [];
    do bytes.push((yield* take(1))[0] ?? 0);
    while ((bytes.at(-1) ?? 0) >= 0x80 && bytes.length < longestNumber);
    return readNumber(Uint8Array.from(bytes)).value;
  };
  const named = createHasher();
  if ((yield* number()) !== count) throw indexMismatch();
  for (let index = 0; index < count; index++) {
    const unpadded = yield* number();
    noteBlock(named, { unpadded, uncompressed: yield* number() });
  }
  if (named.digest() !== blocks.digest()) throw indexMismatch();
  const padding = yield* take(-size & 3);
  if (padding.some((byte) => byte !== 0)) throw invalid("xz", "the index's padding is not zero");
  const expected = crc;
  if (littleEndian(yield* source.take(4)) !== expected) throw checksumMismatch("the index");
  return size + 4;
}

const longestNumber = 9;

/** A number of 7 bits a byte, the least significant first (1.2). */
function readNumber(bytes: Uint8Array): { value: number; length: number } {
  let value = 0;
  for (let index = 0; index < longestNumber; index++) {
    const byte = bytes[index];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte >= 0x80) continue;
    if ((byte === 0 && index > 0) || value > Number.MAX_SAFE_INTEGER) break;
    return { value, length: index + 1 };
  }
  throw invalid("xz", "a number is malformed");
}

function checkCrc32(bytes: Uint8Array, crc: Uint8Array, what: string): void {
  if (gzipChecksum(bytes, 0) !== littleEndian(crc)) throw checksumMismatch(what);
}

function checksumMismatch(what: string): DrayageError {
  return invalid("xz", `the checksum of ${what} does not match`);
}

function indexMismatch(): DrayageError {
  return invalid("xz", "the index does not fit the blocks");
}

function littleEndian([a = 0, b = 0, c = 0, d = 0]: Uint8Array): number {
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

function bigEndian([high = 0, low = 0]: Uint8Array): number {
  return high * 256 + low;
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
