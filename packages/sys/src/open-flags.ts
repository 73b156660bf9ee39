import { constants } from "node:fs";

/**
 * Flags of open(2) that Node's constants lack, for the architectures of this package. `O_CLOEXEC` is always added, as Node
 * does.
 */
export const openFlags = {
  /** `O_PATH`: a place to look up names from and nothing else. Reading it, or its attributes, is refused. */
  path: 0o10000000,
  /** `O_TMPFILE`: a file without a name in the folder that is given as path. */
  temporary: 0o20000000 | (constants.O_DIRECTORY ?? 0),
} as const;

/** Given as a folder's descriptor (`AT_FDCWD`): names are looked up from the process's working folder, unless they are absolute. */
export const workingFolder = -100;
