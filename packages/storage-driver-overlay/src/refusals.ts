import { DrayageError } from "@drayage/errors";
import type { Context } from "./context.ts";

/**
 * For whatever makes, mounts or compares layers.
 *
 * @throws `ERR_DRAYAGE_STORE_UNSUPPORTED` for a store whose layers are mounted by a program; their files can be read nevertheless
 */
export function refuseMountProgram({ home, mountProgram }: Context): void {
  if (!mountProgram) return;
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_UNSUPPORTED",
    `the layers in ${JSON.stringify(home.path)} are mounted by a program such as fuse-overlayfs, as the file ".has-mount-program" tells; this overlay driver leaves that to the kernel`,
    { hint: "use a store of your own: containers-storage:[overlay@GRAPHROOT+RUNROOT]NAME" },
  );
}

/** @throws what the two others throw */
export function requireStaging(context: Context): void {
  refuseMountProgram(context);
  requireRoot("make a layer");
}

/** @throws `ERR_DRAYAGE_SYSTEM_UNSUPPORTED` for others than root, also that of a user namespace */
export function requireRoot(what: string): void {
  if (process.geteuid?.() === 0) return;
  throw new DrayageError(
    "ERR_DRAYAGE_SYSTEM_UNSUPPORTED",
    `the overlay driver can ${what} only as root, or in a user namespace where it is root`,
    {
      op: what,
      hint: "run the command within `dray builder unshare` (or `podman unshare`), or use the vfs driver (--storage-driver vfs, or STORAGE_DRIVER=vfs)",
    },
  );
}
