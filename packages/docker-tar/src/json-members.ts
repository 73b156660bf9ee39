import { RawJson } from "@drayage/manifest";

const quote = 0x22;
const backslash = 0x5c;

/**
 * The members of a JSON object, each value as it was written: the digits of numbers, the escapes and the order of
 * keys stay. Of a name that comes twice the last counts, as in Go's `map[string]json.RawMessage`.
 *
 * @param json valid JSON whose top is an object
 */
export function rawMembers(json: Uint8Array): Map<string, RawJson> {
  const members = new Map<string, RawJson>();
  let depth = 0;
  let name: string | undefined;
  let start = 0;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (byte === quote) {
      at = closingQuote(json, at);
    } else if (isOneOf(byte, "{[")) {
      depth += 1;
      if (depth === 1) start = at + 1;
    } else if (isOneOf(byte, "}]")) {
      depth -= 1;
      if (depth === 0 && name !== undefined) members.set(name, new RawJson(json.subarray(start, at)));
    } else if (depth === 1 && isOneOf(byte, ":")) {
      name = JSON.parse(new TextDecoder().decode(json.subarray(start, at))) as string;
      start = at + 1;
    } else if (depth === 1 && name !== undefined && isOneOf(byte, ",")) {
      members.set(name, new RawJson(json.subarray(start, at)));
      start = at + 1;
    }
  }
  return members;
}

function isOneOf(byte: number | undefined, characters: string): boolean {
  return byte !== undefined && characters.includes(String.fromCharCode(byte));
}

function closingQuote(json: Uint8Array, opening: number): number {
  let at = opening + 1;
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1;
  return at;
}
