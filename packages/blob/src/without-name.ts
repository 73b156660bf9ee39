import { access, unlink } from "node:fs/promises";
import type { StagedFile } from "./staged-file.ts";

/**
 * Takes a temporary file's name away, where the system reaches it by its descriptor too: then a kill leaves nothing. Gives the path that it is
 * read by, until it is discarded.
 */
export async function withoutName({ fd, path }: Pick<StagedFile, "fd" | "path">): Promise<string> {
  const other = `/proc/self/fd/${fd}`;
  try {
    await access(other);
    await unlink(path);
    return other;
  } catch {
    // It keeps its name, by which a later run finds it, should this one be killed.
    return path;
  }
}
