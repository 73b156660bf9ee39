import { truncated } from "../errors.ts";
import {
  blockLength,
  type FrameStart,
  frameMagic,
  headerLength,
  isSkippable,
  littleEndian,
  notZstd,
  readHeader,
} from "./headers.ts";

/** A whole compressed stream, to be read anywhere: a file, usually. */
export interface RandomAccess {
  /** How many bytes there are. */
  readonly size: number;
  /** The bytes from `offset` on: `length`, or fewer at the end. They may be valid until the next call only. */
  read(offset: number, length: number): Uint8Array;
}

/** How many bytes the longest frame header has, its magic included. */
export const frameHeaderLength = 18;

/**
 * Of how many headers of blocks and frames a stream's size is summed up: 16 GiB of full blocks. They are read at one go, so
 * that many more, without content, could keep this thread busy for long.
 */
const headersLimit = 2 ** 17;

/**
 * How many bytes a zstd stream inflates to, or undefined where one of its frames does not tell: only those do whose
 * content was known as a whole when they were written. (skopeo's frames tell nothing; drayage's all do.) From block to
 * block only headers are read, little for each 128 KiB of content, and what a frame tells is believed:
 * whoever inflates it has to check.
 *
 * @throws what `inflate` throws of a stream whose structure is damaged: ERR_DRAYAGE_COMPRESSION_INVALID,
 * ERR_DRAYAGE_COMPRESSION_UNSUPPORTED, ERR_DRAYAGE_LIMIT_EXCEEDED
 */
export function readZstdSize(stream: RandomAccess): number | undefined {
  let total = 0;
  let headers = 0;
  for (const header of headersOf(stream)) {
    headers++;
    if (typeof header === "object") total += header.contentSize ?? Number.NaN;
    if (!Number.isSafeInteger(total) || headers > headersLimit) return undefined;
  }
  return total;
}

/**
 * The size of the content of the zstd frame that starts with `head`, of which {@link frameHeaderLength} bytes are always
 * enough. Undefined where its header does not tell it, or where this is no such header. Other frames may follow it.
 */
export function readFrameContentSize(head: Uint8Array): number | undefined {
  if (littleEndian(head.subarray(0, 4)) !== frameMagic) return undefined;
  const descriptor = head[4] ?? 0;
  const end = 5 + headerLength(descriptor);
  if (head.length < end) return undefined;
  const { contentSize } = readHeader(descriptor, head.subarray(5, end));
  return contentSize !== undefined && Number.isSafeInteger(contentSize) ? contentSize : undefined;
}

/** How much is read at a time: little, for what follows a header is a block to skip, mostly. */
const readLength = 128;

/** The headers of frames and of blocks. */
function* headersOf(stream: RandomAccess): Generator<FrameStart | "skippable" | "block", void, undefined> {
  const take = reader(stream);
  let frames = 0;
  for (let at = 0; at < stream.size || frames === 0; frames++) {
    const magic = take(at, 4);
    at += 4;
    if (isSkippable(magic)) {
      at += 4 + littleEndian(take(at, 4));
      if (at > stream.size) throw truncated("zstd");
      yield "skippable";
      continue;
    }
    if (littleEndian(magic) !== frameMagic) throw notZstd(frames);
    const [descriptor = 0] = take(at, 1);
    const length = headerLength(descriptor);
    const frame = readHeader(descriptor, take(at + 1, length));
    at += 1 + length;
    yield frame;
    for (let last = false; !last; ) {
      const block = littleEndian(take(at, 3));
      at += 3 + blockLength((block >> 1) & 3, block >> 3);
      last = (block & 1) === 1;
      yield "block";
    }
    if (frame.hasChecksum) at += 4;
    if (at > stream.size) throw truncated("zstd");
  }
}

/** Takes bytes from `stream` by few reads. What it gives is valid until the next call. */
function reader({ read }: RandomAccess): (offset: number, length: number) => Uint8Array {
  let start = 0;
  let bytes: Uint8Array = new Uint8Array(0);
  return (offset, length) => {
    if (offset < start || offset + length > start + bytes.length) {
      bytes = read(offset, readLength);
      start = offset;
    }
    if (offset + length > start + bytes.length) throw truncated("zstd");
    return bytes.subarray(offset - start, offset - start + length);
  };
}
