import { DrayageError } from "@drayage/errors";
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from "yaml";

/** A value of a YAML file that knows where it stands. Scalars are the text that was written: `1.10` is no number. */
export interface ListNode {
  /** `sync.yml:3:7` */
  readonly place: string;
  /** The entries of a mapping, merged ones (`<<`) behind its own; none where there is nothing. */
  entries(): readonly ListEntry[];
  /** The items of a sequence; none where there is nothing. */
  items(): readonly ListNode[];
  /** A scalar; empty where there is nothing. */
  text(): string;
  /** An error that says where it is. */
  invalid(what: string): DrayageError;
}

export interface ListEntry {
  readonly key: string;
  readonly value: ListNode;
  /** Of the key. */
  readonly place: string;
}

/** @throws ERR_DRAYAGE_CONFIGURATION_INVALID */
export function openListDocument(text: string, where: string): ListNode {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: "failsafe",
    prettyErrors: false,
    merge: false,
  });
  const [error] = document.errors;
  if (error !== undefined) {
    throw configurationError(`${where}:${position(lines, error.pos[0])}`, error.message);
  }
  return wrap(document.contents, { targets: aliasTargets(document), lines, where, offset: 0 });
}

/** What each alias means: the last node before it of its anchor. Asking each alias itself would go through the document each time. */
function aliasTargets(document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, (_, node) => {
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
    } else if (isNode(node) && "anchor" in node && typeof node.anchor === "string") {
      anchors.set(node.anchor, node);
    }
  });
  return targets;
}

interface Context {
  readonly targets: ReadonlyMap<Alias, Node>;
  readonly lines: LineCounter;
  readonly where: string;
  /** Where the text is that has led here. */
  readonly offset: number;
}

function wrap(given: unknown, context: Context): ListNode {
  const node = follow(given, context);
  const offset = isAlias(given) ? context.offset : (node?.range?.[0] ?? context.offset);
  const here = { ...context, offset };
  const place = `${context.where}:${position(context.lines, offset)}`;
  const invalid = (what: string): DrayageError => configurationError(place, what);
  const isNothing = isEmpty(node);
  return {
    place,
    invalid,
    entries() {
      if (isNothing) return [];
      if (!isMap(node)) throw invalid("a mapping (key: value) is needed here");
      return mapEntries(node.items, here, invalid);
    },
    items() {
      if (isNothing) return [];
      if (!isSeq(node)) throw invalid("a list is needed here: [] or lines that begin with -");
      return node.items.map((item) => wrap(item, here));
    },
    text() {
      if (isNothing) return "";
      if (!isScalar(node) || typeof node.value !== "string") throw invalid("a text is needed here");
      return node.value;
    },
  };
}

/** The node itself, or what an alias means. */
function follow(given: unknown, { targets, lines, where }: Context): Node | null | undefined {
  if (!isAlias(given)) return given as Node | null | undefined;
  const target = targets.get(given);
  if (target !== undefined) return target;
  throw configurationError(
    `${where}:${position(lines, given.range?.[0] ?? 0)}`,
    `there is no anchor &${given.source} before this`,
  );
}

/** What Go reads as null: nothing at all, and these words where they are not quoted. */
function isEmpty(node: Node | null | undefined): boolean {
  if (node === null || node === undefined) return true;
  if (!isScalar(node) || node.type !== "PLAIN") return false;
  return ["", "~", "null", "Null", "NULL"].includes(String(node.source ?? node.value));
}

const mergeDepthLimit = 10;

function mapEntries(
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  context: Context,
  invalid: ListNode["invalid"],
  depth = 0,
): readonly ListEntry[] {
  if (depth > mergeDepthLimit) throw invalid(`mappings are merged more than ${mergeDepthLimit} deep`);
  const entries = new Map<string, ListEntry>();
  const merged: unknown[] = [];
  for (const { key, value } of pairs) {
    const node = wrap(key, context);
    const name = node.text();
    const isMerge = name === "<<" && isScalar(key) && key.type === "PLAIN";
    if (isMerge) merged.push(value);
    else
      entries.set(name, {
        key: name,
        value: wrap(value, { ...context, offset: offsetOf(key, context) }),
        place: node.place,
      });
  }
  for (const value of merged) {
    for (const source of mergeSources(value, context, invalid)) {
      for (const entry of mapEntries(source, context, invalid, depth + 1)) {
        if (!entries.has(entry.key)) entries.set(entry.key, entry);
      }
    }
  }
  return [...entries.values()];
}

function mergeSources(
  value: unknown,
  context: Context,
  invalid: ListNode["invalid"],
): readonly (readonly { readonly key: unknown; readonly value: unknown }[])[] {
  const node = follow(value, context);
  if (isMap(node)) return [node.items];
  if (isSeq(node)) {
    return node.items.slice(0, 100).flatMap((item) => {
      const each = follow(item, context);
      if (!isMap(each)) throw invalid("only mappings can be merged");
      return [each.items];
    });
  }
  throw invalid("only mappings can be merged");
}

function offsetOf(node: unknown, { offset }: Context): number {
  return (node as Node | null)?.range?.[0] ?? offset;
}

function position(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${line}:${col}`;
}

function configurationError(place: string, what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CONFIGURATION_INVALID", `${place}: ${what}`, {
    hint: "skopeo-sync(1) shows how such a file is written",
  });
}
