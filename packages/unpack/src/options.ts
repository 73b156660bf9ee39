import type { TarLimits, TarTime } from "@drayage/tar";

/** `size` owner ids from `containerId` in an archive are those from `hostId` on this machine. */
export interface IdMapping {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

/**
 * What becomes of whiteouts: files whose base name starts with `.wh.` (OCI image-spec, layer.md, "Whiteouts"). They only
 * hide what is below the layer, whatever their place in the archive.
 *
 * - `apply`: what they hide is removed from the folder, which holds the layers below.
 * - `overlay-trusted`, `overlay-user`: for a folder that holds one layer alone, to be mounted by overlayfs: a device `c 0:0`,
 *   or `trusted.overlay.opaque` or `user.overlay.opaque` on a folder.
 * - `keep`: they are files like others.
 */
export type Whiteouts = "apply" | "overlay-trusted" | "overlay-user" | "keep";

/**
 * What becomes of owners: `chown` sets them; `try` goes on where that is not permitted; with `none` all is owned by whoever
 * unpacks.
 */
export type Ownership = "chown" | "try" | "none";

export interface ImpliedFolders {
  readonly uid: number;
  readonly gid: number;
  readonly mtime?: TarTime | undefined;
}

/** How a layer is unpacked: plain data, which can be sent to another thread. */
export interface UnpackSettings {
  /** The folder, which exists. Nothing outside of it is read or changed, whatever the archive says. */
  readonly root: string;
  /** `apply` where absent. */
  readonly whiteouts?: Whiteouts | undefined;
  /** Where absent, `chown` for root and `none` for others. */
  readonly ownership?: Ownership | undefined;
  /** An id that no mapping has is refused. Absent, or empty: ids are as in the archive. */
  readonly uidMap?: readonly IdMapping[] | undefined;
  readonly gidMap?: readonly IdMapping[] | undefined;
  /**
   * Every file and folder gets this mode; what the archive says is kept in the extended attribute
   * `user.containers.override_stat`. Devices, pipes and the like become empty files. storage.conf's `force_mask`.
   */
  readonly forceMask?: number | undefined;
  /** Devices are left out with `skip`, the default for others than root. Whiteouts are none. */
  readonly devices?: "make" | "skip" | undefined;
  /**
   * `set`, the default: those of the archive, but for `security.selinux` and overlayfs's own; ones that the file system, or
   * the kernel from others than root, does not take are left out.
   */
  readonly xattrs?: "set" | "skip" | undefined;
  /** Whether an entry for the root itself changes the folder. `apply` where absent; containers/storage's overlay ignores it. */
  readonly rootEntry?: "apply" | "ignore" | undefined;
  /** What folders are given that the archive does not have but whose content it has; root as owner, and no time, where absent. Before mapping. */
  readonly implied?: ImpliedFolders | undefined;
  /** Where the tar-split is written, gzipped; a new file. None is made where absent. */
  readonly tarSplitPath?: string | undefined;
  readonly limits?: UnpackLimits | undefined;
}

/** What is accepted of one archive. Memory grows with the number of its folders, of hard links that are left open, and a little with its entries. */
export interface UnpackLimits extends TarLimits {
  /** 5,000,000 where absent. */
  readonly entries?: number | undefined;
  /** Folders, with all that paths lead through: 1,000,000 where absent. */
  readonly folders?: number | undefined;
  /** Hard links to names that the layer does not have, for overlayfs: 100,000 where absent. */
  readonly openLinks?: number | undefined;
}

export interface UnpackOptions extends UnpackSettings {
  /** Whether no other layer is unpacked meanwhile: two threads then serve this one, where it is large. */
  readonly alone?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the count of bytes read from the blob's origin so far. */
  readonly onBytes?: ((total: number) => void) | undefined;
}
