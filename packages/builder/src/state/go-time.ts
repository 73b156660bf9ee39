/** What Go writes for a time that was never set. */
export const zeroTime = "0001-01-01T00:00:00Z";

/** A time as Go writes it: RFC 3339 without zeros at the end of a fraction. */
export function goTime(time: Date): string {
  return time.toISOString().replace(/\.?0*Z$/, "Z");
}
