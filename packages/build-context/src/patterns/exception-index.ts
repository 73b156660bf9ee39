import type { IgnorePattern } from "./ignore-pattern.ts";

/** The exceptions of an ignore file, asked for what may be in a folder. */
export interface ExceptionIndex {
  /** Whether one behind the place `after` could match anything in the folder. */
  reachesInto(folder: string, after: number): boolean;
}

export function exceptionIndex(patterns: readonly IgnorePattern[]): ExceptionIndex {
  const exceptions = [...patterns.entries()].filter(([, { isException }]) => isException);
  /** Those that stand for themselves, in the order of their characters: those of a folder are next to each other. */
  const paths = exceptions
    .filter(([, { kind }]) => kind === "path")
    .map(([place, { head }]) => ({ place, path: head }))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const others = exceptions.filter(([, { kind }]) => kind !== "path").reverse();

  /** Where the first path is that is not less. */
  function lowerBound(text: string): number {
    let [from, to] = [0, paths.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((paths[middle]?.path ?? "") < text) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  return {
    reachesInto(folder, after) {
      const inside = `${folder}/`;
      for (let at = lowerBound(inside); paths[at]?.path.startsWith(inside) === true; at++) {
        if ((paths[at]?.place ?? -1) > after) return true;
      }
      for (const [place, pattern] of others) {
        if (place <= after) return false;
        if (pattern.reachesInto(folder)) return true;
      }
      return false;
    },
  };
}
