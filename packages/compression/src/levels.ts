import { DrayageError } from "@drayage/errors";
import type { DeflateAlgorithm } from "./algorithm.ts";

interface LevelRange {
  readonly least: number;
  readonly most: number;
  /** What is taken where no level is asked for. */
  readonly usual: number;
}

/**
 * The levels of each algorithm. gzip's usual level is 4, whose output has the size of skopeo's at its
 * default; level 6, which zlib takes, gains 3 % and takes more than twice as long.
 */
export const levels: Readonly<Record<DeflateAlgorithm, LevelRange>> = {
  gzip: { least: 0, most: 9, usual: 4 },
  zstd: { least: 1, most: 22, usual: 3 },
};

/**
 * The level, or the usual one; so zlib, and Go with it, call the usual one of gzip -1. Throws ERR_DRAYAGE_USAGE where it
 * is out of the algorithm's range, or there is no such algorithm.
 */
export function checkLevel(algorithm: DeflateAlgorithm, level: number | undefined): number {
  if (!Object.hasOwn(levels, algorithm)) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `nothing is compressed with ${algorithm}`, {
      hint: `choose one of ${Object.keys(levels).join(", ")}`,
    });
  }
  const { least, most, usual } = levels[algorithm];
  if (level === undefined || (algorithm === "gzip" && level === -1)) return usual;
  if (Number.isInteger(level) && level >= least && level <= most) return level;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `${algorithm} has no compression level ${level}`, {
    hint: `levels of ${algorithm} are ${least} to ${most}`,
  });
}
