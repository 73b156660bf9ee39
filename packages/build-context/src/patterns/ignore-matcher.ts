import { DrayageError } from "@drayage/errors";
import { exceptionIndex } from "./exception-index.ts";
import { parseIgnorePattern } from "./ignore-pattern.ts";
import { patternIndex } from "./pattern-index.ts";

/** Which pattern decides on a path. */
export interface IgnoreState {
  readonly isExcluded: boolean;
  /** The place of the last pattern that matches the path, or a folder around it; -1 for none. */
  readonly last: number;
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

/** How many different patterns are accepted: some seconds of looking, if all of them are made to take long. */
const mostPatterns = 250_000;

/**
 * moby's patternmatcher (`MatchesOrParentMatches`): docker, BuildKit and buildah.
 *
 * @throws `ERR_DRAYAGE_USAGE` for a malformed pattern, `ERR_DRAYAGE_LIMIT_EXCEEDED` for more than 250,000 of them
 */
export function ignoreMatcher(texts: readonly string[]): IgnoreMatcher {
  const different = withoutRepeats(texts);
  if (different.length > mostPatterns) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `there are ${different.length} ignore patterns, where at most ${mostPatterns} are accepted`,
      { hint: "leave out whole folders, or use patterns: **/*.log" },
    );
  }
  const patterns = different.map(parseIgnorePattern).filter((pattern) => pattern !== undefined);
  const index = patternIndex(patterns);
  const exceptions = exceptionIndex(patterns);
  const start = stateAfter(-1);

  function stateAfter(last: number): IgnoreState {
    return { last, isExcluded: patterns[last]?.isException === false };
  }

  function look(path: string, around: IgnoreState): IgnoreState {
    const last = index.lastMatch(path, around.last);
    return last === around.last ? around : stateAfter(last);
  }

  return {
    isEmpty: patterns.length === 0,
    start,
    look,
    mayInclude: (folder, { last }) => exceptions.reachesInto(folder, last),
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

/** Of equal lines the last one decides. */
function withoutRepeats(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.toReversed())].reverse();
}
