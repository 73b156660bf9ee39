import { type Algorithm, createSyncInflater, deflate, engines, inflate } from "../src/index.ts";

export function concat(chunks: Iterable<Uint8Array>): Uint8Array {
  return Uint8Array.from(Buffer.concat([...chunks]));
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return concat(chunks);
}

/** `bytes` as text of one character a byte: far faster to compare than an array of numbers. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** `bytes` in chunks of `size`. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

/** `bytes` cut at each of `cuts`, which count modulo the length. Some pieces may be empty. */
export function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = cuts.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length));
}

/** Bytes that compress about as well as programs do, always the same for the same seed. */
export function sample(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; ) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const run = Math.min(length - at, 1 + ((state >>> 8) % 60));
    const back = 1 + ((state >>> 14) % 30_000);
    const repeats = state >>> 30 > 0 && back <= at;
    for (let index = 0; index < run; index++, at++) {
      if (repeats) bytes[at] = bytes[at - back] ?? 0;
      else {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        bytes[at] = state >>> 20;
      }
    }
  }
  return bytes;
}

/** A way to inflate, by the name of its engine. */
export interface Way {
  readonly name: string;
  readonly engine: string;
  readonly synchronous: boolean;
  readonly algorithm: Algorithm;
  inflate(chunks: readonly Uint8Array[]): Promise<Uint8Array>;
}

/** Every way that this machine has to inflate `algorithm`. */
export function waysToInflate(algorithm: Algorithm): readonly Way[] {
  return engines()
    .filter((row) => row.algorithm === algorithm && row.direction === "inflate" && row.available)
    .map(({ engine, synchronous }) => ({
      name: `${engine}${synchronous ? ", synchronous" : ""}`,
      engine,
      synchronous,
      algorithm,
      async inflate(chunks) {
        return synchronous
          ? inflateSync(chunks, algorithm, engine)
          : collect(inflate(chunks, algorithm, { engine }));
      },
    }));
}

function inflateSync(chunks: readonly Uint8Array[], algorithm: Algorithm, engine: string): Uint8Array {
  const inflater = createSyncInflater(algorithm, { engine });
  if (inflater === undefined) throw new Error(`${engine} is not there`);
  const result: Uint8Array[] = [];
  for (const chunk of chunks) {
    // The caller's buffer is the caller's again after the call.
    const buffer = Buffer.from(chunk);
    result.push(...inflater.push(buffer));
    buffer.fill(0xa5);
  }
  result.push(...inflater.finish());
  inflater.close();
  inflater.close();
  return concat(result);
}

export function enginesToDeflate(algorithm: "gzip" | "zstd"): readonly string[] {
  return engines()
    .filter((row) => row.algorithm === algorithm && row.direction === "deflate" && row.available)
    .map((row) => row.engine);
}

export function deflated(
  chunks: Iterable<Uint8Array>,
  algorithm: "gzip" | "zstd",
  options: { level?: number; engine?: string; parallel?: number } = {},
): Promise<Uint8Array> {
  return collect(deflate(chunks, { algorithm, ...options }));
}
