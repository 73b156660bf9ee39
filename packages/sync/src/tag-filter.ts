import { goPattern } from "./go-pattern.ts";

/** Whether a tag is wanted. */
export type TagFilter = (tag: string) => boolean;

export interface TagFilterOptions {
  /** Regular expressions, of which one must match. Absent or empty: every tag is wanted. */
  readonly include?: readonly string[] | undefined;
  /** Regular expressions, of which none may match. */
  readonly exclude?: readonly string[] | undefined;
}

/**
 * Chooses tags by regular expressions in Go's syntax, which match anywhere in the tag unless `^` and `$` say otherwise: as those of
 * skopeo's `images-by-tag-regex`.
 *
 * @throws ERR_DRAYAGE_CONFIGURATION_INVALID
 */
export function createTagFilter({ include = [], exclude = [] }: TagFilterOptions): TagFilter {
  const wanted = include.map((text) => goPattern(text, "--include"));
  const unwanted = exclude.map((text) => goPattern(text, "--exclude"));
  return (tag) =>
    (wanted.length === 0 || wanted.some((has) => has(tag))) && !unwanted.some((has) => has(tag));
}

export const everyTag: TagFilter = () => true;
