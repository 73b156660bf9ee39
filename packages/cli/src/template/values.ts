/** How Go prints a value with `%v`, which is how a template prints it. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return "<no value>";
  if (Array.isArray(value)) return `[${value.map(inner).join(" ")}]`;
  if (value instanceof Map) return mapText([...value.entries()]);
  if (value instanceof Date) return timeText(value);
  if (typeof value === "object") return mapText(Object.entries(value));
  return String(value);
}

function inner(value: unknown): string {
  return value === null || value === undefined ? "<nil>" : goText(value);
}

function mapText(entries: readonly (readonly [unknown, unknown])[]): string {
  const sorted = entries
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [String(key), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `map[${sorted.map(([key, value]) => `${key}:${inner(value)}`).join(" ")}]`;
}

function timeText(time: Date): string {
  const [date, clock = ""] = time.toISOString().split("T");
  const seconds = clock.replace("Z", "").replace(/\.?0+$/, (zeros) => (zeros.startsWith(".") ? "" : zeros));
  const trimmed = clock.includes(".000Z") ? clock.slice(0, 8) : seconds;
  return `${date} ${trimmed} +0000 UTC`;
}

/** What Go's templates take as true: not empty, not zero. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && !(value instanceof Date)) return Object.keys(value).length > 0;
  return true;
}
