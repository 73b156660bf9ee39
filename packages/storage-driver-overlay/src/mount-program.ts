import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import type { Context } from "./context.ts";

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

/** @throws `ERR_DRAYAGE_STORE_UNSUPPORTED` for a store whose layers are mounted by a program; their files can be read nevertheless */
export function refuseMountProgram({ home, mountProgram }: Context): void {
  if (!mountProgram) return;
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_UNSUPPORTED",
    `the layers in ${JSON.stringify(home.path)} are mounted by a program such as fuse-overlayfs, as the file ".has-mount-program" tells; this overlay driver leaves that to the kernel`,
    { hint: "use a store of your own: containers-storage:[overlay@GRAPHROOT+RUNROOT]NAME" },
  );
}
