import { DrayageError } from "@drayage/errors";

/** One token inside `{{ }}`. */
export interface Token {
  readonly kind: "name" | "field" | "variable" | "string" | "number" | "symbol";
  readonly text: string;
  /** Whether it stands right behind the token before, without a blank. */
  readonly glued: boolean;
}

/** Plain text, or an action with its tokens. */
export type Segment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly tokens: readonly Token[]; readonly source: string };

const patterns: readonly (readonly [Token["kind"], RegExp])[] = [
  ["field", /^\.[\p{L}_][\p{L}\p{N}_]*/u],
  ["variable", /^\$[\p{L}\p{N}_]*/u],
  ["name", /^[\p{L}_][\p{L}\p{N}_]*/u],
  ["number", /^[+-]?\d+(?:\.\d+)?/],
  ["string", /^"(?:[^"\\\n]|\\.)*"/],
  ["string", /^`[^`]*`/],
  ["symbol", /^(?::=|=|\||\(|\)|,|\.)/],
];

/** Cuts a template of Go's text/template into text and actions, trim marks applied. */
export function lex(source: string): readonly Segment[] {
  const segments: Segment[] = [];
  let rest = source;
  let trimNext = false;
  while (rest !== "") {
    const open = rest.indexOf("{{");
    let text = open < 0 ? rest : rest.slice(0, open);
    rest = open < 0 ? "" : rest.slice(open + 2);
    if (trimNext) text = text.trimStart();
    trimNext = false;
    if (open >= 0 && /^-\s/.test(rest)) {
      text = text.trimEnd();
      rest = rest.slice(1);
    }
    if (text !== "") segments.push({ kind: "text", text });
    if (open < 0) break;
    const action = lexAction(rest);
    rest = action.rest;
    trimNext = action.trim;
    if (action.tokens.length > 0)
      segments.push({ kind: "action", tokens: action.tokens, source: action.source });
  }
  return segments;
}

interface LexedAction {
  readonly tokens: readonly Token[];
  readonly source: string;
  readonly rest: string;
  readonly trim: boolean;
}

function lexAction(source: string): LexedAction {
  const tokens: Token[] = [];
  let rest = source;
  for (;;) {
    const trimmed = rest.trimStart();
    const glued = trimmed.length === rest.length && tokens.length > 0;
    rest = trimmed;
    const end = /^(-?)\}\}/.exec(rest);
    if (end !== null) {
      const consumed = source.slice(0, source.length - rest.length);
      return { tokens, source: consumed.trim(), rest: rest.slice(end[0].length), trim: end[1] === "-" };
    }
    if (rest.startsWith("/*")) {
      const close = rest.indexOf("*/");
      if (close < 0) throw templateError("a comment is not closed");
      rest = rest.slice(close + 2);
      continue;
    }
    const token = nextToken(rest, glued);
    tokens.push(token);
    rest = rest.slice(token.text.length);
  }
}

function nextToken(rest: string, glued: boolean): Token {
  for (const [kind, pattern] of patterns) {
    const match = pattern.exec(rest);
    if (match !== null) return { kind, text: match[0], glued };
  }
  throw templateError(rest === "" ? "{{ is not closed" : `unexpected ${JSON.stringify(rest.slice(0, 10))}`);
}

export function templateError(what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `--format: ${what}`, {
    hint: "the format is a Go template, such as '{{.Digest}} {{json .Labels}}'",
  });
}
