import type { Blob } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import type {
  DiffOptions,
  IdMapping,
  LayerChange,
  RepackOptions,
  StorageDriver,
  UnpackedLayer,
  UnpackStagedOptions,
} from "./driver.ts";
import type { ContainerRecord, ImageRecord, LayerRecord, MountRecord, RecordKind } from "./records/types.ts";
import type {
  CheckOptions,
  CheckReport,
  PruneOptions,
  PruneReport,
  RepairOptions,
  RepairReport,
} from "./reports.ts";
import type { StoreView } from "./view/contract.ts";

export interface OpenStoreOptions {
  /** Absolute; `/var/lib/containers/storage` for root. Absent only with a driver that keeps nothing on a disk. */
  readonly graphRoot?: string | undefined;
  /** Absolute; `/run/containers/storage` for root. Gone after a reboot. */
  readonly runRoot?: string | undefined;
  readonly driver: StorageDriver;
  /** storage.conf's `[storage.options]` and `[storage.options.<driver>]`, without the driver's prefix. */
  readonly driverOptions?: Readonly<Record<string, string>> | undefined;
  /** Graph roots of stores that are only read: storage.conf's `additionalimagestores`, in their order. */
  readonly additionalStores?: readonly string[] | undefined;
  /** How long to wait for a lock that another program keeps, in milliseconds. Ten minutes where absent: Go tools unpack under it. */
  readonly patience?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A store of podman, buildah and skopeo (containers/storage), shared with them while they run.
 *
 * Reading takes no lock and waits for nobody: files are read again when they have changed, and a view is given only of files that
 * did not change while it was read. Writing takes their locks, in their order, each for milliseconds. What is unpacked
 * is unpacked outside of them.
 *
 * Every method throws `ERR_DRAYAGE_STORE_INVALID` where a file of the store is damaged; it is named, and never rewritten. Those that
 * change something throw `ERR_DRAYAGE_SYSTEM_UNSUPPORTED` where this machine has no locks for us, `ERR_DRAYAGE_LOCKED`
 * where another program kept one for longer than `patience`, and, for a record of an additional store, `ERR_DRAYAGE_IN_USE`.
 *
 * Where a method takes an `id`, it takes a whole id: look it up in a {@link read view} first.
 */
export interface Store extends AsyncDisposable {
  /** Undefined for a store in memory. */
  readonly graphRoot: string | undefined;
  readonly runRoot: string | undefined;
  /** The driver's name. */
  readonly driver: string;

  /** All records, as they are now. Layers that are being made or deleted are not among them. */
  read(options?: StoreOptions): Promise<StoreView>;

  // Layers

  /**
   * Throws where this process cannot make layers, whatever they are: before an image is on its way. With `overlay` that is anybody
   * but root, also that of a user namespace.
   *
   * @throws `ERR_DRAYAGE_STORE_UNSUPPORTED`, `ERR_DRAYAGE_SYSTEM_UNSUPPORTED`
   */
  requireStaging(): void;
  /** Begins a layer that nobody sees yet. */
  stageLayer(options?: StageLayerOptions): Promise<LayerStage>;
  /**
   * Makes staged layers part of the store, the base first, in one short hold of `layers.lock`; all or none. Where a layer of the
   * same id is there already, that is taken and the staged one discarded. {@link hold} them first, or a prune may take them before an
   * image needs them.
   *
   * @returns their records, in the order they were given in
   * @throws `ERR_DRAYAGE_LAYER_NOT_FOUND` (retryable) where a layer that is to be there is gone
   */
  commitLayers(layers: readonly LayerToCommit[], options?: StoreOptions): Promise<readonly LayerRecord[]>;
  /** An empty layer that can be written to once it is mounted. */
  createLayer(layer?: NewLayer, options?: StoreOptions): Promise<LayerRecord>;
  /** Throws `ERR_DRAYAGE_IN_USE`, and by what, where an image, a container, another layer or a hold needs it. */
  deleteLayer(id: string, options?: StoreOptions): Promise<void>;
  /**
   * The layer's tar, to the byte as it came: put together from tar-split and files, every file's checksum compared, and the whole
   * with the diffID; what differs is told of at the end, so nothing that is made of the chunks counts before. A layer without tar-split
   * is packed anew, which gives the same digest only by chance; it is then compared, too, where a diffID is known, unless `anyBytes`.
   *
   * @throws `ERR_DRAYAGE_DIGEST_MISMATCH`, `ERR_DRAYAGE_STORE_INVALID` with the file that has changed
   */
  openDiff(layerId: string, options?: OpenDiffOptions): AsyncIterable<Uint8Array>;
  /** {@link openDiff} as a blob, with digest and size where they are known. */
  diffBlob(layer: LayerRecord, options?: Omit<OpenDiffOptions, "signal">): Blob;
  /** The folder that has what a layer changes and nothing else, where the driver keeps one; undefined elsewhere. */
  ownFolder(layerId: string): string | undefined;
  /** What a layer changes against its parent, or against another layer. */
  changes(layerId: string, options?: DiffOptions): AsyncIterable<LayerChange>;
  /** The bytes of a layer's tar, or of its files where no tar is known; counted once, then remembered. */
  layerSize(layerId: string, options?: StoreOptions): Promise<number>;

