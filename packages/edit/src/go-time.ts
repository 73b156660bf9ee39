/** A time as Go prints it: without zeros at the end of a fraction. */
export function goTime(time: Date): string {
  return time.toISOString().replace(/\.?0*Z$/, "Z");
}
