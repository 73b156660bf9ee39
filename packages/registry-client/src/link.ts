const headerLimit = 16_384;

const target = /[\s,]*<([^<>]*)>/y;
const parameter = /\s*;\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"([^"\\]*)"|([^\s";,]*)))?/y;

/** Where a `Link` header (RFC 8288) says the next page is. Undefined where it says none, or is malformed. */
export function nextLink(values: readonly string[]): string | undefined {
  for (const value of values) {
    if (value.length > headerLimit) continue;
    let at = 0;
    const take = (pattern: RegExp): RegExpExecArray | null => {
      pattern.lastIndex = at;
      const match = pattern.exec(value);
      if (match !== null) at = pattern.lastIndex;
      return match;
    };
    for (let link = take(target); link !== null; link = take(target)) {
      for (let found = take(parameter); found !== null; found = take(parameter)) {
        const relations = (found[2] ?? found[3] ?? "").toLowerCase().split(/\s+/);
        if (found[1]?.toLowerCase() === "rel" && relations.includes("next")) return link[1];
      }
    }
  }
  return undefined;
}
