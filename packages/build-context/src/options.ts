import type { Digest } from "@drayage/digest";
import type { HttpClient } from "@drayage/http";
import type { LayerKey } from "./layer-cache/key.ts";
import type { OwnerId } from "./owner.ts";
import type { RootView } from "./root-view.ts";

/** How sources are read, and what becomes of them: what `packSources` and `addToRootfs` share. */
export interface SourceOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * The folder that sources are looked for in, and do not leave: it is their `/`, also for what links say. Where absent, sources
   * are paths of this machine, relative ones from the current folder.
   */
  readonly contextDir?: string | undefined;
  /** Where a relative destination starts: the container's working folder. `/` where absent. */
  readonly workingDir?: string | undefined;
  /** `user[:group]`, names or numbers, of all that is not in an archive; 0:0 where absent. See {@link resolveOwner}. */
  readonly chown?: string | undefined;
  /** Whether, without {@link chown}, files keep their owners, as those of another container do in a build. */
  readonly preserveOwners?: boolean | undefined;
  /** Octal, at most 7777, of files and folders that are not in an archive. */
  readonly chmod?: string | undefined;
  /** Patterns as lines of an ignore file, which go after those of the file. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * An ignore file. Where absent, `.containerignore` of the context, or `.dockerignore`; none without a context, or with `false`.
   */
  readonly ignoreFile?: string | false | undefined;
  /** Whether sources keep the folders that lead to them; a part `/./` of a source says from where on. */
  readonly parents?: boolean | undefined;
  /** The time of all that is added, folders that are made included. */
  readonly timestamp?: Date | undefined;
  /** Whether sources that are tar archives, compressed or not, are expanded; not those that are downloaded. False where absent. */
  readonly expandArchives?: boolean | undefined;
  /** What the one source, a URL, must be. */
  readonly checksum?: Digest | undefined;
  /** Downloads URLs; one of node:http where absent. */
  readonly http?: HttpClient | undefined;
  /**
   * Whether {@link Added.digest} is the same on every machine: without the names of owners, which buildah's has. False where absent.
   */
  readonly portableDigest?: boolean | undefined;
  /** How often a download that broke is tried again; 3 where absent. */
  readonly retries?: number | undefined;
  readonly limits?: SourceLimits | undefined;
  /** Is told, in a sentence, of each socket that is in a folder which is added, and is left out. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** What is accepted of sources. */
export interface SourceLimits {
  /** Files and folders of all sources: 5,000,000 where absent. */
  readonly entries?: number | undefined;
  /** Bytes of one download: 64 GiB where absent. */
  readonly downloadBytes?: number | undefined;
  /** Bytes of an ignore file: 4 MiB where absent. */
  readonly ignoreFileBytes?: number | undefined;
}

export interface PackSourcesOptions extends SourceOptions {
  /**
   * What the layers below have: it says whether the destination is a folder, where links lead, and what the folders are like that
   * lead to it. Nothing where absent.
   */
  readonly root?: RootView | undefined;
}

/** How the tar of a layer is written. */
export interface LayerTarOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether a chunk may be overwritten once the next one is asked for. */
  readonly borrow?: boolean | undefined;
  /** As `packTree` of @drayage/pack has it: `current` where absent. */
  readonly dialect?: "current" | "1.43" | undefined;
  /**
   * Whether the names that owners have on this machine are written: in the dialect `1.43`, where absent. With that dialect and without names
   * the bytes are those that buildah 1.28 commits.
   */
  readonly ownerNames?: boolean | undefined;
  /** Whether extended attributes are read and written; where absent, as far as this machine has calls for it. */
  readonly xattrs?: boolean | undefined;
  /** Whether {@link Added.digest} is wanted, for which all is hashed once more. True where absent. */
  readonly contentDigest?: boolean | undefined;
}

/** Sources that were found, and where they go. */
export interface PackedSources extends AsyncDisposable {
  /** Where they go: absolute, and with a slash at its end if it is a folder because the caller says so. */
  readonly destination: string;
  /** The owner of all that is not in an archive; undefined where files keep theirs. */
  readonly owner: OwnerId | undefined;
  /**
   * The tar of a layer that adds them: each file is read once, names in the order of their bytes (archives in their own order),
   * the folders that lead to the destination in front. It can be asked for again, and then all is read again.
   *
   * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_SIZE_MISMATCH` for a file that shrinks while it is read,
   * `ERR_DRAYAGE_ARCHIVE_INVALID`, `ERR_DRAYAGE_COMPRESSION_INVALID`, `ERR_DRAYAGE_LIMIT_EXCEEDED`,
   * `ERR_DRAYAGE_SYSTEM_UNSUPPORTED`, `ERR_DRAYAGE_ABORTED`
   */
  tar(options?: LayerTarOptions): AsyncIterable<Uint8Array>;
  /** What was added. Throws a TypeError until a tar was read to its end. */
  facts(): AddedFacts;
  /**
   * What the layer depends on, without reading a file: a walk with one lstat for each entry, which `tar` then goes by. Equal keys give equal
   * layers, unless files were written without a trace in size, times and inode.
   */
  listing(options?: ListingOptions): Promise<SourceListing>;
  /** A root as it is with them added: for what is added later. */
  addedTo(root: RootView): RootView;
}

export interface ListingOptions {
  readonly signal?: AbortSignal | undefined;
  /** What else the layer depends on, such as the options of `tar`, as JSON has it. */
  readonly settings?: unknown;
}

/** Cheap facts about sources. */
export interface SourceListing {
  /**
   * Over everything that the layer depends on: paths, types, modes, owners, sizes, mtime and ctime (nanoseconds), inodes and devices, digests
   * of what was downloaded, the destination and the folders that lead to it, and every option of `packSources`.
   */
  readonly key: LayerKey;
  readonly entries: number;
  /** Of regular files, and of archives as they are. */
  readonly bytes: number;
}

/** What was added: `Added` of @drayage/builder. */
export interface AddedFacts {
  /**
   * As buildah prints it: over a tar of one file or one folder without times, over that of a URL with them, and over a list of
   * such digests where there are several. Of no bytes where it was not wanted.
   */
  readonly digest: Digest;
  /** `file`, `dir` or `multi`; empty for one URL. */
  readonly kind: "file" | "dir" | "multi" | "";
  /** Entries that are no folders. */
  readonly files: number;
  /** Of regular files. */
  readonly bytes: number;
}

export interface AddToRootfsOptions extends SourceOptions {
  /**
   * What becomes of owners. Where absent: kept in the attribute `user.containers.override_stat`, if the root's own folder has it, as the
   * vfs driver does for others than root; else for root `chown`, for others `try`, and `ERR_DRAYAGE_USAGE` for a `chown` that cannot be.
   */
  readonly ownership?: "chown" | "try" | "none" | undefined;
  /** Ids of the container are other ones on this machine. */
  readonly uidMap?: readonly IdMapping[] | undefined;
  readonly gidMap?: readonly IdMapping[] | undefined;
}

/** `size` ids from `containerId` in the container are those from `hostId` on this machine. */
export interface IdMapping {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}
