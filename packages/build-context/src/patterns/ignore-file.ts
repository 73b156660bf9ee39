import { DrayageError } from "@drayage/errors";
import { cleanPath } from "./clean-path.ts";
import { trimSpace } from "./ignore-pattern.ts";

/** Go's scanner takes no longer lines. */
const lineLimit: number = 64 * 1024;

/**
 * The patterns of a `.dockerignore`, as moby reads it: a byte order mark is passed over, lines that start with `#` are comments, spaces
 * around a pattern and around its `!` do not count, nor does a slash in front.
 *
 * @throws `ERR_DRAYAGE_LIMIT_EXCEEDED` for a line of 64 KiB
 */
export function parseIgnoreFile(text: string): readonly string[] {
  const patterns: string[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, "")
    .split("\n")
    .entries()) {
    if (line.length >= lineLimit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `line ${index + 1} of an ignore file has ${line.length} characters, where less than ${lineLimit} are accepted`,
      );
    }
    if (line.startsWith("#")) continue;
    const pattern = ignoreLine(line);
    if (pattern !== undefined) patterns.push(pattern);
  }
  return patterns;
}

/** The pattern of a line; undefined for an empty one. */
export function ignoreLine(line: string): string | undefined {
  const trimmed = trimSpace(line);
  if (trimmed === "") return undefined;
  const isException = trimmed.startsWith("!");
  const pattern = isException ? trimSpace(trimmed.slice(1)) : trimmed;
  const cleaned = pattern === "" ? "" : cleanPath(pattern);
  const relative = cleaned.length > 1 && cleaned.startsWith("/") ? cleaned.slice(1) : cleaned;
  return isException ? `!${relative}` : relative;
}