  // Images

  /**
   * Adds an image, with its layers as far as they are staged: one short hold of `layers.lock`, and of `images.lock` within it. Nothing
   * is seen before all of it is there, its names last.
   *
   * An image of the same id and the same top layer takes the names and big data over (as in the Go tools).
   *
   * @throws `ERR_DRAYAGE_NAME_TAKEN` where an image of this id has another top layer; `ERR_DRAYAGE_LAYER_NOT_FOUND` (retryable)
   */
  commitImage(image: NewImage, options?: StoreOptions): Promise<ImageRecord>;
  /**
   * Deletes an image, and those of its layers that nothing else needs. Layers that a pull or a build holds stay; prune takes them later.
   *
   * @throws `ERR_DRAYAGE_IN_USE` where a container uses it; `ERR_DRAYAGE_IMAGE_NOT_FOUND`
   */
  deleteImage(id: string, options?: StoreOptions): Promise<DeletedImage>;
  /** Of an image's layers and of its other files. */
  imageSize(imageId: string, options?: StoreOptions): Promise<ImageSize>;
  /**
   * The image as docker had it before there were digests: for each entry of the history, the base first, a JSON document with `id` and `parent`,
   * ids being hashes of the chain below. Made when first asked for, and kept.
   */
  v1Compatibility(imageId: string, options?: StoreOptions): Promise<readonly V1Image[]>;

  // Containers

  /** A container on an image (its top layer), on a layer, or on nothing. */
  createContainer(container?: NewContainer, options?: StoreOptions): Promise<ContainerRecord>;
  /** Deletes a container, its layer, and its folders; unmounts it first. */
  deleteContainer(id: string, options?: StoreOptions): Promise<void>;
  /** Bytes of what was written in a container. Not remembered, as it changes. */
  containerSize(id: string, options?: StoreOptions): Promise<number>;
  /** The folder for the files of whoever made the container, which is made where it is missing. `run`: gone after a reboot. */
  containerFolder(id: string, which?: "graph" | "run"): Promise<string>;

  // What all records have

  /** Gives a record exactly these names. Whatever had one of them loses it. */
  setNames(kind: RecordKind, id: string, names: readonly string[], options?: StoreOptions): Promise<void>;
  /** Puts names before those that there are. Whatever had one of them loses it. */
  addNames(kind: RecordKind, id: string, names: readonly string[], options?: StoreOptions): Promise<void>;
  removeNames(kind: RecordKind, id: string, names: readonly string[], options?: StoreOptions): Promise<void>;
  setMetadata(kind: RecordKind, id: string, metadata: string, options?: StoreOptions): Promise<void>;
  /** `value` is a JSON value; undefined takes the flag away. */
  setFlag(kind: RecordKind, id: string, flag: Flag, options?: StoreOptions): Promise<void>;
  /**
   * A piece of big data, whole. At most 64 MiB unless `limit` says otherwise.
   * Throws `ERR_DRAYAGE_BLOB_NOT_FOUND` where the record has none of this name.
   */
  bigData(kind: RecordKind, id: string, key: string, options?: BigDataOptions): Promise<Uint8Array>;
  /** The same as a blob, for large ones. Its size is known, and its digest where the record tells. */
  bigDataBlob(kind: RecordKind, id: string, key: string): Promise<Blob>;
  setBigData(kind: RecordKind, id: string, item: BigDataItem, options?: StoreOptions): Promise<void>;

