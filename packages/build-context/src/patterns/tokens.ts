/** What a part of a pattern stands for. Characters are code points. */
export type Token =
  | { readonly kind: "one"; readonly code: number }
  | { readonly kind: "set"; readonly has: (code: number) => boolean }
  /** Any number of characters, none of them a slash. */
  | { readonly kind: "name" }
  /** Any number of characters, no line feed: Go's `.*`. */
  | { readonly kind: "all" }
  /** As {@link Token} `all` with a slash at its end; or nothing: Go's `(.*\/)?`. */
  | { readonly kind: "folders" };

const slash = 0x2f;
const lineFeed = 0x0a;

/**
 * Whether tokens stand for the whole of a text, and whether they could for a longer one that starts with it.
 * Takes time in proportion to the text's length and the count of tokens, whatever they are.
 */
export function run(
  tokens: readonly Token[],
  text: string,
): { readonly matches: boolean; readonly continues: boolean } {
  const count = tokens.length;
  // Place 2n: before the token n. Place 2n+1: within `folders` n, which has to end in a slash.
  let now = new Uint8Array(2 * count + 1);
  let next = new Uint8Array(2 * count + 1);
  enter(tokens, now, 0);
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    next.fill(0);
    let alive = false;
    for (let place = 0; place < 2 * count; place++) {
      if (now[place] !== 1) continue;
      alive = step(tokens, { place, code, next }) || alive;
    }
    [now, next] = [next, now];
    if (!alive) return { matches: false, continues: false };
  }
  return { matches: now[2 * count] === 1, continues: now.subarray(0, 2 * count).includes(1) };
}

/** Goes on to a place, and to those that what follows may stand for nothing at. */
function enter(tokens: readonly Token[], places: Uint8Array, index: number): void {
  for (let at = index; places[2 * at] !== 1; at++) {
    places[2 * at] = 1;
    const kind = tokens[at]?.kind;
    if (kind === undefined || kind === "one" || kind === "set") return;
  }
}

function step(
  tokens: readonly Token[],
  { place, code, next }: { readonly place: number; readonly code: number; readonly next: Uint8Array },
): boolean {
  const index = place >> 1;
  const token = tokens[index];
  switch (token?.kind) {
    case "one":
      if (token.code !== code) return false;
      enter(tokens, next, index + 1);
      return true;
    case "set":
      if (!token.has(code)) return false;
      enter(tokens, next, index + 1);
      return true;
    case "name":
      if (code === slash) return false;
      enter(tokens, next, index);
      return true;
    case "all":
      if (code === lineFeed) return false;
      enter(tokens, next, index);
      return true;
    case "folders":
      if (code === lineFeed) return false;
      next[2 * index + 1] = 1;
      if (code === slash) enter(tokens, next, index + 1);
      return true;
    default:
      return false;
  }
}
