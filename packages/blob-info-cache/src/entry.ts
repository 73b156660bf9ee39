import type { CompressionAlgorithm } from "@drayage/blob";
import { type Digest, isDigest } from "@drayage/digest";
import type { BlobLocation } from "@drayage/transport";

/** One thing that was noted. What is noted later of the same key counts instead. */
export type Entry = LocationEntry | VariantEntry;

export interface LocationEntry extends BlobLocation {
  readonly kind: "location";
  readonly digest: Digest;
  /** Set where the blob is there no longer. */
  readonly gone: boolean;
}

export interface VariantEntry {
  readonly kind: "variant";
  readonly digest: Digest;
  readonly uncompressed: Digest;
  readonly compression: CompressionAlgorithm | undefined;
  readonly size: number | undefined;
}

/** What an entry is about: a later entry of the same key replaces it. */
export function keyOf(entry: Entry): string {
  if (entry.kind === "variant") return entry.digest;
  return JSON.stringify([entry.digest, entry.transport, entry.scope, entry.location]);
}

/** The entry as a line of JSON, without the newline. */
export function encodeEntry(entry: Entry): string {
  if (entry.kind === "variant") {
    const { digest, uncompressed, compression, size } = entry;
    return JSON.stringify({ digest, uncompressed, compression, size });
  }
  const { digest, transport, scope, location, gone } = entry;
  const place = [transport, scope, location];
  return JSON.stringify(gone ? { digest, gone: place } : { digest, at: place });
}

/** What a line says; undefined where it is damaged, or says what this version does not know. */
export function decodeEntry(line: string): Entry | undefined {
  const { digest, at, gone, ...variant } = objectOf(line);
  if (!isDigest(digest)) return undefined;
  const place = at ?? gone;
  if (place === undefined) return decodeVariant(digest, variant);
  if (!Array.isArray(place) || place.length !== 3) return undefined;
  const [transport, scope, location] = place as readonly unknown[];
  if (typeof transport !== "string" || typeof scope !== "string" || typeof location !== "string") {
    return undefined;
  }
  return { kind: "location", digest, transport, scope, location, gone: at === undefined };
}

const compressions: readonly unknown[] = [undefined, "gzip", "zstd", "bzip2", "xz"];

function decodeVariant(
  digest: Digest,
  { uncompressed, compression, size }: Readonly<Record<string, unknown>>,
): Entry | undefined {
  if (!isDigest(uncompressed) || !isCompression(compression)) return undefined;
  if (size === undefined) return { kind: "variant", digest, uncompressed, compression, size };
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return undefined;
  return { kind: "variant", digest, uncompressed, compression, size };
}

function isCompression(value: unknown): value is CompressionAlgorithm | undefined {
  return compressions.includes(value);
}

function objectOf(line: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(line)) as Record<string, unknown>;
  } catch {
    // A line that was cut off when a disk was full, or that somebody has edited.
    return {};
  }
}
