import { type Digest, parseDigest } from "@drayage/digest";
import { DrayageError, type DrayageErrorCode, isDrayageError } from "@drayage/errors";
import { RawJson } from "./encode.ts";
import { foldName } from "./fold.ts";
import type { JsonArray, JsonNode, JsonObject } from "./node.ts";
import { quote } from "./quote.ts";

/** What is being read, for messages and rules. */
export interface ReadContext {
  /** `manifest`, `config` */
  readonly what: string;
  readonly code: DrayageErrorCode;
  readonly bytes: Uint8Array;
  /**
   * What becomes of a name that differs from a field's by case alone, which Go takes for the field and other
   * readers do not: `refuse` it, or `accept` it as Go does, once.
   */
  readonly otherCase: "refuse" | "accept";
}

/** Reads the fields of one object. `null` is as good as absent, as it is to Go. */
export interface FieldReader {
  /** The path of a field for messages: `layers[3].digest`. */
  path(name: string): string;
  /** An error about a field. */
  invalid(name: string, message: string): DrayageError;
  node(name: string): JsonNode | undefined;
  string(name: string): string | undefined;
  boolean(name: string): boolean | undefined;
  /** An integer that JavaScript holds exactly. */
  integer(name: string): number | undefined;
  /** A size in bytes: an integer from 0. Required. */
  size(name: string): number;
  /** Required. */
  digest(name: string): Digest;
  strings(name: string): readonly string[] | undefined;
  digests(name: string): readonly Digest[] | undefined;
  stringMap(name: string): Readonly<Record<string, string>> | undefined;
  object(name: string, fields: readonly string[]): FieldReader | undefined;
  objects(name: string, fields: readonly string[]): readonly FieldReader[] | undefined;
  /** The members that are no fields, or undefined where there are none. */
  extra(): ReadonlyMap<string, RawJson> | undefined;
}

/** A reader of `node`, which must be an object, whose specification names `fields`. */
export function readFields(
  node: JsonNode,
  context: ReadContext,
  options: { readonly path: string; readonly fields: readonly string[] },
): FieldReader {
  const { path: base, fields } = options;
  if (node.kind !== "object") throw typeError(context, base, "an object", node);
  const values = matchFields(node, context, options);

  const path = (name: string): string => (base === "" ? name : `${base}.${name}`);
  const get = (name: string): JsonNode | undefined => {
    const value = values.get(name);
    return value === undefined || value.kind === "null" ? undefined : value;
  };
  const invalid = (name: string, message: string): DrayageError => fieldError(context, path(name), message);
  const missing = (name: string): DrayageError => invalid(name, "it is missing");
  const array = (name: string): JsonArray | undefined => {
    const value = get(name);
    if (value === undefined) return undefined;
    if (value.kind !== "array") throw typeError(context, path(name), "a list", value);
    return value;
  };

  const reader: FieldReader = {
    path,
    invalid,
    node: get,
    string: (name) => {
      const value = get(name);
      return value === undefined ? undefined : readString(value, context, path(name));
    },
    boolean: (name) => {
      const value = get(name);
      if (value === undefined) return undefined;
      if (value.kind !== "boolean") throw typeError(context, path(name), "true or false", value);
      return value.value;
    },
    integer: (name) => {
      const value = get(name);
      return value === undefined ? undefined : readInteger(value, context, path(name));
    },
    size: (name) => {
      const value = get(name);
      if (value === undefined) throw missing(name);
      const size = readInteger(value, context, path(name));
      if (size < 0) throw invalid(name, `the size ${size} is negative`);
      return size;
    },
    digest: (name) => {
      const value = get(name);
      if (value === undefined) throw missing(name);
      return readDigest(value, context, path(name));
    },
    strings: (name) => readItems(array(name), (item, i) => readString(item, context, `${path(name)}[${i}]`)),
    digests: (name) => readItems(array(name), (item, i) => readDigest(item, context, `${path(name)}[${i}]`)),
    stringMap: (name) => {
      const value = get(name);
      if (value === undefined) return undefined;
      if (value.kind !== "object") throw typeError(context, path(name), "an object", value);
      return Object.freeze(
        Object.fromEntries(
          value.members.map((member) => [
            member.name,
            // Go decodes null into the empty text.
            member.value.kind === "null"
              ? ""
              : readString(member.value, context, `${path(name)}[${quote(member.name)}]`),
          ]),
        ),
      );
    },
    object: (name, inner) => {
      const value = get(name);
      if (value === undefined) return undefined;
      return readFields(value, context, { path: path(name), fields: inner });
    },
    objects: (name, inner) =>
      readItems(array(name), (item, i) =>
        readFields(item, context, { path: `${path(name)}[${i}]`, fields: inner }),
      ),
    extra: () => {
      const known = new Set(fields.map(foldName));
      const unknown = node.members.filter((member) => !known.has(foldName(member.name)));
      if (unknown.length === 0) return undefined;
      return new Map(
        unknown.map(({ name, value }) => [name, new RawJson(context.bytes.subarray(value.start, value.end))]),
      );
    },
  };
  return Object.freeze(reader);
}

