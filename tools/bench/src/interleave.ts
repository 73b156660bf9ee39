import type { Paired } from "./statistics.ts";

export interface Pace {
  /** How many pairs to take at most. */
  readonly pairs: number;
  /** No further pair is begun once so many seconds have passed; the first always is. */
  readonly seconds?: number | undefined;
}

/**
 * Takes pairs of measurements in the order A B, B A, A B …, so that neither side is always the one that finds the machine
 * warm, or always the one that waits for what the other has left to be written.
 */
export async function interleave<T>(
  sides: { ours(pair: number): Promise<T>; theirs(pair: number): Promise<T> },
  { pairs, seconds = Number.POSITIVE_INFINITY }: Pace,
): Promise<readonly Paired<T>[]> {
  const end = performance.now() + seconds * 1000;
  const taken: Paired<T>[] = [];
  while (taken.length < pairs && (taken.length === 0 || performance.now() < end)) {
    const index = taken.length;
    if (index % 2 === 0) {
      const ours = await sides.ours(index);
      taken.push({ ours, theirs: await sides.theirs(index) });
    } else {
      const theirs = await sides.theirs(index);
      taken.push({ ours: await sides.ours(index), theirs });
    }
  }
  return taken;
}
