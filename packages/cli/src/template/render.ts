import { functions } from "./functions.ts";
import { templateError } from "./lex.ts";
import { type Operand, type Pipeline, parseTemplate, type TemplateNode } from "./parse.ts";
import { goNil, goText, isGoStruct, isGoTime, isTrue } from "./values.ts";

/**
 * Renders the Go template that `--format` gives over one record, as skopeo does. A leading `table ` is
 * left out, and a template that does not end in a newline gets one. Throws `ERR_DRAYAGE_USAGE` for a template that is malformed or names a field that is not there.
 */
export function renderTemplate(source: string, record: Readonly<Record<string, unknown>>): string {
  const template = unescapeBackslashes(source.replace(/^table\s+/, ""));
  const nodes = parseTemplate(template.endsWith("\n") ? template : `${template}\n`);
  const scope: Scope = { record, dot: record, variables: new Map([["$", record]]) };
  return renderList(nodes, scope);
}

/** Shells pass `\n` and `\t` on as two characters; skopeo takes them for the one that is meant. */
function unescapeBackslashes(source: string): string {
  return source.replaceAll("\\n", "\n").replaceAll("\\t", "\t");
}

interface Scope {
  readonly record: Readonly<Record<string, unknown>>;
  readonly dot: unknown;
  readonly variables: Map<string, unknown>;
}

function renderList(nodes: readonly TemplateNode[], scope: Scope): string {
  return nodes.map((node) => renderNode(node, scope)).join("");
}

function renderNode(node: TemplateNode, scope: Scope): string {
  switch (node.kind) {
    case "text":
      return node.text;
    case "print": {
      const value = assign(node.pipeline, scope);
      return node.pipeline.variables.length > 0 ? "" : goText(value);
    }
    case "if":
      return renderList(
        isTrue(assign(node.pipeline, scope)) ? node.body : node.otherwise,
        inner(scope, scope.dot),
      );
    case "with": {
      const within = inner(scope, scope.dot);
      const value = assign(node.pipeline, within);
      return isTrue(value) ? renderList(node.body, inner(within, value)) : renderList(node.otherwise, within);
    }
    case "range":
      return renderRange(node, scope);
  }
}

function renderRange(node: Extract<TemplateNode, { kind: "if" | "range" | "with" }>, scope: Scope): string {
  const value = evaluate(node.pipeline, scope);
  const items = itemsOf(value);
  if (items.length === 0) return renderList(node.otherwise, inner(scope, scope.dot));
  const names = node.pipeline.variables;
  return items
    .map(([key, item]) => {
      const within = inner(scope, item);
      if (names.length === 2) within.variables.set(names[0] ?? "", key);
      const last = names.at(-1);
      if (last !== undefined) within.variables.set(last, item);
      return renderList(node.body, within);
    })
    .join("");
}

function itemsOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map((item, index) => [index, item] as const);
  if (typeof value === "object") return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  throw templateError(`cannot range over ${goText(value)}`);
}

function inner(scope: Scope, dot: unknown): Scope {
  return { record: scope.record, dot, variables: new Map(scope.variables) };
}

function assign(pipeline: Pipeline, scope: Scope): unknown {
  const value = evaluate(pipeline, scope);
  for (const name of pipeline.variables) scope.variables.set(name, value);
  return value;
}

function evaluate(pipeline: Pipeline, scope: Scope): unknown {
  let piped: readonly unknown[] = [];
  for (const command of pipeline.commands) piped = [evaluateCommand(command, piped, scope)];
  return piped[0];
}

function evaluateCommand(command: readonly Operand[], piped: readonly unknown[], scope: Scope): unknown {
  const [head, ...rest] = command;
  if (head?.kind === "function") {
    const called = Object.hasOwn(functions, head.name) ? functions[head.name] : undefined;
    if (called === undefined) throw templateError(`there is no function ${JSON.stringify(head.name)}`);
    return called(...rest.map((operand) => operandValue(operand, scope)), ...piped);
  }
  if (head === undefined || rest.length > 0 || piped.length > 0) {
    throw templateError("only a function takes arguments");
  }
  return operandValue(head, scope);
}

function operandValue(operand: Operand, scope: Scope): unknown {
  switch (operand.kind) {
    case "literal":
      return operand.value;
    case "pipeline":
      return evaluate(operand.pipeline, scope);
    case "function":
      return evaluateCommand([operand], [], scope);
    case "path":
      return operand.fields.reduce((value, name) => field(value, name, scope), rootOf(operand.root, scope));
  }
}

function rootOf(root: Operand | "dot" | `$${string}`, scope: Scope): unknown {
  if (root === "dot") return scope.dot;
  if (typeof root !== "string") return operandValue(root, scope);
  if (!scope.variables.has(root)) throw templateError(`there is no variable ${root}`);
  return scope.variables.get(root);
}

function field(value: unknown, name: string, scope: Scope): unknown {
  if (typeof value === "object" && value !== null && Object.hasOwn(value, name)) {
    return (value as Record<string, unknown>)[name];
  }
  if (value === scope.record || isGoStruct(value)) {
    throw templateError(`there is no field ${name}; there are ${Object.keys(value).join(", ")}`);
  }
  const mayLack =
    value === undefined ||
    (value !== goNil && typeof value === "object" && !(value !== null && isGoTime(value)));
  if (!mayLack) throw templateError(`${goText(value)} has no field ${name}`);
  return undefined;
}
