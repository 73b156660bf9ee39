import { invalidFile } from "./auth-file.ts";

/**
 * A JSON document that can be changed in one place and written again with all else as it was: the order of keys, those
 * that nobody knows, numbers of any length. JavaScript's objects keep none of these.
 */
export type JsonTree =
  | JsonObject
  | { readonly kind: "array"; readonly items: readonly JsonTree[] }
  | JsonScalar;

export interface JsonObject {
  readonly kind: "object";
  readonly members: readonly JsonMember[];
}

/** A string, number, `true`, `false` or `null` as it is written. */
interface JsonScalar {
  readonly kind: "scalar";
  readonly text: string;
}

interface JsonMember {
  /** The key as it is written. */
  readonly rawKey: string;
  readonly key: string;
  readonly value: JsonTree;
}

export const emptyObject: JsonObject = { kind: "object", members: [] };

const depthLimit = 100;

/** The tree of a text that `JSON.parse` takes. `path` is for messages. */
export function parseTree(text: string, path: string): JsonTree {
  const tokens = text.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  let at = 0;

  function value(depth: number): JsonTree {
    if (depth > depthLimit) throw invalidFile(path, "it is nested too deeply");
    const token = tokens[at++] ?? "";
    if (token === "{") return object(depth);
    return token === "[" ? array(depth) : { kind: "scalar", text: token };
  }

  function object(depth: number): JsonTree {
    const members: JsonMember[] = [];
    while (tokens[at] !== "}") {
      if (tokens[at] === ",") at += 1;
      const rawKey = tokens[at] ?? "";
      // The key, and the colon.
      at += 2;
      members.push({ rawKey, key: JSON.parse(rawKey) as string, value: value(depth + 1) });
    }
    at += 1;
    return { kind: "object", members };
  }

  function array(depth: number): JsonTree {
    const items: JsonTree[] = [];
    while (tokens[at] !== "]") {
      if (tokens[at] === ",") at += 1;
      items.push(value(depth + 1));
    }
    at += 1;
    return { kind: "array", items };
  }

  return value(0);
}

/** The text of a tree, indented by tabs, without a newline at its end: as Go's `MarshalIndent` writes. */
export function formatTree(tree: JsonTree, indent = ""): string {
  if (tree.kind === "scalar") return tree.text;
  const inner = `${indent}\t`;
  const isObject = tree.kind === "object";
  const lines = isObject
    ? tree.members.map(({ rawKey, value }) => `${inner}${rawKey}: ${formatTree(value, inner)}`)
    : tree.items.map((item) => inner + formatTree(item, inner));
  const [open, close] = isObject ? "{}" : "[]";
  return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}

/** A member's value. Of several of one name the last counts, as for all parsers. */
export function member(tree: JsonObject, key: string): JsonTree | undefined {
  return tree.members.findLast((candidate) => candidate.key === key)?.value;
}

/** The object with a member set: in its place where there is one, else at the end. */
export function withMember(tree: JsonObject, key: string, value: JsonTree): JsonObject {
  const place = tree.members.findLastIndex((candidate) => candidate.key === key);
  const old = tree.members[place];
  if (old === undefined) {
    const added = { rawKey: JSON.stringify(key), key, value };
    return { kind: "object", members: [...tree.members, added] };
  }
  const members = tree.members
    .map((candidate, index) => (index === place ? { ...old, value } : candidate))
    .filter((candidate, index) => candidate.key !== key || index === place);
  return { kind: "object", members };
}

/** The object without a member. */
export function withoutMember(tree: JsonObject, key: string): JsonObject {
  return { kind: "object", members: tree.members.filter((candidate) => candidate.key !== key) };
}

/** A flat object of texts. */
export function treeOf(texts: Readonly<Record<string, string>>): JsonObject {
  const members = Object.entries(texts).map(([key, text]) => ({
    rawKey: JSON.stringify(key),
    key,
    value: { kind: "scalar", text: JSON.stringify(text) } as const,
  }));
  return { kind: "object", members };
}
