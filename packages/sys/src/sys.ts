/** A name within a folder, or a path. Bytes where it is no UTF-8. */
export type PathName = string | Uint8Array;

/** Seconds since 1970, may be negative, and nanoseconds from 0 to 999,999,999. */
export interface FileTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** One overlay mount. All are absolute paths of folders. */
export interface OverlayMount {
  /** The nearest first; at least two where there is no upper folder, at most what the kernel takes (500). */
  readonly lowers: readonly string[];
  /** Absent: a mount that cannot be written. */
  readonly upper?: string | undefined;
  readonly work?: string | undefined;
  readonly target: string;
  /** Options of the file system, such as `userxattr` or `volatile`; `name=value` where it has a value. */
  readonly options?: readonly string[] | undefined;
}

/** What becomes of this process by {@link Sys.execute}. */
export interface Execution {
  /** As the kernel sees it, in the root that is now. */
  readonly path: string;
  readonly args: readonly string[];
  /** `NAME=value` each. */
  readonly env: readonly string[];
  readonly uid: number;
  readonly gid: number;
  /** Absent: they stay, as they must where a user namespace forbids to set them. */
  readonly groups?: readonly number[] | undefined;
  /** The numbers of the capabilities that it, and what it starts, may have at most; those that it has as root. */
  readonly capabilities: ReadonlySet<number>;
  /** The numbers of resources (RLIMIT_…) and what there may be of each; -1 is without end. */
  readonly limits: readonly { readonly resource: number; readonly soft: number; readonly hard: number }[];
  /** The kernel kills the program when the parent of this process dies, also where another user's rights are taken on. */
  readonly diesWithParent?: boolean | undefined;
  /** Called when all but the program's start is done. What it throws keeps the program from starting. */
  readonly beforeStart?: (() => void) | undefined;
}

/** A mount(2): what is absent is a null pointer. */
export interface Mount {
  readonly source?: string | undefined;
  readonly target: string;
  readonly type?: string | undefined;
  /** `MS_…` */
  readonly flags: number;
  readonly data?: string | undefined;
}

/**
 * Linux calls that Node lacks. All are synchronous and take microseconds; none waits for anybody. What fails throws what Node's
 * own fs would: an Error with `code` (`EEXIST`), `errno`, `syscall` and, where there is one, `path`.
 *
 * `folder` is a descriptor of an open folder, or `workingFolder`; a name below it must have no `/` where the call is to be safe
 * from links. What opens a file gives a descriptor that children do not inherit.
 */
export interface Sys {
  /** Takes an open-file-description lock (fcntl(2), `F_OFD_SETLK`) on the whole file; false where another has it. */
  tryLock(fd: number, kind: "read" | "write"): boolean;
  unlock(fd: number): void;
  /** Whether some other open file or process holds a lock that would keep this one from being taken. */
  isLocked(fd: number, kind: "read" | "write"): boolean;
  /** The process that keeps the lock from being taken; undefined where none does, or its lock is an open file's. */
  lockHolder(fd: number, kind: "read" | "write"): number | undefined;

  /**
   * Links and `..` are followed as if the folder were the root (`RESOLVE_IN_ROOT`). Throws `ENOSYS` before Linux 5.6, and `EAGAIN`
   * where somebody goes on renaming folders meanwhile.
   */
  openInRoot(folder: number, path: PathName, flags: number, mode?: number): number;
  openAt(folder: number, name: PathName, flags: number, mode?: number): number;
  mkdirAt(folder: number, name: PathName, mode: number): void;
  mknodAt(folder: number, name: PathName, mode: number, device?: { major: number; minor: number }): void;
  symlinkAt(target: PathName, folder: number, name: PathName): void;
  /** Follows no link at `from`. */
  linkAt(fromFolder: number, from: PathName, folder: number, name: PathName): void;
  unlinkAt(folder: number, name: PathName, options?: { readonly folder?: boolean }): void;
  readlinkAt(folder: number, name: PathName): Uint8Array;
  /** Follows no link. */
  chownAt(folder: number, name: PathName, uid: number, gid: number): void;
  /** Follows links, as there is no other: never call it on a link. */
  chmodAt(folder: number, name: PathName, mode: number): void;
  /** Follows no link. */
  utimesAt(folder: number, name: PathName, atime: FileTime, mtime: FileTime): void;
  renameAt(
    fromFolder: number,
    from: PathName,
    folder: number,
    name: PathName,
    how?: "replace" | "no-replace" | "exchange",
  ): void;

  /**
   * Extended attributes, of a file by its path, where no link at its end is followed, or by its descriptor (none that was
   * opened with `O_PATH`). Values at most 64 KiB; `getXattr` gives undefined where there is none.
   * A file in a folder that is open has the path `/proc/self/fd/<folder>/<name>`, and the folder itself `/proc/self/fd/<folder>/.`.
   */
  setXattr(file: PathName | number, name: PathName, value: Uint8Array): void;
  getXattr(file: PathName | number, name: PathName): Uint8Array | undefined;
  listXattrs(file: PathName | number): readonly Uint8Array[];
  removeXattr(file: PathName | number, name: PathName): void;

  /** How many bytes were copied; 0 at the end of the source. */
  copyRange(from: number, to: number, length: number): number;
  /** Shares the blocks (`FICLONE`). Throws `ENOTSUP`, `EXDEV` or the like where the file system cannot. */
  cloneFile(from: number, to: number): void;
  /** Writes everything of the file system that the descriptor is on to its disk. */
  syncFileSystem(fd: number): void;

  mountOverlay(mount: OverlayMount): void;
  /** Binds a folder on another, or on itself. */
  bindMount(
    from: string,
    to: string,
    options?: { readonly private?: boolean; readonly readOnly?: boolean },
  ): void;
  makePrivate(path: string): void;
  /** Any mount: a new file system, or a change of one. */
  mount(mount: Mount): void;
  /** `detach`: at once, even where files are open (`MNT_DETACH`). */
  unmount(path: string, options?: { readonly detach?: boolean }): void;

  /** Sets the process's file mode mask and gives the one before. For all threads. */
  umask(mask: number): number;

  /** A pipe that children do not inherit. */
  pipe(): readonly [read: number, write: number];
  /** Makes the current folder, a mount, the root of this mount namespace; nothing of the old root stays in sight. */
  pivotRoot(): void;
  /** The current folder becomes the root of this process. */
  chroot(): void;
  setHostName(name: string): void;
  /**
   * Replaces this process, with all of its threads, by a program, which has no signal ignored, no file open but the first three, and no more
   * rights than are named here.
   * Only returns by throwing, and then the rights may be gone already.
   */
  execute(execution: Execution): never;
}
