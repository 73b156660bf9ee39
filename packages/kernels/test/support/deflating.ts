import { createDeflater, type DeflateBlockOptions, type Deflater } from "../../src/index.ts";

/** One for all tests of a file: what a block leaves behind must not show in the next one. */
const shared: Deflater = createDeflater();

export const allLevels: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/** Those that look for matches. */
export const searchingLevels: readonly number[] = allLevels.slice(1);

/** A block, of the last 32 KiB before which it knows where nothing else is said. */
export function deflated(bytes: Uint8Array, options: Partial<DeflateBlockOptions> = {}): Uint8Array {
  return shared.deflateBlock(bytes, { level: 4, last: true, ...options }).slice();
}

/** One stream, of blocks that are cut at `places`, each of which knows `knowing` bytes before it. */
export function deflatedInBlocks(
  bytes: Uint8Array,
  { level, places, knowing = 32_768 }: { level: number; places: readonly number[]; knowing?: number },
): Uint8Array {
  const starts = [0, ...places];
  return Buffer.concat(
    starts.map((start, index) => {
      const dictionary = bytes.subarray(Math.max(0, start - knowing), start);
      const last = index === places.length;
      return deflated(bytes.subarray(start, starts[index + 1]), { level, dictionary, last });
    }),
  );
}

/** Prose, as far as repetitions and frequencies go: words by Zipf's law, in lines. */
export function prose(length: number, random: (below: number) => number): Buffer {
  const letters = "eeeeeeetttttaaaaaooooiiiinnnnsssshhhrrrdddlllccuummwwffggyyppbbvk";
  const words = Array.from({ length: 3000 }, () =>
    Array.from({ length: 1 + random(4) + random(6) }, () => letters[random(letters.length)]).join(""),
  );
  const parts: string[] = [];
  for (let size = 0; size < length; ) {
    const rank = Math.floor(words.length ** (random(1 << 20) / (1 << 20)));
    const part = `${words[rank - 1] ?? ""}${random(12) === 0 ? ".\n" : " "}`;
    parts.push(part);
    size += part.length;
  }
  return Buffer.from(parts.join("")).subarray(0, length);
}

/** What does not compress. */
export function noise(length: number, random: (below: number) => number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = random(256);
  return bytes;
}
