import { mkdir, rmdir } from "node:fs/promises";
import { errnoOf, ioError } from "@drayage/errors";

/** Folders that were made on the way, so that they can be unmade. */
export interface MadeFolders {
  /** Makes a folder where there is none. Its parent must be there. */
  make(path: string): Promise<void>;
  /** Removes those that were made, the inner ones first, if nothing is in them. */
  unmake(): Promise<void>;
}

export function madeFolders(): MadeFolders {
  const made: string[] = [];

  async function make(path: string): Promise<void> {
    try {
      await mkdir(path, 0o755);
      made.push(path);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw ioError(error, "create the folder", { path });
    }
  }

  async function unmake(): Promise<void> {
    // Of two that make folders at the same time, the inner one may be heard of before the outer one.
    const innerFirst = made.splice(0).sort((a, b) => b.length - a.length);
    for (const path of innerFirst) {
      try {
        await rmdir(path);
      } catch (error) {
        // Another process has put something there meanwhile, or has removed it.
        if (["ENOTEMPTY", "EEXIST", "ENOENT"].includes(errnoOf(error) ?? "")) continue;
        throw ioError(error, "remove the folder", { path });
      }
    }
  }

  return { make, unmake };
}
