import type { TarTime } from "@drayage/tar";

/** A range of owners: `size` ids from `containerId` in the container are those from `hostId` outside. */
export interface IdRange {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

/** Owner maps of a tree. Where a list is given, its files' owners are those outside; an owner that no range holds is an error. */
export interface OwnerMaps {
  readonly uidMap?: readonly IdRange[] | undefined;
  readonly gidMap?: readonly IdRange[] | undefined;
}

/**
 * How the kernel's overlay file system marks what a folder hides, to be written as the `.wh.` files of the image-spec:
 * character devices 0:0, and folders with the extended attribute `<namespace>.overlay.opaque`.
 */
export interface OverlayWhiteouts {
  /**
   * The folders of the layers below, the nearest first. A folder that is opaque hides something only if one of them has
   * it: Go's rule. Without any, no `.wh..wh..opq` is written.
   */
  readonly lowers: readonly string[];
  /** `user` for what was mounted with the option `userxattr`; `trusted` where absent. */
  readonly namespace?: "trusted" | "user" | undefined;
}

/**
 * Whose bytes are written. `current`: those of containers/storage 1.53 and later. `1.43`: those of the podman, buildah and
 * skopeo of 2022, whose modes have the bits of the file's type, and which write the names of the owners on this machine.
 * `copier`: those of buildah's squashed layers: no slash behind a folder's name, times rounded to the next second, up or down, and only
 * regular files as links.
 */
export type PackDialect = "current" | "1.43" | "copier";

export interface PackOptions extends OwnerMaps {
  readonly signal?: AbortSignal | undefined;
  /** `current` where absent. */
  readonly dialect?: PackDialect | undefined;
  /** Where absent, device nodes are written as such, and no folder counts as opaque. */
  readonly overlay?: OverlayWhiteouts | undefined;
  /**
   * Whether extended attributes are written: `security.capability`, `security.ima` and `user.` ones, but for overlay's
   * own. True where absent: then, where this machine has no calls to read them, `ERR_DRAYAGE_SYSTEM_UNSUPPORTED`.
   */
  readonly xattrs?: boolean | undefined;
  /** Whether owner, mode and type are what the attribute `user.containers.override_stat` of a file says, if it has one. */
  readonly overrideStat?: boolean | undefined;
  /** The time of every entry, whiteouts too. Where absent, a file's own; and of a whiteout that is made, now. */
  readonly time?: TarTime | undefined;
  /** No entry is newer: those that are get this time. */
  readonly latest?: TarTime | undefined;
  /** Whether the names that owners have on this machine are written: in the dialect `1.43`, where absent. */
  readonly ownerNames?: boolean | undefined;
  /** The owner of every entry. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Whether a chunk may be overwritten once the next one is asked for. */
  readonly borrow?: boolean | undefined;
}

export interface CompareOptions {
  readonly signal?: AbortSignal | undefined;
  readonly newer?: OwnerMaps | undefined;
  readonly older?: OwnerMaps | undefined;
  /** As in {@link PackOptions}. */
  readonly xattrs?: boolean | undefined;
}

/** What one tree has, lacks, or has otherwise than another. */
export interface TreeChange {
  readonly kind: "added" | "changed" | "removed";
  /** Absolute within the tree: `/etc/hosts`. Bytes that are no UTF-8 are U+FFFD in it. */
  readonly path: string;
  readonly rawPath: Uint8Array;
  /** Of regular files; 0 for others, and for what is removed. */
  readonly size: number;
}
