import { constants } from "node:fs";

/**
 * Flags of open(2) that Node's constants lack, for the architectures of this package. `O_CLOEXEC` is always added, as Node
 * does.
 */
export const openFlags: OpenFlags = {
  path: 0o10000000,
  temporary: 0o20000000 | (constants.O_DIRECTORY ?? 0),
};

export interface OpenFlags {
  /** `O_PATH`: a place to look up names from and nothing else. Reading it, or its attributes, is refused. */
  readonly path: number;
  /** `O_TMPFILE`: a file without a name in the folder that is given as path. */
  readonly temporary: number;
}

/** Given as a folder's descriptor (`AT_FDCWD`): names are looked up from the process's working folder, unless they are absolute. */
export const workingFolder: number = -100;
