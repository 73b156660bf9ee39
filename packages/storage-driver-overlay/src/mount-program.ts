import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";

/**
 * The file that tells whether layers are mounted by a program, such as fuse-overlayfs. Such a program marks what layers hide in another way than
 * the kernel, so that all who use a store have to do it alike.
 */
export function readMountProgram(home: string): boolean {
  const path = join(home, ".has-mount-program");
  try {
    return readFileSync(path, "utf8").trim() === "true";
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw ioError(error, "read", { path });
  }
  try {
    writeFileSync(path, "false", { mode: 0o600 });
    return false;
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}
