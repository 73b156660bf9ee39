const nanosecondsInSecond = 1_000_000_000n;

/** A time since 1970 as Go's `time.RFC3339Nano` writes it, in UTC: fractions of a second only where there are any. */
export function formatTime(nanoseconds: bigint): string {
  const fraction = ((nanoseconds % nanosecondsInSecond) + nanosecondsInSecond) % nanosecondsInSecond;
  const seconds = (nanoseconds - fraction) / nanosecondsInSecond;
  const date = new Date(Number(seconds) * 1000).toISOString().replace(/\.\d+Z$/, "");
  const digits = fraction.toString().padStart(9, "0").replace(/0+$/, "");
  return `${date}${digits === "" ? "" : `.${digits}`}Z`;
}
