/** `Content-Range: bytes 100-199/200` (RFC 9110, section 14.4), or `bytes *` and `/200` of an answer 416. */
export interface ContentRange {
  /** The first byte, undefined if the range asked for cannot be had. */
  readonly first: number | undefined;
  /** The last byte, itself included. */
  readonly last: number | undefined;
  /** Bytes of the whole, where they are known. */
  readonly complete: number | undefined;
}

/** Undefined if it is none of bytes, malformed, or there are several. */
export function parseContentRange(values: readonly string[]): ContentRange | undefined {
  const [value, ...more] = values;
  if (value === undefined || more.length > 0) return undefined;
  const [, range, first = "", last = "", complete = ""] =
    /^bytes ((\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/.exec(value) ?? [];
  if (range === undefined) return undefined;
  const size = complete === "*" ? undefined : Number(complete);
  if (range === "*") return { first: undefined, last: undefined, complete: size };
  const [from, to] = [Number(first), Number(last)];
  if (to < from || (size !== undefined && to >= size)) return undefined;
  return { first: from, last: to, complete: size };
}
