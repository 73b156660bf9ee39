import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";

const fileName = ".has-mount-program";

/**
 * The file that tells whether layers are mounted by a program, such as fuse-overlayfs. Such a program marks what layers hide in another way than
 * the kernel, so that all who use a store have to do it alike.
 */
export function readMountProgram(home: string): boolean {
  const path = join(home, fileName);
  try {
    return readFileSync(path, "utf8").trim() === "true";
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw ioError(error, "read", { path });
  }
}

/** Tells others that the kernel mounts, where nobody has told anything. */
export function noteMountProgram(home: string): void {
  const path = join(home, fileName);
  try {
    writeFileSync(path, "false", { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw ioError(error, "write", { path });
  }
}
