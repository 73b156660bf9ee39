import { DrayageError } from "@drayage/errors";
import { type ImageReference, joinPath, splitPath } from "@drayage/transport";

/** Files of which each becomes a layer, the base first. */
export interface TarballReference extends ImageReference {
  /** Paths; `-` is standard input. */
  readonly files: readonly string[];
}

/** What stands for standard input. A file of this name is written `./-`. */
export const standardInput = "-";

/**
 * `FILE[:FILE…]`, where `-` is standard input and `\:` a colon in a path.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID
 */
export function parseTarballReference(text: string): TarballReference {
  const files: string[] = [];
  for (let rest: string | undefined = text; rest !== undefined; ) {
    const split = splitPath(rest);
    if (split.path === "")
      throw invalid(text, "a file's name is missing", "write FILE or FILE:FILE, - for standard input");
    if (split.path.includes("\0")) throw invalid(text, "a path has a NUL character");
    files.push(split.path);
    rest = split.rest;
  }
  if (files.filter((file) => file === standardInput).length > 1) {
    throw invalid(text, "standard input can be only one layer", "a file called - is written ./-");
  }
  return { text: formatFiles(files), files };
}

function formatFiles([first = "", ...others]: readonly string[]): string {
  return joinPath(first, others.length === 0 ? undefined : formatFiles(others));
}

function invalid(text: string, reason: string, hint?: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(text)} names no tarballs: ${reason}`,
    {
      hint,
    },
  );
}
