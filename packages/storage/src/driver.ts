import type { Blob, DrainResult } from "@drayage/blob";
import type { TarTime } from "@drayage/tar";

/** Marks an object as a storage driver of drayage, whichever copy of this package made it. */
export const storageDriverBrand: unique symbol = Symbol.for("@drayage/storage-driver");

/** The version of this contract. A driver that says another is refused with a sentence. */
export const storageDriverApiVersion = 1;

/** A way to keep the files of layers: a plain object. The records of layers are the store's, not the driver's. */
export interface StorageDriver {
  readonly [storageDriverBrand]: true;
  readonly apiVersion: typeof storageDriverApiVersion;
  /** `overlay`: what storage.conf calls it, and the name of its folder in the graph root. */
  readonly name: string;
  /** One line for a person. */
  readonly summary: string;
  /** Whether it keeps everything in memory: then the store does, too, and the folders it is given are only names. */
  readonly inMemory?: boolean | undefined;
  /** Makes ready; creates folders where they are missing. Throws `ERR_DRAYAGE_STORE_UNSUPPORTED` and says why. */
  open(place: DriverPlace): Promise<LayerFiles>;
}

export interface DriverPlace {
  /** Absolute. The driver's own folder is `<graphRoot>/<name>`. */
  readonly graphRoot: string;
  /** Absolute; gone after a reboot. */
  readonly runRoot: string;
  /** storage.conf's `[storage.options]` and `[storage.options.<name>]`, without the driver's prefix. */
  readonly options?: Readonly<Record<string, string>> | undefined;
  /**
   * Graph roots of stores that are only read, which may be of a file system that cannot be written. A layer that is not in the driver's own
   * folder is looked for in their `<name>` folders, in this order: layers stand on those.
   */
  readonly additionalStores?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An owner range: `size` ids from `containerId` in the container are those from `hostId` outside. */
export interface IdMapping {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

/**
 * The files of all layers of one driver in one store.
 *
 * Methods that say *brief* are called while `layers.lock` is held for writing: they rename and record, and never move
 * the bytes of files. All others are called without any lock, and may run side by side.
 */
export interface LayerFiles extends AsyncDisposable {
  /** Whether a layer can be unpacked before its parent is there, so that those of one image are unpacked side by side. */
  readonly independentLayers: boolean;
  /** Whether {@link diff} gives the very tar that was unpacked, so that no tar-split is needed. */
  readonly keepsTar?: boolean | undefined;

  /** Throws what {@link stage} would, where nobody such as this process can make layers: before an image is on its way. */
  requireStaging?(): void;
  /**
   * Begins a layer beside the others, where nobody sees it. It is the caller's until it is committed or discarded; what
   * a killed process leaves is found by {@link leftovers}.
   */
  stage(options?: StageOptions): Promise<StagedLayer>;
  /**
   * Brief, but where layers hold copies of their parents: there {@link stage} and {@link StagedLayer.commit}, without anything unpacked,
   * do the same with the copying outside of the lock. An empty layer on its parent, such as a container's own.
   */
  create(id: string, parent: string | undefined, options?: CreateLayerOptions): Promise<void>;
  /**
   * Brief. Takes layers away, and gives what removes their files, to be called after the lock is given back. None is mounted. Nothing
   * happens for a layer without files: whoever began to remove it may have died.
   */
  remove(ids: readonly string[]): Promise<() => Promise<void>>;
  exists(id: string): Promise<boolean>;
  /** The ids of all layers that have files here, for those that no record knows. */
  ids(): Promise<readonly string[]>;
  /** What is staged by no living process, or half removed; each with what removes it. */
  leftovers(): Promise<readonly Leftover[]>;

  /**
   * Makes the layer on its parents visible as one folder and gives its path. Counting is the store's affair: it calls this for
   * what is not mounted, and {@link unmount} for what is, both under the lock of the mounts.
   */
  mount(id: string, options?: MountLayerOptions): Promise<string>;
  unmount(id: string): Promise<void>;

