/** How Go prints a value with `%v`, which is how a template prints it. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return "<no value>";
  if (Array.isArray(value)) return `[${value.map(inner).join(" ")}]`;
  if (value instanceof Map) return mapText([...value.entries()]);
  if (typeof value === "object" && isGoTime(value)) return timeText(value);
  if (value === goNil) return "<nil>";
  if (isGoStruct(value)) return `{${Object.values(value).map(inner).join(" ")}}`;
  if (typeof value === "object") return mapText(Object.entries(value));
  return typeof value === "string" ? value : JSON.stringify(value);
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

const structBrand: unique symbol = Symbol("struct");

/** Fields in their order, that print without their names, as Go's structs do: those that it has not cannot be asked for. */
export function goStruct(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.defineProperty({ ...fields }, structBrand, { value: true });
}

export function isGoStruct(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && structBrand in value;
}

/** A pointer to nothing, which is known to be one: `<nil>`, where an interface has `<no value>`. */
export const goNil: { toJSON(): null } = Object.freeze({ toJSON: () => null });

const timeBrand: unique symbol = Symbol("time");

/** A time that prints as Go's time.Time does, and is RFC 3339 in JSON. */
export interface GoTime {
  readonly [timeBrand]: string;
  toJSON(): string;
}

/** The time that RFC 3339 text says, to the nanosecond. */
export function goTime(rfc3339: string): GoTime {
  return { [timeBrand]: rfc3339, toJSON: () => rfc3339 };
}

export function isGoTime(value: object): value is GoTime {
  return timeBrand in value;
}

function timeText(time: GoTime): string {
  const parts = /^(\d+-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)$/.exec(time[timeBrand]);
  if (parts === null) return time[timeBrand];
  const [, date, clock, zone = "Z"] = parts;
  return `${date} ${clock} ${zone === "Z" ? "+0000 UTC" : `${zone.replace(":", "")} ${zone.replace(":", "")}`}`;
}

/** What Go's templates take as true: not empty, not zero. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === "") return false;
  if (value === goNil) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (isGoStruct(value)) return true;
  if (typeof value === "object" && !isGoTime(value)) return Object.keys(value).length > 0;
  return true;
}
