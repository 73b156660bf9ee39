/** A JSON value with its place in the text, so that it can be copied as it was written. */
export type JsonNode = JsonNull | JsonBoolean | JsonNumber | JsonString | JsonArray | JsonObject;

interface Span {
  /** Where the value starts and ends in the text, in bytes. */
  readonly start: number;
  readonly end: number;
}

interface JsonNull extends Span {
  readonly kind: "null";
}

interface JsonBoolean extends Span {
  readonly kind: "boolean";
  readonly value: boolean;
}

interface JsonNumber extends Span {
  readonly kind: "number";
  /** The number as it was written: `1e3` is not `1000`. */
  readonly text: string;
}

interface JsonString extends Span {
  readonly kind: "string";
  readonly value: string;
}

export interface JsonArray extends Span {
  readonly kind: "array";
  readonly items: readonly JsonNode[];
}

export interface JsonMember {
  readonly name: string;
  readonly value: JsonNode;
}

export interface JsonObject extends Span {
  readonly kind: "object";
  /** In the order of the text. */
  readonly members: readonly JsonMember[];
}

/** The plain JavaScript value of a node, frozen. Numbers beyond 2^53 lose precision. */
export function plainValue(node: JsonNode): unknown {
  switch (node.kind) {
    case "null":
      return null;
    case "boolean":
    case "string":
      return node.value;
    case "number":
      return Number(node.text);
    case "array":
      return Object.freeze(node.items.map(plainValue));
    case "object": {
      const value: Record<string, unknown> = Object.create(null);
      for (const member of node.members) value[member.name] = plainValue(member.value);
      return Object.freeze(value);
    }
  }
}
