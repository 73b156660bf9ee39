import { encodeGoJson } from "@drayage/manifest";

/**
 * A value as skopeo prints it: Go's `json.MarshalIndent` with four spaces, and a newline. Objects keep the order of
 * their fields, a `Map` is sorted by its keys.
 */
export function goIndentedJson(value: unknown): string {
  return `${indentJson(new TextDecoder().decode(encodeGoJson(value)))}\n`;
}

/** Compact JSON text with each member and item on a line of its own. Values stay as they are written. */
function indentJson(compact: string): string {
  let depth = 0;
  const line = (change: number): string => {
    depth += change;
    return `\n${"    ".repeat(depth)}`;
  };
  return compact.replace(/"(?:[^"\\]|\\.)*"|\{\}|\[\]|[{}[\],:]/g, (token) => {
    if (token === "{" || token === "[") return token + line(1);
    if (token === "}" || token === "]") return line(-1) + token;
    if (token === ",") return token + line(0);
    return token === ":" ? ": " : token;
  });
}
