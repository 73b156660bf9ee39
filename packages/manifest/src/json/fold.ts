/**
 * The form in which Go's decoder compares a name with a field: without case for ASCII letters, and with the
 * two letters beyond ASCII that fold to one (U+017F to `s`, U+212A to `k`).
 */
export function foldName(name: string): string {
  return name.replace(/[A-Z\u017f\u212a]/g, (letter) =>
    letter === "\u017f" ? "s" : letter === "\u212a" ? "k" : letter.toLowerCase(),
  );
}
