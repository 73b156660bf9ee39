/** Where variables get their values from. */
export interface Lookup {
  readonly workingDir: string | undefined;
  valueOf(name: string): string | undefined;
}

/** Splits at blanks that are not quoted. Quotes and backslashes stay for {@link unquote}. */
export function splitWords(text: string): readonly string[] {
  return text.match(/(?:[^\s"'\\]|\\[\s\S]|\\$|"(?:[^"\\]|\\[\s\S])*(?:"|$)|'[^']*(?:'|$))+/g) ?? [];
}

/** The parts of a word: quoted in one way or the other, escaped, or plain. */
const parts = /'[^']*(?:'|$)|\\[\s\S]|\\$|"(?:[^"\\]|\\[\s\S])*(?:"|$)|[^'"\\]+/g;

/**
 * Replaces `$name`, `${name}`, `${name:-default}` and `${name:+other}` outside of single quotes. A variable that has no value is replaced by nothing.
 * What is put in is quoted, so that {@link unquote} leaves it as it is.
 */
export function expandInWord(word: string, lookup: Lookup): string {
  return word.replace(parts, (part) => {
    if (part.startsWith("'") || part.startsWith("\\")) return part;
    const isQuoted = part.startsWith('"');
    const inner = isQuoted ? part.slice(1, part.length > 1 && part.endsWith('"') ? -1 : undefined) : part;
    const replaced = replaceVariables(inner, lookup);
    return isQuoted ? `"${replaced}"` : replaced;
  });
}

function replaceVariables(text: string, lookup: Lookup): string {
  const variable = /\\[\s\S]|\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g;
  return text.replace(variable, (whole, plain?: string, name?: string, how?: string, other = "") => {
    if (whole.startsWith("\\")) return whole;
    const value = lookup.valueOf(plain ?? name ?? "") ?? "";
    const chosen = how === "-" ? value || other : how === "+" ? value && other : value;
    return chosen.replace(/["'\\]/g, "\\$&");
  });
}

/** Takes quotes and backslashes away. In double quotes a backslash stays before what needs none. */
export function unquote(word: string): string {
  return word.replace(parts, (part) => {
    if (part.startsWith("'")) return part.slice(1, part.length > 1 && part.endsWith("'") ? -1 : undefined);
    if (part.startsWith("\\")) return part.slice(1);
    if (!part.startsWith('"')) return part;
    const inner = part.slice(1, part.length > 1 && part.endsWith('"') ? -1 : undefined);
    return inner.replace(/\\(["'\\$])/g, "$1");
  });
}
