/** The middle of the values; of an even number of them, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new TypeError("there is no median of nothing");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Two measurements that were taken one right after the other. */
export interface Paired<T> {
  readonly ours: T;
  readonly theirs: T;
}

/** The median over the pairs of ours divided by theirs: what slows a whole pair down leaves its ratio alone. */
export function medianRatio<T>(pairs: readonly Paired<T>[], figure: (one: T) => number): number {
  return median(pairs.map(({ ours, theirs }) => figure(ours) / figure(theirs)));
}

/** The median over the pairs of ours minus theirs. */
export function medianDifference<T>(pairs: readonly Paired<T>[], figure: (one: T) => number): number {
  return median(pairs.map(({ ours, theirs }) => figure(ours) - figure(theirs)));
}
