const special = /[*#$@!?\-0-9]/;

/**
 * Replaces `$name` and `${name}` as Go's `os.Expand` does: a `$` before nothing that can be a name stays, `${}` and an open `${` go.
 */
export function expandVariables(text: string, value: (name: string) => string): string {
  let result = "";
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf("$", at);
    if (dollar === -1 || dollar === text.length - 1) return result + text.slice(at);
    result += text.slice(at, dollar);
    const { name, length } = nameAt(text, dollar + 1);
    if (name !== "") result += value(name);
    else if (length === 0) result += "$";
    at = dollar + 1 + length;
  }
  return result;
}

function nameAt(text: string, from: number): { readonly name: string; readonly length: number } {
  const first = text[from] ?? "";
  if (first === "{") {
    if (special.test(text[from + 1] ?? "") && text[from + 2] === "}") {
      return { name: text[from + 1] ?? "", length: 3 };
    }
    const close = text.indexOf("}", from);
    if (close === -1) return { name: "", length: 1 };
    return { name: text.slice(from + 1, close), length: close - from + 1 };
  }
  if (special.test(first)) return { name: first, length: 1 };
  const name = /^\w*/.exec(text.slice(from))?.[0] ?? "";
  return { name, length: name.length };
}
