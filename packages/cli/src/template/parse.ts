import { lex, type Segment, type Token, templateError } from "./lex.ts";

/** What an operand of a pipeline can be. */
export type Operand =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | {
      readonly kind: "path";
      readonly root: Operand | "dot" | `$${string}`;
      readonly fields: readonly string[];
    }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline };

export interface Pipeline {
  /** Variables that take the result; two in a range. */
  readonly variables: readonly string[];
  readonly declares: boolean;
  /** Commands, each fed with what the one before gave. */
  readonly commands: readonly (readonly Operand[])[];
}

export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "range" | "with";
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    };

/** Parses the part of Go's text/template that prints data: no `define`, `template`, `block`, `break`, `continue`. */
export function parseTemplate(source: string): readonly TemplateNode[] {
  const segments = lex(source);
  const { nodes, at } = parseList(segments, 0, 0);
  if (at < segments.length) throw templateError(`unexpected {{${sourceOf(segments[at])}}}`);
  return nodes;
}

function sourceOf(segment: Segment | undefined): string {
  return segment?.kind === "action" ? segment.source : "";
}

interface ParsedList {
  readonly nodes: readonly TemplateNode[];
  /** The segment that ended the list: `end`, `else`, or the end of all. */
  readonly at: number;
}

const maximumDepth = 100;

function parseList(segments: readonly Segment[], start: number, depth: number): ParsedList {
  if (depth > maximumDepth) throw templateError("too deeply nested");
  const nodes: TemplateNode[] = [];
  let at = start;
  for (let segment = segments[at]; segment !== undefined; segment = segments[at]) {
    if (segment.kind === "text") {
      nodes.push(segment);
      at += 1;
      continue;
    }
    const keyword = segment.tokens[0]?.text;
    if (keyword === "end" || keyword === "else") break;
    if (keyword === "if" || keyword === "range" || keyword === "with") {
      const block = parseBlock(segments, { at, keyword, tokens: segment.tokens.slice(1), depth });
      nodes.push(block.node);
      at = block.at;
      continue;
    }
    nodes.push({ kind: "print", pipeline: parsePipeline(segment.tokens) });
    at += 1;
  }
  return { nodes, at };
}

interface BlockStart {
  readonly at: number;
  readonly keyword: "if" | "range" | "with";
  readonly tokens: readonly Token[];
  readonly depth: number;
}

function parseBlock(segments: readonly Segment[], start: BlockStart): { node: TemplateNode; at: number } {
  const pipeline = parsePipeline(start.tokens);
  const body = parseList(segments, start.at + 1, start.depth + 1);
  const stop = segments[body.at];
  if (stop?.kind !== "action") throw templateError(`{{${start.keyword}}} has no {{end}}`);
  const node = (otherwise: readonly TemplateNode[]): TemplateNode => ({
    kind: start.keyword,
    pipeline,
    body: body.nodes,
    otherwise,
  });
  if (stop.tokens[0]?.text === "end") return { node: node([]), at: body.at + 1 };
  const chained = stop.tokens[1]?.text;
  if (chained === "if" || chained === "with") {
    const next = parseBlock(segments, {
      at: body.at,
      keyword: chained,
      tokens: stop.tokens.slice(2),
      depth: start.depth + 1,
    });
    return { node: node([next.node]), at: next.at };
  }
  const otherwise = parseList(segments, body.at + 1, start.depth + 1);
  const end = segments[otherwise.at];
  if (end?.kind !== "action" || end.tokens[0]?.text !== "end") throw templateError("{{else}} has no {{end}}");
  return { node: node(otherwise.nodes), at: otherwise.at + 1 };
}

function parsePipeline(tokens: readonly Token[]): Pipeline {
  const assign = tokens.findIndex((token) => token.text === ":=" || token.text === "=");
  const names = assign < 0 ? [] : tokens.slice(0, assign).filter((token) => token.text !== ",");
  if (names.some((token) => token.kind !== "variable"))
    throw templateError("only variables can be assigned to");
  const { commands, rest } = parseCommands(tokens.slice(assign + 1), 0);
  if (rest.length > 0) throw templateError("unexpected )");
  return {
    variables: names.map((token) => token.text),
    declares: assign >= 0 && tokens[assign]?.text === ":=",
    commands,
  };
}

function parseCommands(
  tokens: readonly Token[],
  depth: number,
): { commands: readonly (readonly Operand[])[]; rest: readonly Token[] } {
  if (depth > maximumDepth) throw templateError("too deeply nested");
  const commands: Operand[][] = [[]];
  let rest = tokens;
  for (let token = rest[0]; token !== undefined && token.text !== ")"; token = rest[0]) {
    const command = commands.at(-1) ?? [];
    rest = rest.slice(1);
    if (token.text === "|") {
      commands.push([]);
    } else if (token.text === "(") {
      const inner = parseCommands(rest, depth + 1);
      if (inner.rest[0]?.text !== ")") throw templateError("( is not closed");
      rest = inner.rest.slice(1);
      command.push({
        kind: "pipeline",
        pipeline: { variables: [], declares: false, commands: inner.commands },
      });
    } else if (joins(token, command.at(-1))) {
      command.push(extend(command.pop(), token.text.slice(1)));
    } else {
      command.push(operandOf(token));
    }
  }
  if (commands.some((command) => command.length === 0)) throw templateError("a command is missing");
  return { commands, rest };
}

/** `.A.B`, `$x.A` and `(…).A` are one operand; `.A .B` are two. */
function joins(token: Token, last: Operand | undefined): boolean {
  return token.kind === "field" && token.glued && (last?.kind === "path" || last?.kind === "pipeline");
}

function extend(operand: Operand | undefined, field: string): Operand {
  if (operand?.kind === "path") return { ...operand, fields: [...operand.fields, field] };
  return { kind: "path", root: operand ?? "dot", fields: [field] };
}

const constants: ReadonlyMap<string, boolean | null> = new Map([
  ["true", true],
  ["false", false],
  ["nil", null],
]);

function operandOf(token: Token): Operand {
  switch (token.kind) {
    case "field":
      return { kind: "path", root: "dot", fields: [token.text.slice(1)] };
    case "variable":
      return { kind: "path", root: token.text as `$${string}`, fields: [] };
    case "number":
      return { kind: "literal", value: Number(token.text) };
    case "string":
      return { kind: "literal", value: unquote(token.text) };
    case "name": {
      const constant = constants.get(token.text);
      return constant === undefined
        ? { kind: "function", name: token.text }
        : { kind: "literal", value: constant };
    }
    default:
      if (token.text === ".") return { kind: "path", root: "dot", fields: [] };
      throw templateError(`unexpected ${token.text}`);
  }
}

function unquote(text: string): string {
  if (text.startsWith("`")) return text.slice(1, -1);
  try {
    return JSON.parse(text) as string;
  } catch {
    throw templateError(`bad string ${text}`);
  }
}
