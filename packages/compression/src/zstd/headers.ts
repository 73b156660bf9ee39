import { DrayageError } from "@drayage/errors";
import { invalid, tooMuchMemory, trailing } from "../errors.ts";

/*
 * The headers of zstd's frames and blocks (RFC 8878, 3.1.1).
 */

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

/** A few bytes of a header. */
type Bytes = readonly number[] | Uint8Array;

export const frameMagic = 0xfd2fb528;
export const magicBytes: readonly number[] = [0x28, 0xb5, 0x2f, 0xfd];
const contentSizeLengths = [0, 2, 4, 8];
const dictionaryLengths = [0, 1, 2, 4];

export function isSkippable([a = 0, b = 0, c = 0, d = 0]: Bytes): boolean {
  return (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18;
}

/** How long a frame's header is after its descriptor: never nothing, for what has no window has a content size. */
export function headerLength(descriptor: number): number {
  if (descriptor & 0x08) throw invalid("zstd", "a frame header has its reserved bit set");
  const single = isSingleSegment(descriptor);
  return (single ? 0 : 1) + dictionaryLength(descriptor) + contentSizeLength(descriptor, single);
}

export function readHeader(descriptor: number, bytes: Bytes): FrameStart {
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
export function blockLength(type: number, size: number): number {
  if (type === 3) throw invalid("zstd", "a block is of the reserved type");
  if (size > 128 * 1024) throw invalid("zstd", `a block has ${size} bytes`);
  return type === 1 ? 1 : size;
}

export function littleEndian(bytes: Bytes): number {
  let value = 0;
  for (let at = bytes.length - 1; at >= 0; at--) value = value * 256 + (bytes[at] ?? 0);
  return value;
}

/** What is wrong where a frame should start, after as many others. */
export function notZstd(frames: number): DrayageError {
  return frames > 0 ? trailing("zstd") : invalid("zstd", "it does not start with zstd's magic");
}
