export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Whether `whole` begins with `start`. */
export function beginsWith(whole: Uint8Array, start: Uint8Array): boolean {
  return start.length <= whole.length && sameBytes(whole.subarray(0, start.length), start);
}

/** The place of the first byte that differs. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}