function matchFields(
  node: JsonObject,
  context: ReadContext,
  { path, fields }: { readonly path: string; readonly fields: readonly string[] },
): ReadonlyMap<string, JsonNode> {
  const byFold = new Map(fields.map((field) => [foldName(field), field]));
  const writtenAs = new Map<string, string>();
  const values = new Map<string, JsonNode>();
  for (const { name, value } of node.members) {
    const field = byFold.get(foldName(name));
    if (field === undefined) continue;
    const earlier = writtenAs.get(field);
    const where = path === "" ? name : `${path}.${name}`;
    if (earlier !== undefined) {
      throw fieldError(context, where, `ambiguous: ${JSON.stringify(earlier)} differs from it by case alone`);
    }
    if (name !== field && context.otherCase === "refuse") {
      throw fieldError(
        context,
        where,
        `ambiguous: it is not ${JSON.stringify(field)}, but some readers take it for that`,
      );
    }
    writtenAs.set(field, name);
    values.set(field, value);
  }
  return values;
}

function readItems<T>(
  array: JsonArray | undefined,
  read: (item: JsonNode, index: number) => T,
): readonly T[] | undefined {
  return array === undefined ? undefined : Object.freeze(array.items.map(read));
}

function readString(node: JsonNode, context: ReadContext, path: string): string {
  if (node.kind !== "string") throw typeError(context, path, "text", node);
  return node.value;
}

function readInteger(node: JsonNode, context: ReadContext, path: string): number {
  if (node.kind !== "number") throw typeError(context, path, "a number", node);
  const value = Number(node.text);
  if (!/^-?(?:0|[1-9]\d*)$/.test(node.text) || !Number.isSafeInteger(value)) {
    throw fieldError(context, path, `${shorten(node.text)} is not a whole number from -2^53 to 2^53`);
  }
  return value;
}

function readDigest(node: JsonNode, context: ReadContext, path: string): Digest {
  const text = readString(node, context, path);
  try {
    return parseDigest(text);
  } catch (error) {
    if (!isDrayageError(error)) throw error;
    throw new DrayageError(context.code, `${context.what} ${path}: ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
}

const kindNames: Readonly<Record<JsonNode["kind"], string>> = {
  null: "null",
  boolean: "true or false",
  number: "a number",
  string: "text",
  array: "a list",
  object: "an object",
};

function typeError(context: ReadContext, path: string, wanted: string, found: JsonNode): DrayageError {
  return fieldError(context, path, `${wanted} is expected, and there is ${kindNames[found.kind]}`);
}

function fieldError(context: ReadContext, path: string, message: string): DrayageError {
  return new DrayageError(context.code, `${context.what}${path === "" ? "" : ` ${path}`}: ${message}`);
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
