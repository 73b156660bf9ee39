import { DrayageError } from "@drayage/errors";
import type { JsonNode } from "@drayage/manifest";

/** Where a value stands, for messages. */
export interface JsonPlace {
  readonly path: string;
  readonly text: Uint8Array;
}

/**
 * An object of a file in which a misspelt word must not go unnoticed: it has no keys but those that are asked for, in
 * this very spelling. That none stands twice the parser has seen to. `null` is an empty text or no list, as for Go.
 */
export interface StrictObject {
  /** Whether the key is there, whatever its value. */
  has(key: string): boolean;
  /** The value; throws where the key is not there. */
  value(key: string): JsonNode;
  /** Empty where the key is not there. */
  text(key: string): string;
  texts(key: string): readonly string[] | undefined;
  /** Bytes that are written in base64. */
  bytes(key: string): Uint8Array | undefined;
  byteLists(key: string): readonly Uint8Array[] | undefined;
  object(key: string, keys: readonly string[]): StrictObject;
  invalid(message: string, key?: string): DrayageError;
}

export function strictObject(node: JsonNode, keys: readonly string[], place: JsonPlace): StrictObject {
  const members = membersOf(node, place);
  for (const [key, value] of members) {
    if (!keys.includes(key)) throw invalidAt(value, `unknown key ${JSON.stringify(key)}`, place);
  }
  const invalid = (message: string, key?: string): DrayageError =>
    invalidAt((key === undefined ? undefined : members.get(key)) ?? node, message, place);
  const value = (key: string): JsonNode => {
    const found = members.get(key);
    if (found === undefined) throw invalid(`the key ${JSON.stringify(key)} is missing`);
    return found;
  };
  const list = <T>(key: string, read: (item: JsonNode, key: string) => T): readonly T[] | undefined => {
    const found = members.get(key);
    if (found === undefined || found.kind === "null") return undefined;
    if (found.kind !== "array") throw invalid(`${key}: a list is expected`, key);
    return found.items.map((item) => read(item, key));
  };
  const readText = (found: JsonNode, key: string): string => {
    if (found.kind === "null") return "";
    if (found.kind !== "string") throw invalidAt(found, `${key}: text is expected`, place);
    return found.value;
  };
  const readBytes = (found: JsonNode, key: string): Uint8Array => {
    const bytes = decodeBase64(readText(found, key));
    if (bytes === undefined) throw invalidAt(found, `${key}: it is not base64`, place);
    return bytes;
  };
  return {
    has: (key) => members.has(key),
    value,
    text: (key) => (members.has(key) ? readText(value(key), key) : ""),
    texts: (key) => list(key, readText),
    bytes: (key) => {
      const found = members.get(key);
      return found === undefined || found.kind === "null" ? undefined : readBytes(found, key);
    },
    byteLists: (key) => list(key, readBytes),
    object: (key, inner) => strictObject(value(key), inner, place),
    invalid,
  };
}

/** The members of an object whose keys are free. Throws where there is no object. */
export function membersOf(node: JsonNode, place: JsonPlace): ReadonlyMap<string, JsonNode> {
  if (node.kind !== "object") throw invalidAt(node, "an object is expected", place);
  return new Map(node.members.map((member) => [member.name, member.value]));
}

/** An error about a value, with the line that it starts in. */
export function invalidAt(
  node: JsonNode,
  message: string,
  { path, text }: JsonPlace,
  hint?: string,
): DrayageError {
  let line = 1;
  for (const byte of text.subarray(0, node.start)) if (byte === 0x0a) line += 1;
  return new DrayageError(
    "ERR_DRAYAGE_CONFIGURATION_INVALID",
    `${JSON.stringify(path)}, line ${line}: ${message}`,
    { hint },
  );
}

/** As Go reads it: padded, and with line breaks anywhere. */
function decodeBase64(text: string): Uint8Array | undefined {
  const compact = text.replace(/[\r\n]/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact)) return undefined;
  return new Uint8Array(Buffer.from(compact, "base64"));
}
