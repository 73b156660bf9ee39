import type { Descriptor } from "@drayage/manifest";
import type { TarTime } from "@drayage/tar";

/** What a file of an image is. */
export type FileType = "file" | "directory" | "symlink" | "character" | "block" | "fifo";

/** What the image says of one of its files. */
export interface FileEntry {
  /** Absolute: `/etc/hosts`; `/` for the root. Bytes that are no UTF-8 are U+FFFD in it: see `rawPath`. */
  readonly path: string;
  /** The exact bytes of the path. */
  readonly rawPath: Uint8Array;
  readonly type: FileType;
  /** Permissions, set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a regular file, in bytes, holes included; 0 for others. */
  readonly size: number;
  readonly mtime: TarTime;
  /** Where a symbolic link points to; "" for others. */
  readonly linkname: string;
  /** The exact bytes of it. */
  readonly rawLinkname: Uint8Array;
  readonly devmajor: number;
  readonly devminor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** The layer that it comes from, as the manifest names it. Absent for a folder that no layer has an entry for. */
  readonly layer: Descriptor | undefined;
}
