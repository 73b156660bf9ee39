import zlib from "node:zlib";
import { type DeflateBlockOptions, type Deflater, deflateBlockBound, type Inflater } from "@drayage/kernels";
import { concat, firstDifference, sameBytes } from "./bytes.ts";
import { Failure } from "./failure.ts";
import { guarded } from "./guards.ts";
import { plainBytes } from "./plain.ts";
import { Random } from "./random.ts";
import type { Kernels, Target } from "./target.ts";

const dictionarySize = 32 * 1024;
const largestInput = 1024 * 1024;

/** Input of all kinds, cut into blocks with and without what comes before them, whose stream zlib is to inflate. */
export function deflateTarget(kernels: Kernels): Target {
  const make = () => ({
    ...guarded(() => kernels.createDeflater()),
    fresh: undefined as Deflater | undefined,
    inflater: kernels.createInflater(),
  });
  let parts: ReturnType<typeof make> | undefined;
  return {
    name: "deflate",
    trial(random) {
      parts ??= make();
      const { made: deflater, check: checkMemory, inflater } = parts;
      const data = plainBytes(random, random.once(8) ? largestInput : 50_000);
      const seed = random.bits();
      return {
        what: `input of ${data.length} bytes, in blocks by ${seed}`,
        data,
        check(bytes) {
          const blocks = blocksOf(bytes, seed);
          const stream = deflateAll(deflater, blocks);
          checkMemory();
          checkStream(stream, bytes);
          checkWithInflater(inflater, stream, bytes);
          // Another one, which has done nothing before, and has the same to say.
          if (seed % 64 === 0 && !sameBytes(deflateAll(kernels.createDeflater(), blocks), stream)) {
            throw new Failure("gives other bytes than a deflater that is new");
          }
          if (!sameBytes(deflateAll(deflater, blocks), stream))
            throw new Failure("gives other bytes the second time");
        },
      };
    },
  };
}

interface Block extends DeflateBlockOptions {
  readonly bytes: Uint8Array;
}

function blocksOf(bytes: Uint8Array, seed: number): Block[] {
  const random = new Random(seed);
  const level = random.int(0, 9);
  const most = random.pick([50, 5000, 100_000, largestInput]);
  const knowing = random.pick([0, 1, 100, dictionarySize, dictionarySize + 100]);
  const blocks: Block[] = [];
  let at = 0;
  do {
    const size = random.once(30)
      ? 0
      : Math.min(random.once(2) ? most : random.int(1, most), bytes.length - at);
    const end = at + size;
    const dictionary = bytes.slice(Math.max(0, at - knowing), at);
    const last = end === bytes.length && !random.once(10);
    blocks.push({
      bytes: bytes.slice(at, end),
      level,
      dictionary: dictionary.length > 0 ? dictionary : undefined,
      last,
    });
    at = end;
  } while (!blocks.at(-1)?.last);
  return blocks;
}

function deflateAll(deflater: Deflater, blocks: readonly Block[]): Uint8Array {
  const parts = blocks.map(({ bytes, ...options }) => {
    let part: Uint8Array;
    try {
      part = deflater.deflateBlock(bytes, options).slice();
    } catch (error) {
      throw new Failure(`throws ${String(error)}`, { cause: error });
    }
    if (part.length <= deflateBlockBound(bytes.length)) return part;
    throw new Failure(`makes ${part.length} bytes of ${bytes.length} at level ${options.level}`);
  });
  return concat(parts);
}

function checkStream(stream: Uint8Array, bytes: Uint8Array): void {
  let result: { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };
  try {
    result = zlib.inflateRawSync(stream, { info: true, maxOutputLength: bytes.length + 1 }) as never;
  } catch (error) {
    throw new Failure(`makes a stream that zlib refuses: ${String(error)}`);
  }
  if (!sameBytes(result.buffer, bytes)) {
    const at = firstDifference(result.buffer, bytes);
    throw new Failure(`makes a stream that inflates to something else from ${at} on`);
  }
  if (result.engine.bytesWritten !== stream.length) throw new Failure("writes on after the stream's end");
}

function checkWithInflater(inflater: Inflater, stream: Uint8Array, bytes: Uint8Array): void {
  inflater.reset();
  inflater.push(stream);
  const parts: Uint8Array[] = [];
  for (let piece = inflater.next(); piece.length > 0; piece = inflater.next()) parts.push(piece.slice());
  if (!inflater.ended || !sameBytes(concat(parts), bytes)) {
    throw new Failure("makes a stream that the inflater takes for something else");
  }
}
