import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";

/**
 * What a path means to the system: absolute, and without symbolic links, `.` and `..`. Of a path that is not there (yet)
 * this holds for the part that is.
 *
 * @throws ERR_DRAYAGE_IO
 */
export function explicitPath(path: string): string {
  // Not `path.resolve`: it takes `..` for the folder that the text names before, where the system follows links first.
  return resolved(isAbsolute(path) ? path : `${process.cwd()}${sep}${path}`, path);
}

function resolved(path: string, written: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    const parent = dirname(path);
    if (errnoOf(error) !== "ENOENT" || parent === path) throw ioError(error, "resolve", { path: written });
    return join(resolved(parent, written), basename(path));
  }
}
