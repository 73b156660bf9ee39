/** Headers as they go over the wire: names and values in turn. */
export type RawHeaders = readonly string[];

/** Those that are about one connection, and not about the message. */
const ofConnections = new Set(["connection", "keep-alive", "proxy-connection", "expect"]);

/** The headers with some changed, added or (undefined) taken out, and without those of the connection. Names in lower case. */
export function changeHeaders(
  headers: RawHeaders,
  changes: Readonly<Record<string, string | undefined>> = {},
): string[] {
  const changed: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [name = "", value = ""] = headers.slice(index, index + 2);
    const key = name.toLowerCase();
    if (!ofConnections.has(key) && !Object.hasOwn(changes, key)) changed.push(name, value);
  }
  for (const [name, value] of Object.entries(changes)) if (value !== undefined) changed.push(name, value);
  return changed;
}

/** The first value of a header. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  const index = headers.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === name);
  return index === -1 ? undefined : headers[index + 1];
}

export function headersObject(headers: RawHeaders): Record<string, string> {
  const object: Record<string, string> = {};
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [name = "", value = ""] = headers.slice(index, index + 2);
    const key = name.toLowerCase();
    object[key] = Object.hasOwn(object, key) ? `${object[key]}, ${value}` : value;
  }
  return object;
}
