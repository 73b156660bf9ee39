import type { IgnorePattern } from "./ignore-pattern.ts";

/** Patterns by their places in a list, so that those that match a path are found without a look at every one. */
export interface PatternIndex {
  /** The last pattern behind the place `after` that matches the path itself; `after` where none does. */
  lastMatch(path: string, after: number): number;
}

interface Numbered {
  readonly pattern: IgnorePattern;
  readonly place: number;
}

/** No more characters are looked up at a time. */
const longestKey = 64;

export function patternIndex(patterns: readonly IgnorePattern[]): PatternIndex {
  /** The last place of a text that stands for itself. */
  const paths = new Map<string, number>();
  /** The same of those that stand for themselves in any folder. */
  const names = new Map<string, number>();
  const heads = affixIndex((path, length) => path.slice(0, length));
  const tails = affixIndex((path, length) => path.slice(path.length - length));
  for (const [place, pattern] of patterns.entries()) {
    const { head, tail, kind } = pattern;
    if (kind === "path") paths.set(head, place);
    else if (kind === "name") names.set(tail.slice(1), place);
    else if (head.length > tail.length) heads.add(head.slice(0, longestKey), { pattern, place });
    else tails.add(tail.slice(-longestKey), { pattern, place });
  }

  function lastName(path: string): number {
    if (names.size === 0) return -1;
    let last = names.get(path) ?? -1;
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      last = Math.max(last, names.get(path.slice(slash + 1)) ?? -1);
    }
    return last;
  }

  return {
    lastMatch(path, after) {
      const known = Math.max(after, paths.get(path) ?? -1, lastName(path));
      return tails.lastMatch(path, heads.lastMatch(path, known));
    },
  };
}

interface AffixIndex extends PatternIndex {
  /** To be called in the order of the places. */
  add(key: string, numbered: Numbered): void;
}

/** Patterns by what a path has to begin or end with. */
function affixIndex(keyOf: (path: string, length: number) => string): AffixIndex {
  const byLength = new Map<number, Map<string, Numbered[]>>();
  return {
    add(key, numbered) {
      const byKey = byLength.get(key.length) ?? new Map<string, Numbered[]>();
      byLength.set(key.length, byKey);
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, [numbered]);
      else known.push(numbered);
    },
    lastMatch(path, after) {
      let last = after;
      for (const [length, byKey] of byLength) {
        if (length > path.length) continue;
        const found = byKey.get(keyOf(path, length)) ?? [];
        for (let at = found.length - 1; at >= 0; at--) {
          const { pattern, place } = found[at] as Numbered;
          if (place <= last) break;
          if (!pattern.matches(path)) continue;
          last = place;
          break;
        }
      }
      return last;
    },
  };
}
