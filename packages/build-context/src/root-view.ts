import type { TarTime } from "@drayage/tar";

/**
 * A root file system as far as adding files to it needs to know it: a folder, or layers that are not unpacked. Paths are absolute
 * and clean (`/usr/lib`); bytes that are no UTF-8 cannot be asked for.
 */
export interface RootView {
  /** What is at a path. Links in the folders that lead to it are not followed: whoever asks, asks step by step. Undefined for nothing. */
  lookup(path: string): RootEntry | undefined | Promise<RootEntry | undefined>;
  /** The content of a regular file, where links lead to within the root; undefined where there is none. At most `limit` bytes. */
  readFile(path: string, limit: number): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /**
   * What tells it from roots that answer otherwise. A layer whose making asks for more than where it goes, such as that of an archive that
   * is expanded, is only remembered where this is known. Undefined where it is not.
   */
  identity?(): string | undefined | Promise<string | undefined>;
}

export interface RootEntry {
  readonly type: "directory" | "symlink" | "file" | "other";
  /** Permissions, set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: TarTime;
  /** Of a symbolic link. */
  readonly linkname?: string | undefined;
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined;
}

/** Nothing: what `scratch` has. */
export const emptyRoot: RootView = {
  lookup: () => undefined,
  readFile: () => undefined,
  identity: () => "",
};