  // Mounts

  /** Mounts a layer, an image's top layer (read-only) or a container's, and counts it. The same folder for all that mount it. */
  mount(target: MountTarget, options?: MountOptions): Promise<string>;
  /**
   * Counts one less, and unmounts at none. `force`: at once.
   * @returns whether it is still mounted
   * @throws `ERR_DRAYAGE_USAGE` where it is not mounted
   */
  unmount(target: MountTarget, options?: UnmountOptions): Promise<boolean>;
  mounts(options?: StoreOptions): Promise<readonly MountRecord[]>;

  // Safety

  /**
   * Keeps layers safe from our prune and deletion, in any process, until it is released or this process ends. Layers that are not there yet
   * may be held. The Go tools do not know holds.
   */
  hold(layerIds: Iterable<string>, options?: HoldOptions): Promise<Hold>;
  /** All that is held by living processes. */
  holds(): Promise<readonly HoldRecord[]>;
  /**
   * Takes the lock that is called after a digest, which guards nothing by itself: programs agree on what it is for. That of `sha256:` and an
   * image's id is for changing the manifest list that the image keeps (containers/storage, `GetDigestLock`). No other lock may be held.
   */
  lockDigest(digest: Digest, options?: StoreOptions): Promise<AsyncDisposable>;
  check(options?: CheckOptions): Promise<CheckReport>;
  /** Mends what a check found, or removes what cannot be mended, images last. */
  repair(report: CheckReport, options?: RepairOptions): Promise<RepairReport>;
  prune(options?: PruneOptions): Promise<PruneReport>;
  /** What a person may want to know: `dray info`. */
  facts(): Promise<Readonly<Record<string, string>>>;
}

export interface StoreOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface StageLayerOptions extends StoreOptions {
  /** The id of the layer it will stand on, if it is there already. Drivers whose layers are not independent (`vfs`) need it now. */
  readonly parent?: string | undefined;
  /** Where absent, `commit…` gives the id that the Go tools give: {@link import("./layer-id.ts").layerIdOf}. */
  readonly id?: string | undefined;
  readonly names?: readonly string[] | undefined;
  readonly metadata?: string | undefined;
}

/** A layer that is being made. Disposed of before it is committed, it is discarded. */
export interface LayerStage extends AsyncDisposable {
  /** Whether it can be unpacked before the layer below it is there. */
  readonly independent: boolean;
  /** Of {@link unpack}; undefined before. */
  readonly unpacked: UnpackedLayer | undefined;
  /**
   * Unpacks the layer's tar, once. `blob` ends in the tar: it has a step that inflates it where it is compressed. Blob, tar and files are
   * verified and hashed in one pass. Waits for no lock.
   */
  unpack(blob: Blob, options?: Omit<UnpackStagedOptions, "tarSplitPath">): Promise<UnpackedLayer>;
  /**
   * Keeps bytes as big data of the layer, such as the compressed blob for a later push. They are moved when the layer is committed.
   * @returns a path to write a file to; undefined in a store without a folder, where {@link keep} takes the bytes
   */
  bigDataFile(key: string): string | undefined;
  keep(item: BigDataItem): void;
  /**
   * Does what only the layer below makes possible; that must be settled, or committed, itself. `commit…` does it for those that were not settled. May
   * be called as soon as the layer below is settled, while others are unpacked.
   */
  settle(parent: LayerToCommit | undefined): Promise<void>;
  discard(): Promise<void>;
}

/** A staged layer, or the id of one that is there. */
export type LayerToCommit = LayerStage | string;

export interface NewLayer {
  /** Random where absent. */
  readonly id?: string | undefined;
  readonly parent?: string | undefined;
  readonly names?: readonly string[] | undefined;
  readonly metadata?: string | undefined;
  readonly flags?: Readonly<Record<string, unknown>> | undefined;
  readonly mountLabel?: string | undefined;
  readonly uidMap?: readonly IdMapping[] | undefined;
  readonly gidMap?: readonly IdMapping[] | undefined;
}

export interface OpenDiffOptions extends StoreOptions {
  /** Give a layer without tar-split as it is now, whatever its digest once was. */
  readonly anyBytes?: boolean | undefined;
  /** Make the tar of the layer's files in this way, though a tar-split may say what it once was. Its digest is not known. */
  readonly repack?: RepackOptions | undefined;
}

export interface BigDataItem {
  readonly key: string;
  readonly bytes: Uint8Array;
}

export interface BigDataOptions extends StoreOptions {
  /** The most bytes that are accepted. */
  readonly limit?: number | undefined;
}

export interface NewImage {
  /** The hex of the config's digest by custom; random where absent. */
  readonly id?: string | undefined;
  /** All layers, the base first. */
  readonly layers: readonly LayerToCommit[];
  /** Whole names, as they are to be stored. They come before those that an image of the same id has; whatever else had one loses it. */
  readonly names?: readonly string[] | undefined;
  readonly metadata?: string | undefined;
  /** The config's, RFC 3339; now where absent. */
  readonly created?: string | undefined;
  /** Where absent, that of the first item of {@link bigData} that is a manifest. */
  readonly digest?: Digest | undefined;
  /** In the order in which they are to be listed. */
  readonly bigData?: readonly BigDataItem[] | undefined;
  readonly flags?: Readonly<Record<string, unknown>> | undefined;
  /** Told of the image of this id that is there once all is locked. What it throws leaves the store as it was. It must not wait. */
  readonly check?: ((existing: ImageRecord | undefined) => void) | undefined;
}

export interface DeletedImage {
  readonly image: ImageRecord;
  /** The layers that went with it, the top first. */
  readonly layers: readonly string[];
  /** Those that stay only because they are held. */
  readonly held: readonly string[];
}

export interface ImageSize {
  /** Layers and other files. */
  readonly total: number;
  readonly layers: number;
  /** Of its layers, those that no other image has. */
  readonly unique: number;
  /** Configs, manifests, signatures. */
  readonly bigData: number;
}

/** One entry of the chain that `v1Compatibility` gives. */
export interface V1Image {
  readonly id: string;
  readonly parent: string | undefined;
  /** The store's layer that it is about; undefined for steps that made none. */
  readonly layer: string | undefined;
  /** The whole document, one line of JSON. */
  readonly json: string;
}

export interface NewContainer {
  /** Random where absent. */
  readonly id?: string | undefined;
  readonly names?: readonly string[] | undefined;
  /** An image's id. */
  readonly image?: string | undefined;
  /** Instead of the image's top layer. */
  readonly parent?: string | undefined;
  readonly metadata?: string | undefined;
  /** `MountLabel` and `ProcessLabel` are there, empty, if they are not given, as in the Go tools. */
  readonly flags?: Readonly<Record<string, unknown>> | undefined;
  readonly bigData?: readonly BigDataItem[] | undefined;
  /** Files of its {@link Store.containerFolder folder}, by their names: they are there before the container is seen. */
  readonly files?: ReadonlyMap<string, Uint8Array> | undefined;
  readonly uidMap?: readonly IdMapping[] | undefined;
  readonly gidMap?: readonly IdMapping[] | undefined;
  readonly mountLabel?: string | undefined;
}

export interface Flag {
  readonly name: string;
  readonly value: unknown;
}

/** Ids. */
export type MountTarget =
  | { readonly layer: string }
  | { readonly image: string }
  | { readonly container: string };

export interface MountOptions extends StoreOptions {
  /** Images always are. */
  readonly readOnly?: boolean | undefined;
  readonly mountLabel?: string | undefined;
  /** What is written need not outlive a crash of the machine. As the container's record says, where absent. */
  readonly volatile?: boolean | undefined;
  /** Options of the mount, instead of the container's and the driver's. */
  readonly options?: readonly string[] | undefined;
}

export interface UnmountOptions extends StoreOptions {
  readonly force?: boolean | undefined;
}

export interface HoldOptions extends StoreOptions {
  /** Who holds, for people: `pull docker.io/library/alpine:latest`. */
  readonly why?: string | undefined;
}

/** Layers that are kept safe. Dies with its process. */
export interface Hold extends AsyncDisposable {
  /** Holds more. Afterwards they are safe, if they are there. */
  add(layerIds: Iterable<string>): Promise<void>;
  release(): Promise<void>;
}

export interface HoldRecord {
  readonly layers: readonly string[];
  readonly why: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly since: string;
}
