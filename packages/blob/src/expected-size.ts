import { closeSync } from "node:fs";
import type { RandomAccess } from "@drayage/compression";
import { isDrayageError, throwIfAborted } from "@drayage/errors";
import type { Blob, BlobOrigin, CompressionAlgorithm, FileOrigin } from "./blob.ts";
import { openForReading, readAtSync } from "./file-range.ts";
import type { ReadOptions } from "./open.ts";
import type { Transform } from "./stages.ts";

/**
 * How many bytes will most likely come of a blob, or undefined where nothing tells. What the blob says of itself is
 * certain, for it is verified. Else a gzip or zstd stream in a file or in memory is asked, by a few small reads (zstd: one
 * for each of its blocks): that is a hint. gzip tells the size of its last member modulo 2^32, and anybody can forge it.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export async function expectedSize(blob: Blob, { signal }: ReadOptions = {}): Promise<number | undefined> {
  throwIfAborted(signal);
  const known = knownSize(blob);
  const [transform, ...others] = blob.steps.filter((step) => step.do !== "verify");
  const { origin } = blob;
  if (known !== undefined || transform === undefined || others.length > 0) return known;
  if (origin.kind === "stream" || transform.do === "deflate") return undefined;
  return inflatedSize(origin, transform);
}

/** What is known of the result without a look at the bytes. */
function knownSize({ size, steps, origin }: Blob): number | undefined {
  if (size !== undefined) return size;
  const last = steps.findLastIndex((step) => step.do !== "verify");
  for (const step of steps.slice(last + 1)) {
    if (step.do === "verify" && step.size !== undefined) return step.size;
  }
  if (last >= 0) return undefined;
  if (origin.kind === "bytes") return origin.bytes.length;
  return origin.kind === "file" ? origin.length : undefined;
}

async function inflatedSize(
  origin: Exclude<BlobOrigin, { kind: "stream" }>,
  transform: Extract<Transform, { do: "inflate" }>,
): Promise<number | undefined> {
  const compression = await import("@drayage/compression");
  using stream = randomAccess(origin);
  try {
    const head = stream.read(0, compression.magicLength);
    const algorithm = transform.algorithm ?? compression.detectCompression(head);
    if (algorithm === undefined) return stream.size;
    const size = readers[algorithm]?.(stream, compression);
    return size !== undefined && size <= largestRatio[algorithm] * stream.size ? size : undefined;
  } catch (error) {
    // What is damaged is found, and named, when the blob is drained.
    if (isDrayageError(error) && error.code !== "ERR_DRAYAGE_IO") return undefined;
    throw error;
  }
}

type Compression = typeof import("@drayage/compression");
type Reader = (stream: RandomAccess, compression: Compression) => number | undefined;

const readers: Partial<Record<CompressionAlgorithm, Reader>> = {
  gzip: (stream, { readGzipSize }) =>
    likelyGzipSize(readGzipSize(stream.read(Math.max(0, stream.size - 4), 4)), stream.size),
  zstd: (stream, { readZstdSize }) => readZstdSize(stream),
};

/** Of how many bytes one byte of a stream can tell, at most. What promises more lies. */
const largestRatio: Record<CompressionAlgorithm, number> = {
  // Two bits for 258 bytes.
  gzip: 1032,
  // Four bytes, a block's header among them, for 128 KiB.
  zstd: 32 * 1024,
  bzip2: 0,
  xz: 0,
};

/** How much smaller gzip makes a layer of more than 4 GiB, at most, for all that is likely. */
const likelyRatio = 8;

/**
 * The size that gzip's ISIZE stands for. A deflated stream is hardly ever longer than its content, so one that seems to be
 * has several members, or 4 GiB and more. A last member without content ends streams that are cut into many (eStargz,
 * bgzip).
 */
function likelyGzipSize(isize: number, compressed: number): number | undefined {
  const least = compressed * 0.998 - 1024;
  if (isize >= least) return isize;
  if (isize === 0) return undefined;
  const wraps = Math.ceil((least - isize) / 2 ** 32);
  const size = isize + wraps * 2 ** 32;
  return size <= likelyRatio * compressed ? size : undefined;
}

/** The origin's bytes, to be read anywhere. What is read is valid until the next read. */
function randomAccess(origin: Exclude<BlobOrigin, { kind: "stream" }>): RandomAccess & Disposable {
  if (origin.kind === "file") return fileAccess(origin);
  const { bytes } = origin;
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    [Symbol.dispose]: () => undefined,
  };
}

function fileAccess({ path, offset, length: size }: FileOrigin): RandomAccess & Disposable {
  const { fd } = openForReading(path);
  let buffer = new Uint8Array(128);
  return {
    size,
    read(start, length) {
      const wanted = Math.max(0, Math.min(length, size - start));
      if (wanted > buffer.length) buffer = new Uint8Array(wanted);
      const count = readAtSync(fd, buffer.subarray(0, wanted), offset + start, path);
      return buffer.subarray(0, count);
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}
