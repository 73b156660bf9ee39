import {
  type Algorithm,
  createSyncInflater,
  deflate,
  detectCompression,
  engines,
  inflate,
} from "../../src/index.ts";
import * as fixtures from "../fixtures.ts";

const { text } = fixtures;

const streams: readonly (readonly [name: string, algorithm: Algorithm, stream: Uint8Array])[] = [
  ["gzip", "gzip", fixtures.gzip],
  ["zstd", "zstd", fixtures.zstd],
  ["zstd without a checksum", "zstd", fixtures.zstdNoCheck],
  ["bzip2", "bzip2", fixtures.bzip2],
  ["xz", "xz", fixtures.xz],
  ["xz with CRC32", "xz", fixtures.xzCrc32],
  ["xz with SHA-256", "xz", fixtures.xzSha256],
  ["xz of several blocks", "xz", fixtures.xzBlocks],
];

function fail(message: string): never {
  throw new Error(message);
}

function sameBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (actual.length !== expected.length) fail(`expected ${expected.length} bytes, got ${actual.length}`);
  for (const [index, byte] of expected.entries()) {
    if (actual[index] !== byte) fail(`byte ${index} is ${actual[index]} instead of ${byte}`);
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes: number[] = [];
  for (const chunk of chunks) for (const byte of chunk) bytes.push(byte);
  return Uint8Array.from(bytes);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return join(chunks);
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}

/** More bytes than a block of 1 MiB holds, in a pattern that compresses. */
function large(): Uint8Array {
  return Uint8Array.from({ length: 1_100_000 }, (_, index) => (index % 251) ^ ((index >>> 12) & 0xff));
}

interface Vector {
  readonly name: string;
  run(): void | Promise<void>;
}

export const vectors: readonly Vector[] = [
  ...streams.flatMap(([name, algorithm, stream]): Vector[] => [
    {
      name: `${name} is detected and inflated, twice in a row`,
      async run() {
        if (detectCompression(stream) !== algorithm) fail(`it is taken for ${detectCompression(stream)}`);
        sameBytes(await collect(inflate([stream, stream], algorithm)), join([text, text]));
      },
    },
    {
      name: `${name} is inflated without promises`,
      run() {
        const inflater = createSyncInflater(algorithm) ?? fail("there is no engine");
        const chunks: Uint8Array[] = [];
        for (const byte of stream) chunks.push(...inflater.push(Uint8Array.of(byte)));
        chunks.push(...inflater.finish());
        inflater.close();
        sameBytes(join(chunks), text);
      },
    },
    {
      name: `${name} is refused when it is truncated, or something follows`,
      async run() {
        for (const chunks of [[stream.subarray(0, -1)], [stream, Uint8Array.of(1)]]) {
          const code = await codeOf(collect(inflate(chunks, algorithm)));
          if (code !== "ERR_DRAYAGE_COMPRESSION_INVALID") fail(`got ${String(code)}`);
        }
      },
    },
  ]),
  {
    name: "gzip of several blocks is the same for every cut, and is inflated to the input",
    async run() {
      const data = large();
      const whole = await collect(deflate([data], { algorithm: "gzip" }));
      const halves = [data.subarray(0, 3), data.subarray(3)];
      sameBytes(await collect(deflate(halves, { algorithm: "gzip" })), whole);
      sameBytes(await collect(inflate([whole], "gzip")), data);
      if (whole.length > data.length / 2) fail(`it has ${whole.length} bytes`);
    },
  },
  {
    name: "every algorithm has an engine that is chosen",
    run() {
      for (const algorithm of ["gzip", "zstd", "bzip2", "xz"]) {
        const rows = engines().filter((row) => row.algorithm === algorithm && row.direction === "inflate");
        if (rows.filter((row) => row.chosen && row.available).length !== 2) fail(`${algorithm} has not`);
      }
    },
  },
];
