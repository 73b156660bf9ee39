/** Kinds of locks: any number may read, or one writes. */
export type LockKind = "read" | "write";

export interface AcquireOptions {
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds. */
  readonly patience: number;
}

/** A folder for what is being made or removed. */
export interface Area {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Where a store keeps its records: folders, or this process's memory. Synchronous, as it is used while locks are held, where an
 * await would let others wait for this thread's other work.
 */
export interface StoreFiles {
  /** Whether bytes outlive the process: then there are paths that drivers and users can open. */
  readonly onDisk: boolean;
  /** Whole, or undefined where there is no such file. Throws `ERR_DRAYAGE_LIMIT_EXCEEDED`. */
  read(path: string, limit: number): Uint8Array | undefined;
  /** A text that differs after every change of the file; `""` where there is none. */
  stamp(path: string): string;
  /** In bytes; undefined where there is no such file. */
  size(path: string): number | undefined;
  /** When a file was changed, or a folder's entries, in milliseconds since 1970; undefined where nobody else sees it. */
  changed(path: string): number | undefined;
  exists(path: string): boolean;
  /** The names in a folder; none where there is no such folder. */
  list(folder: string): readonly string[];
  /**
   * Replaces a file in one step, mode 0600, and makes its folder where that is missing. `volatile`: without waiting for the disk.
   */
  write(path: string, bytes: Uint8Array, options?: { readonly volatile?: boolean | undefined }): void;
  /** A file that is not there yet, in a folder that is, mode 0600, brought to the disk. Takes its time. */
  writeNew(path: string, bytes: Uint8Array): Promise<void>;
  /** Writes over the first bytes of a file in place: tokens. */
  overwrite(path: string, bytes: Uint8Array): void;
  makeFolder(path: string): void;
  /** False where there is nothing at `from`. */
  rename(from: string, to: string): boolean;
  /** A file or a whole folder; nothing happens where there is none. */
  remove(path: string): Promise<void>;
  /** Brings a file's bytes to the disk. */
  syncFile(path: string): Promise<void>;
  /** Brings a folder's entries to the disk. */
  syncFolder(path: string): Promise<void>;
  /** A new folder in `root` that is this process's alone, and is removed by whoever looks for leftovers if this process dies. */
  makeArea(root: string): Area;
  /** Such folders of processes that are gone. */
  abandonedAreas(root: string): readonly Area[];
  acquire(path: string, kind: LockKind, options: AcquireOptions): Promise<AsyncDisposable>;
  /** Takes a lock that nobody else has, at once; undefined where somebody has it. */
  tryAcquire(path: string, kind: LockKind): Disposable | undefined;
}
