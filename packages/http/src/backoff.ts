export interface BackoffOptions {
  /** Milliseconds before every try, instead of a time that grows. */
  readonly delay?: number | undefined;
  /** For tests: a number from 0 to 1. */
  readonly random?: (() => number) | undefined;
}

/** Milliseconds: the longest time before the first try again; it doubles with each one, up to {@link longestDelay}. */
const firstDelay = 500;
export const longestDelay = 60_000;

/**
 * Milliseconds to wait before the try after `failures` of them (1, 2, …): anything between nothing and the time that grows ("full jitter"),
 * so that many clients that failed together do not come back together.
 */
export function backoff(failures: number, { delay, random = Math.random }: BackoffOptions): number {
  if (delay !== undefined) return delay;
  return Math.round(random() * Math.min(longestDelay, firstDelay * 2 ** (failures - 1)));
}
