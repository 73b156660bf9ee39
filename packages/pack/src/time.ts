import type { TarTime } from "@drayage/tar";

const billion = 1_000_000_000n;

/** Nanoseconds since 1970, which may be negative, without what is less than a second. */
export function wholeSecond(nanoseconds: bigint): TarTime {
  const rest = nanoseconds % billion;
  const seconds = (nanoseconds - rest) / billion;
  return { seconds: Number(rest < 0n ? seconds - 1n : seconds), nanoseconds: 0 };
}

/** The second that is nearest; of two, the later one. */
export function nearestSecond(nanoseconds: bigint): TarTime {
  return wholeSecond(nanoseconds + billion / 2n);
}

export function now(): TarTime {
  return { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 };
}
