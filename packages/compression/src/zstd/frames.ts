import { truncated } from "../errors.ts";
import {
  blockLength,
  type FrameStart,
  frameMagic,
  headerLength,
  isSkippable,
  littleEndian,
  magicBytes,
  notZstd,
  readHeader,
} from "./headers.ts";

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
          if (littleEndian(bytes) !== frameMagic) throw notZstd(frames);
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
          expect("header", headerLength(descriptor));
          break;
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
