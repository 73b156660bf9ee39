import { DrayageError } from "@drayage/errors";
import { invalid, tooMuchMemory, trailing, truncated } from "../errors.ts";

/**
 * The largest window that a frame may ask for: what the zstd command grants unless told otherwise, and
 * far more than any of its levels up to 19 uses (8 MiB).
 */
const windowLimit = 128 * 1024 * 1024;

/** What a frame's header says of its content. */
export interface FrameStart {
  readonly type: "frame";
  /** Whether a checksum of the content follows it. */
  readonly hasChecksum: boolean;
  /** The content's size, where the header gives it. */
  readonly contentSize: number | undefined;
}

export type FramePiece =
  | FrameStart
  /** Bytes of the frame as they came: header, blocks and checksum. None has bytes of two blocks. */
  | { readonly type: "bytes"; readonly bytes: Uint8Array }
  /** The frame is complete. `checksum` are the low 32 bits of the content's XXH64. */
  | { readonly type: "end"; readonly checksum: number | undefined };

/** Follows the structure of a zstd stream (RFC 8878, 3.1) without decompressing it. */
export interface FrameScanner {
  /** What the next bytes hold, but for skippable frames. Throws where they are no zstd stream. */
  scan(chunk: Uint8Array): Iterable<FramePiece>;
  /** Throws ERR_DRAYAGE_COMPRESSION_INVALID where the stream ends within a frame, or has none. */
  finish(): void;
}

/** What is gathered next: a few bytes of a header that are then read as a whole. */
type Part = "magic" | "skippable size" | "descriptor" | "header" | "block header" | "checksum";

export function createFrameScanner(): FrameScanner {
  let part: Part = "magic";
  let wanted = 4;
  let gathered: number[] = [];
  /** How many bytes pass unread: a block's, or a skippable frame's. */
  let passing = 0;
  let lastBlock = false;
  let inFrame = false;
  let hasChecksum = false;
  let descriptor = 0;
  let frames = 0;

  function expect(next: Part, length: number): void {
    part = next;
    wanted = length;
    gathered = [];
  }

  function* scan(chunk: Uint8Array): Generator<FramePiece, void, undefined> {
    // Where the bytes of the frame that were not given out yet start.
    let start = 0;
    for (let at = 0; at < chunk.length; ) {
      if (passing > 0) {
        const count = Math.min(passing, chunk.length - at);
        passing -= count;
        at += count;
        if (passing > 0 || !inFrame) continue;
        yield { type: "bytes", bytes: chunk.subarray(start, at) };
        start = at;
        if (lastBlock) yield* afterBlocks();
        continue;
      }
      gathered.push(chunk[at++] ?? 0);
      if (gathered.length < wanted) continue;
      const bytes = gathered;
      switch (part) {
        case "magic":
          if (isSkippable(bytes)) {
            expect("skippable size", 4);
            break;
          }
          if (littleEndian(bytes) !== frameMagic) throw frames > 0 ? trailing("zstd") : notZstd();
          inFrame = true;
          start = at;
          expect("descriptor", 1);
          break;
        case "skippable size":
          passing = littleEndian(bytes);
          frames++;
          expect("magic", 4);
          break;
        case "descriptor":
          descriptor = bytes[0] ?? 0;
          if (descriptor & 0x08) throw invalid("zstd", "a frame header has its reserved bit set");
          expect("header", headerLength(descriptor));
          if (wanted > 0) break;
          throw invalid("zstd", "a frame header is empty");
        case "header": {
          const header = readHeader(descriptor, bytes);
          hasChecksum = header.hasChecksum;
          yield header;
          // The start may have come in an earlier chunk, before it was known to be a frame's.
          yield { type: "bytes", bytes: Uint8Array.of(...magicBytes, descriptor, ...bytes) };
          start = at;
          expect("block header", 3);
          break;
        }
        case "block header": {
          const block = littleEndian(bytes);
          lastBlock = (block & 1) === 1;
          passing = blockLength((block >> 1) & 3, block >> 3);
          expect("block header", 3);
          if (passing > 0) break;
          yield { type: "bytes", bytes: chunk.subarray(start, at) };
          start = at;
          if (lastBlock) yield* afterBlocks();
          break;
        }
        case "checksum":
          yield { type: "bytes", bytes: chunk.subarray(start, at) };
          yield* end(littleEndian(bytes));
          break;
      }
    }
    if (inFrame && part !== "descriptor" && part !== "header" && start < chunk.length) {
      yield { type: "bytes", bytes: chunk.subarray(start) };
    }
  }

  function* afterBlocks(): Generator<FramePiece, void, undefined> {
    if (hasChecksum) expect("checksum", 4);
    else yield* end(undefined);
  }

  function* end(checksum: number | undefined): Generator<FramePiece, void, undefined> {
    frames++;
    inFrame = false;
    lastBlock = false;
    expect("magic", 4);
    yield { type: "end", checksum };
  }

  return {
    scan,
    finish() {
      const between = part === "magic" && gathered.length === 0 && passing === 0;
      if (!between || frames === 0) throw truncated("zstd");
    },
  };
}

const frameMagic = 0xfd2fb528;
const magicBytes = [0x28, 0xb5, 0x2f, 0xfd];
const contentSizeLengths = [0, 2, 4, 8];
const dictionaryLengths = [0, 1, 2, 4];

function isSkippable([a = 0, b = 0, c = 0, d = 0]: readonly number[]): boolean {
  return (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18;
}

/** How long a frame's header is after its descriptor. */
function headerLength(descriptor: number): number {
  const single = isSingleSegment(descriptor);
  return (single ? 0 : 1) + dictionaryLength(descriptor) + contentSizeLength(descriptor, single);
}

function readHeader(descriptor: number, bytes: readonly number[]): FrameStart {
  const single = isSingleSegment(descriptor);
  const afterWindow = single ? 0 : 1;
  const afterDictionary = afterWindow + dictionaryLength(descriptor);
  if (littleEndian(bytes.slice(afterWindow, afterDictionary)) !== 0) {
    throw new DrayageError("ERR_DRAYAGE_COMPRESSION_UNSUPPORTED", "the zstd stream needs a dictionary");
  }
  const sizeBytes = bytes.slice(afterDictionary);
  // A size of two bytes counts from 256.
  const size =
    sizeBytes.length === 0 ? undefined : littleEndian(sizeBytes) + (sizeBytes.length === 2 ? 256 : 0);
  const window = single ? (size ?? 0) : windowSize(bytes[0] ?? 0);
  if (window > windowLimit) throw tooMuchMemory("zstd", window, windowLimit);
  return { type: "frame", hasChecksum: (descriptor & 4) !== 0, contentSize: size };
}

function isSingleSegment(descriptor: number): boolean {
  return (descriptor & 0x20) !== 0;
}

function dictionaryLength(descriptor: number): number {
  return dictionaryLengths[descriptor & 3] ?? 0;
}

function contentSizeLength(descriptor: number, single: boolean): number {
  const length = contentSizeLengths[descriptor >> 6] ?? 0;
  return length === 0 && single ? 1 : length;
}

function windowSize(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

/** How many bytes a block has after its header. */
function blockLength(type: number, size: number): number {
  if (type === 3) throw invalid("zstd", "a block is of the reserved type");
  if (size > 128 * 1024) throw invalid("zstd", `a block has ${size} bytes`);
  return type === 1 ? 1 : size;
}

function littleEndian(bytes: readonly number[]): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

function notZstd(): DrayageError {
  return invalid("zstd", "it does not start with zstd's magic");
}
