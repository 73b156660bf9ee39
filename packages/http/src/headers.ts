import type { HttpHeaders } from "./client.ts";

/** Headers of pairs of name and value, in the order of the wire. */
export function headersOf(pairs: Iterable<readonly [name: string, value: string]>): HttpHeaders {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  return {
    get: (name) => values.get(name)?.join(", "),
    all: (name) => values.get(name) ?? [],
  };
}

/** The `content-length`, where there is exactly one and it is a number. */
export function contentLength(headers: HttpHeaders): number | undefined {
  const [value, ...more] = headers.all("content-length");
  if (value === undefined || more.length > 0 || !/^\d{1,15}$/.test(value)) return undefined;
  return Number(value);
}
