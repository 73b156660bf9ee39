import { parseIgnorePattern } from "../../src/patterns/ignore-pattern.ts";

/** The rules as they are said, with a look at every pattern for every path. */
export function simpleIgnoreMatcher(texts: readonly string[]): {
  isExcluded(path: string): boolean;
  mayInclude(folder: string): boolean;
} {
  const patterns = texts.map(parseIgnorePattern).filter((pattern) => pattern !== undefined);

  /** The last one that matches the path or a folder around it. */
  function lastMatch(path: string): number {
    const parts = path.split("/");
    const around = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
    return patterns.findLastIndex((pattern) => around.some((one) => pattern.matches(one)));
  }

  return {
    isExcluded: (path) => patterns[lastMatch(path)]?.isException === false,
    mayInclude(folder) {
      const last = lastMatch(folder);
      return patterns.some(
        (pattern, place) => place > last && pattern.isException && pattern.reachesInto(folder),
      );
    },
  };
}
