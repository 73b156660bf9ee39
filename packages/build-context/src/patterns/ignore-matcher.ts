import { type IgnorePattern, parseIgnorePattern } from "./ignore-pattern.ts";

/** Which patterns match a path, or a folder around it. */
export interface IgnoreState {
  readonly isExcluded: boolean;
  /** One for each pattern. */
  readonly matched: readonly boolean[];
}

/** Patterns in their order: the last one that matches a path, or a folder around it, decides. Paths are below the context: `src/a.js`. */
export interface IgnoreMatcher {
  /** Whether there is any pattern at all. */
  readonly isEmpty: boolean;
  /** What is known before the first folder. */
  readonly start: IgnoreState;
  /** @param around of the folder that the path is in */
  look(path: string, around: IgnoreState): IgnoreState;
  /** Whether an exception may include something in this excluded folder. */
  mayInclude(folder: string, state: IgnoreState): boolean;
  /** What is known of a path, from the first folder on; of the context itself where it is empty. */
  stateOf(path: string): IgnoreState;
}

/**
 * moby's patternmatcher (`MatchesOrParentMatches`): docker, BuildKit and buildah.
 *
 * @throws `ERR_DRAYAGE_USAGE` for a malformed pattern
 */
export function ignoreMatcher(patterns: readonly string[]): IgnoreMatcher {
  const parsed = patterns.map(parseIgnorePattern).filter((pattern) => pattern !== undefined);
  const start: IgnoreState = { isExcluded: false, matched: parsed.map(() => false) };

  function look(path: string, around: IgnoreState): IgnoreState {
    if (parsed.length === 0) return start;
    const matched = parsed.map((pattern, index) => around.matched[index] === true || pattern.matches(path));
    return { isExcluded: isExcludedBy(parsed, matched), matched };
  }

  return {
    isEmpty: parsed.length === 0,
    start,
    look,
    mayInclude(folder, { matched }) {
      const last = matched.lastIndexOf(true);
      return parsed.some(
        (pattern, index) => index > last && pattern.isException && pattern.reachesInto(folder),
      );
    },
    stateOf(path) {
      let state = start;
      if (path === "") return state;
      for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
        state = look(path.slice(0, slash), state);
      }
      return look(path, state);
    },
  };
}

function isExcludedBy(patterns: readonly IgnorePattern[], matched: readonly boolean[]): boolean {
  const last = matched.lastIndexOf(true);
  return last !== -1 && patterns[last]?.isException === false;
}
