import { readFileSync } from "node:fs";
import zlib from "node:zlib";
import { createDeflater, deflateBlockLimit } from "@drayage/kernels";

const dictionarySize = 32 * 1024;
const rounds = 3;

interface Block {
  readonly bytes: Uint8Array;
  readonly dictionary: Uint8Array;
}

interface Taken {
  readonly seconds: number;
  readonly size: number;
}

/** Prints a table of speed and size at each level, ours and node:zlib's, of blocks of a file. Gives the exit code. */
export function main([file, mebibytes = "32"]: readonly string[]): number {
  if (file === undefined || !(Number(mebibytes) > 0)) {
    console.error("usage: levels.mjs FILE [MEBIBYTES]");
    return 2;
  }
  const blocks = blocksOf(readFileSync(file), Number(mebibytes));
  const megabytes = blocks.reduce((sum, { bytes }) => sum + bytes.length, 0) / 1e6;
  const deflater = createDeflater();
  const ours = (level: number) =>
    sizeOf(blocks, ({ bytes, dictionary }) =>
      deflater.deflateBlock(bytes, { level, dictionary, last: false }),
    );
  const theirs = (level: number) =>
    sizeOf(blocks, ({ bytes, dictionary }) =>
      zlib.deflateRawSync(bytes, {
        level,
        finishFlush: zlib.constants.Z_SYNC_FLUSH,
        ...(dictionary.length > 0 ? { dictionary } : {}),
      }),
    );
  console.log("| level | MB/s | zlib's MB/s | speed | size | zlib's size | ratio |");
  console.log("|---|---|---|---|---|---|---|");
  for (let level = 1; level <= 9; level++) {
    const samples = Array.from({ length: rounds }, () => [taken(ours, level), taken(theirs, level)] as const);
    const [our, their] = [median(samples.map(([first]) => first)), median(samples.map(([, other]) => other))];
    const percent = ({ size }: Taken) => `${(size / megabytes / 1e4).toFixed(2)} %`;
    const rate = ({ seconds }: Taken) => (megabytes / seconds).toFixed(0);
    const speed = (their.seconds / our.seconds).toFixed(2);
    const ratio = (our.size / their.size).toFixed(3);
    console.log(
      `| ${level} | ${rate(our)} | ${rate(their)} | ${speed} | ${percent(our)} | ${percent(their)} | ${ratio} |`,
    );
  }
  return 0;
}

/** Blocks that lie evenly over the whole file, each with what comes before it. */
function blocksOf(bytes: Uint8Array, mebibytes: number): readonly Block[] {
  const all = Math.ceil(bytes.length / deflateBlockLimit);
  const count = Math.min(all, mebibytes);
  return Array.from({ length: count }, (_, index) => {
    const start = Math.floor((index * all) / count) * deflateBlockLimit;
    return {
      bytes: bytes.subarray(start, start + deflateBlockLimit),
      dictionary: bytes.subarray(Math.max(0, start - dictionarySize), start),
    };
  });
}

function sizeOf(blocks: readonly Block[], deflate: (block: Block) => Uint8Array): number {
  return blocks.reduce((sum, block) => sum + deflate(block).length, 0);
}

/** By processor time: others may use the machine. */
function taken(deflate: (level: number) => number, level: number): Taken {
  const before = process.cpuUsage();
  const size = deflate(level);
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, size };
}

function median(samples: readonly Taken[]): Taken {
  const sorted = [...samples].sort((one, other) => one.seconds - other.seconds);
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) throw new TypeError("there are no samples");
  return middle;
}
