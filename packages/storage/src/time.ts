/** This moment, as Go writes a time: RFC 3339 in UTC, the trailing zeros of the second's fraction left out. */
export function now(): string {
  return new Date().toISOString().replace(/\.?0+Z$/, "Z");
}