  /**
   * One of the layer's own files for the reassembly of its tar, links within the layer resolved as if its folder were the
   * root; the parents' where the layer has none. Undefined where neither has it. `name` is that of the tar's entry. An answer at
   * once saves a turn of the event loop for each file.
   */
  openFile(id: string, name: Uint8Array): LayerFile | undefined | Promise<LayerFile | undefined>;
  /** A tar of what the layer changes against its parent, made anew from its files: for layers without tar-split. */
  diff(id: string, options?: LayerDiffOptions): AsyncIterable<Uint8Array>;
  /** The folder that has what the layer changes, and nothing else. Absent where a layer's folder has its parents' files, too. */
  ownFolder?(id: string): string;
  /** What the layer changes against its parent. */
  changes(id: string, options?: LayerDiffOptions): AsyncIterable<LayerChange>;
  /**
   * What is wrong with the driver's own notes of which layers lie below each other. Changes nothing, and has nothing to say on parents
   * without files. Absent, as {@link mendParents}, where the store's records are all there is.
   */
  checkParents?(layer: LayerParents): Promise<readonly ParentsProblem[]>;
  /** Brief. Writes such notes anew where they are wrong. It is given all layers of the store, as a note of one can concern others. */
  mendParents?(layers: readonly LayerParents[]): Promise<void>;
  /** The bytes of the regular files that the layer adds or changes, each counted once. */
  size(id: string, options?: LayerDiffOptions): Promise<number>;
  /** What a person may want to know: `dray info`. */
  facts(): Promise<Readonly<Record<string, string>>>;
}

/** What a layer stands on, as the store's records have it. */
export interface LayerParents {
  readonly id: string;
  /** The nearest first. */
  readonly parents: readonly string[];
}

/** A note of the driver that does not fit the records. */
export interface ParentsProblem {
  readonly path: string;
  /** One line that names the file and the layer. */
  readonly message: string;
}

export interface StageOptions {
  /**
   * The layer that it will stand on. A driver whose layers are not independent needs it there now; the others only need it
   * by the time of {@link StagedLayer.settle}, where it is given again.
   */
  readonly parent?: string | undefined;
  readonly uidMap?: readonly IdMapping[] | undefined;
  readonly gidMap?: readonly IdMapping[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A layer that is being made. Closed before it is committed, it is discarded. */
export interface StagedLayer extends AsyncDisposable {
  /**
   * Unpacks the layer's tar. `blob` has the steps that inflate it; it is verified. At most once.
   * Throws `ERR_DRAYAGE_ARCHIVE_INVALID` and the like; nothing of the layer leaves its folder.
   */
  unpack(blob: Blob, options?: UnpackStagedOptions): Promise<UnpackedLayer>;
  /**
   * What can only be done when the parent is known and there, or is settled itself: hard links to a parent's files, a root
   * that hides the parent's, folders that are links there. In the order of the layers, before {@link commit}; outside of locks.
   */
  settle(parent: string | StagedLayer | undefined): Promise<void>;
  /**
   * Brief. Puts the files in their place, upon the layer `parent`, whose files are there by now, or nothing. It has the content of the one
   * that this was settled on, and need not be that one: where another process was faster, its layer stays.
   */
  commit(id: string, parent?: string | undefined): Promise<void>;
  discard(): Promise<void>;
}

export interface UnpackStagedOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the count of bytes read from the blob's origin so far. */
  readonly onBytes?: ((total: number) => void) | undefined;
  /** Where the tar-split is to be written, gzipped; a file beside which nothing else is. Absent: none is made. */
  readonly tarSplitPath?: string | undefined;
}

export interface UnpackedLayer {
  /** Every stage of the blob; the last is the tar itself, whose digest is the diffID. */
  readonly drained: DrainResult;
  /** The owners that occur in headers, whiteouts aside, each once, sorted by number. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
}

export interface CreateLayerOptions {
  readonly uidMap?: readonly IdMapping[] | undefined;
  readonly gidMap?: readonly IdMapping[] | undefined;
  readonly mountLabel?: string | undefined;
}

export interface MountLayerOptions {
  readonly readOnly?: boolean | undefined;
  readonly mountLabel?: string | undefined;
  /** What is written need not outlive a crash of the machine: mounts need not sync. No matter to drivers that mount nothing. */
  readonly volatile?: boolean | undefined;
  /**
   * All that the layer stands on, the nearest first, as the records have it. A driver with notes of its own throws
   * `ERR_DRAYAGE_STORE_INVALID` where those say otherwise, rather than to show a part.
   */
  readonly parents?: readonly string[] | undefined;
  /** Options of the mount, instead of those that the driver was opened with. */
  readonly options?: readonly string[] | undefined;
}

/** One file's bytes. Synchronous, as the files of a store are local. */
export interface LayerFile {
  readonly size: number;
  /** Fills the buffer from `position` on as far as there are bytes, and says how many. */
  read(buffer: Uint8Array, position: number): number;
  close(): void;
}

/** How a tar is made of a layer's files: the options of the same names of @drayage/pack. */
export interface RepackOptions {
  readonly dialect?: "current" | "1.43" | "copier" | undefined;
  readonly ownerNames?: boolean | undefined;
  readonly time?: TarTime | undefined;
  readonly latest?: TarTime | undefined;
  /** Owners are written as those who use the layer see them: a layer's own maps, for one that was made with other ids. */
  readonly uidMap?: readonly IdMapping[] | undefined;
  readonly gidMap?: readonly IdMapping[] | undefined;
}

export interface DiffOptions {
  /** Against this layer instead of the parent. */
  readonly against?: string | undefined;
  /** For {@link LayerFiles.diff}. A driver that keeps the tar as it came gives that. */
  readonly repack?: RepackOptions | undefined;
  /** For {@link LayerFiles.diff}: a chunk may be overwritten once the next one is asked for. */
  readonly borrow?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the store says to a driver. */
export interface LayerDiffOptions extends DiffOptions {
  /** The layer's parent: always said where there is one, as not every driver's files tell. */
  readonly parent?: string | undefined;
  /** As {@link MountLayerOptions.parents}. */
  readonly parents?: readonly string[] | undefined;
}

export interface LayerChange {
  readonly kind: "added" | "changed" | "removed";
  /** Absolute within the layer: `/etc/hosts`. */
  readonly path: string;
  /** Of regular files; 0 for others, and for what is removed. */
  readonly size: number;
}

export interface Leftover {
  readonly path: string;
  readonly why: string;
  remove(): Promise<void>;
}
