import { DrayageError } from "@drayage/errors";
import { openRoot, overrideStatXattr, parseOverrideStat } from "@drayage/pack";
import { loadSys } from "@drayage/sys";
import type { AddToRootfsOptions } from "./options.ts";
import type { OwnerId } from "./owner.ts";

/** How a root file system keeps owners. */
export interface RootfsOwnership {
  readonly ownership: "chown" | "try" | "none";
  /** The mode of all files, where owners and modes are in the attribute `user.containers.override_stat`; undefined elsewhere. */
  readonly forceMask: number | undefined;
}

/**
 * As was asked for; else in attributes where the root's own folder has one, as the vfs driver keeps owners for others than root, and
 * storage.conf's `force_mask` for all.
 *
 * @param wanted the owner that was asked for by name or number
 * @throws `ERR_DRAYAGE_USAGE` for an owner that is asked for and cannot be set, `ERR_DRAYAGE_IO`
 */
export function rootfsOwnership(
  rootfs: string,
  { ownership }: Pick<AddToRootfsOptions, "ownership">,
  wanted: OwnerId | undefined,
): RootfsOwnership {
  if (ownership !== undefined) return { ownership, forceMask: undefined };
  const forceMask = attributeMode(rootfs);
  if (forceMask !== undefined) return { ownership: "none", forceMask };
  if (process.geteuid?.() === 0) return { ownership: "chown", forceMask };
  if (wanted !== undefined && !isOwn(wanted)) throw cannotGiveAway(wanted);
  return { ownership: "try", forceMask };
}

/** The mode that the files of a root have whose attributes say more; undefined where they do not. */
function attributeMode(rootfs: string): number | undefined {
  const folder = openRoot(rootfs);
  try {
    const value = loadSys()?.getXattr(folder.at("."), overrideStatXattr);
    const stats = folder.stat(".");
    if (value === undefined || stats === undefined || parseOverrideStat(value) === undefined)
      return undefined;
    return Number(stats.mode & 0o777n);
  } finally {
    folder.close();
  }
}

function isOwn({ uid, gid }: OwnerId): boolean {
  return (
    uid === process.geteuid?.() &&
    (gid === process.getegid?.() || process.getgroups?.().includes(gid) === true)
  );
}

function cannotGiveAway({ uid, gid }: OwnerId): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `the user ${process.geteuid?.()} cannot make files that belong to ${uid}:${gid}`,
    { hint: "run as root, or in a user namespace that has these ids (dray builder unshare)" },
  );
}
