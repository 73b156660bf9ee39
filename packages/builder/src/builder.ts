import type { Blob } from "@drayage/blob";
import type { LayerCache } from "@drayage/build-context";
import type { Digest } from "@drayage/digest";
import type { NamespaceChoices, Network } from "@drayage/run";
import type {
  BlobInfoCache,
  DestinationOptions,
  ImageSource,
  Location,
  OperationOptions,
  ProgressEvent,
} from "@drayage/transport";
import type { ConfigChanges } from "./state/changes.ts";
import type { BuilderState, HistoryItem } from "./state/state.ts";

/**
 * A container that is being worked on: an image, what was changed since, and what is to be said about the image that it becomes.
 * Those in a store are buildah's own, and every method leaves them as buildah could go on with them. Those of a pipeline are layers
 * over a base that is not unpacked.
 */
export interface WorkingContainer extends AsyncDisposable {
  /** In a store, the container's ID. */
  readonly id: string;
  readonly name: string;
  /** As it is now; plain data that no method changes under its reader. */
  readonly state: BuilderState;

  /** Adds files as ADD does: URLs are downloaded, local archives expanded. */
  add(sources: readonly string[], destination: string, options?: AddOptions): Promise<AddResult>;
  /** Adds files as COPY does. */
  copy(sources: readonly string[], destination: string, options?: AddOptions): Promise<AddResult>;
  /** Changes what the image will say, all or nothing. Throws `ERR_DRAYAGE_USAGE` where a value is none, and for a field that there is not. */
  config(changes: ConfigChanges, options?: ConfigOptions): Promise<void>;
  /**
   * Runs a command in the container.
   * Throws `ERR_DRAYAGE_CONTAINER_UNSUPPORTED` for a container of a pipeline, which has no files.
   */
  run(command: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** The folder where its files are. Throws `ERR_DRAYAGE_CONTAINER_UNSUPPORTED` for a container of a pipeline. */
  mount(options?: OperationOptions): Promise<string>;
  unmount(options?: OperationOptions): Promise<void>;
  /** The container as an image that can be read: what {@link commit} copies. Its new layers are kept in a temporary folder until it is closed. */
  openSource(options?: CommitOptions): Promise<ImageSource>;
  /** Copies the container, as an image, to any place; in its store under no name where there is none. Files are read once. */
  commit(to: Location | undefined, options?: CommitOptions): Promise<Committed>;
  /** Deletes it. */
  remove(options?: OperationOptions): Promise<void>;
}

/** Options of {@link WorkingContainer.config}. */
export interface ConfigOptions extends OperationOptions {
  /** For variables that get this machine's value; the process's where absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Whether values that no tool could use are written down, as buildah does, instead of being refused. */
  readonly asGiven?: boolean | undefined;
  /** Is told, in a sentence, what a format cannot hold, and of variables that have no value. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** Options of {@link WorkingContainer.add}, as buildah's `add` and `copy` have them. */
export interface AddOptions extends OperationOptions {
  /** The folder that sources are relative to, and do not leave; for `from` that of the other root. The current folder where absent. */
  readonly contextDir?: string | undefined;
  /** `user[:group]`, names or numbers; names are those of the container's passwd and group files. */
  readonly chown?: string | undefined;
  /** Octal. */
  readonly chmod?: string | undefined;
  /** Sources are files of another container or image: in a store, of one of it, by its name; in a pipeline, of any image, by its place. */
  readonly from?: string | Location | undefined;
  /** The digest that the one source, a URL, must have. */
  readonly checksum?: Digest | undefined;
  /** Patterns as those of an ignore file. */
  readonly exclude?: readonly string[] | undefined;
  /** A `.dockerignore`; `.containerignore` or `.dockerignore` of the context where absent. */
  readonly ignoreFile?: string | undefined;
  /** Keeps the folders of the sources (COPY --parents). */
  readonly parents?: boolean | undefined;
  /** Sets the times of what is added. */
  readonly timestamp?: Date | undefined;
  /** Whether local archives are expanded: true for `add`, false for `copy`, where absent. */
  readonly expandArchives?: boolean | undefined;
  /** Whether an entry is put into the history: `/bin/sh -c #(nop) ADD file:<digest>`, as buildah 1.28 words it. */
  readonly addHistory?: boolean | undefined;
  /** Is told, in a sentence, of each socket that is left out; of a pipeline's when the image is committed. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
  /** Headers, tokens and the like are not for buildah's: whoever has them downloads. */
  readonly retry?: number | undefined;
}

export interface Added {
  /** Over what was added, as buildah prints it: of the one file, or of the tar of several. */
  readonly digest: Digest;
  /** `file`, `dir` or `multi`, as buildah's history says; empty for a URL. */
  readonly kind: string;
  readonly files: number;
  readonly bytes: number;
}

/** {@link Added} as far as it is known: a pipeline looks at files only when it is committed. */
export type AddResult = Partial<Added>;

export interface RunOptions extends OperationOptions {
  /** `oci`, `chroot` or `rootless`; as the container says where absent. */
  readonly isolation?: string | undefined;
  /** The path or name of an OCI runtime. */
  readonly runtime?: string | undefined;
  readonly runtimeFlags?: readonly string[] | undefined;
  readonly env?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly workingDir?: string | undefined;
  readonly hostname?: string | undefined;
  readonly network?: Network | undefined;
  /** `source:destination[:options]` */
  readonly volumes?: readonly string[] | undefined;
  /** `type=bind,src=…,dst=…` and the like. */
  readonly mounts?: readonly string[] | undefined;
  /** `id=…,src=…` or `id=…,env=…` */
  readonly secrets?: readonly string[] | undefined;
  /** The folder that sources of `mounts` of type bind are in. Absent: they are paths of the machine. */
  readonly contextDir?: string | undefined;
  /** Leaves `/etc/hosts` as the image has it. */
  readonly noHosts?: boolean | undefined;
  /** For the runtime: no pivot_root, as for a root file system in a ramdisk. */
  readonly noPivot?: boolean | undefined;
  /** Folders of hooks for the runtime, as oci-hooks(5) has them, instead of those that the container says; those that count more last. */
  readonly hooksDirs?: readonly string[] | undefined;
  readonly capAdd?: readonly string[] | undefined;
  readonly capDrop?: readonly string[] | undefined;
  readonly terminal?: boolean | undefined;
  readonly addHistory?: boolean | undefined;
  readonly stdin?: "inherit" | "ignore" | undefined;
  /** Whose namespaces it is in, instead of those that the container says. */
  readonly namespaces?: NamespaceChoices | undefined;
  /** Is told what the container asks for and is not applied, as the machine or the isolation has no way to. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
  readonly onOutput?: ((stream: "stdout" | "stderr", bytes: Uint8Array) => void) | undefined;
}

export interface RunResult {
  /** 128 and the number of the signal where one ended it. */
  readonly exitCode: number;
  readonly signal?: string | undefined;
}

/** Options of {@link WorkingContainer.commit}: buildah's. */
export interface CommitOptions extends OperationOptions {
  /** The container's own (buildah.json's `Format`) where absent. */
  readonly format?: "oci" | "docker" | undefined;
  /** One layer of all files, and no history but this one entry. */
  readonly squash?: boolean | undefined;
  /** No layer for what changed; for config changes alone. */
  readonly emptyLayer?: boolean | undefined;
  readonly omitHistory?: boolean | undefined;
  /**
   * For the new layers. Where absent: what the destination wants (gzip for registries and OCI layouts), and none where it takes both (stores,
   * folders). `none` lets layers stay uncompressed in OCI layouts, too. A source that is opened has none where absent.
   */
  readonly compression?:
    | { readonly format: "none" | "gzip" | "zstd"; readonly level?: number | undefined }
    | undefined;
  /** For the image, its history and all files of the new layers (`--timestamp`). */
  readonly timestamp?: Date | undefined;
  /**
   * For the image and its history, and nothing in it is another on another machine (`--source-date-epoch`). Where absent, and there is no
   * {@link timestamp}, SOURCE_DATE_EPOCH of the environment, if that is set.
   */
  readonly sourceDateEpoch?: Date | undefined;
  /** Files of the new layers are no newer than {@link sourceDateEpoch}. Where absent: if that is the environment's, not if it was given. */
  readonly rewriteTimestamp?: boolean | undefined;
  /** Whether the label `io.buildah.version` says what built it. Where absent: unless a time was given. */
  readonly identityLabel?: boolean | undefined;
  /** Whether docker's config tells of the container: its ID and host name. Where absent: unless a time was given. */
  readonly containerIdentity?: boolean | undefined;
  /**
   * Whether OCI's manifest of an image from scratch has empty texts for its base's digest and name, as buildah writes them, to this day (1.44).
   * False where absent.
   */
  readonly emptyBase?: boolean | undefined;
  readonly annotations?: readonly string[] | undefined;
  readonly unsetAnnotations?: readonly string[] | undefined;
  /**
   * Whether OCI's manifest says in `org.opencontainers.image.created` when the image was made; false takes one of the base away. Where absent,
   * one of the base stays, and none is written: buildah 1.28 knows nothing of it, and later ones (1.41) write it where they are not told otherwise.
   */
  readonly createdAnnotation?: boolean | undefined;
  readonly unsetEnv?: readonly string[] | undefined;
  readonly unsetLabels?: readonly string[] | undefined;
  /** Lines of a Dockerfile that change the config of this image only: `ENV a=b`. */
  readonly changes?: readonly string[] | undefined;
  /** A config as JSON that replaces fields of this image only. */
  readonly configOverride?: Uint8Array | undefined;
  /** Blobs are looked for here, and kept here. */
  readonly blobDirectory?: string | undefined;
  /** Names that the image gets besides, in the store. */
  readonly additionalTags?: readonly string[] | undefined;
  /** Whether docker's config names the base's; true where absent. */
  readonly parent?: boolean | undefined;
  readonly historyComment?: string | undefined;
  readonly prependedEmptyLayers?: readonly HistoryItem[] | undefined;
  readonly appendedEmptyLayers?: readonly HistoryItem[] | undefined;
  /** Layers before and after the container's own. */
  readonly prependedLayers?: readonly LinkedLayer[] | undefined;
  readonly appendedLayers?: readonly LinkedLayer[] | undefined;
  /**
   * Files of this machine that the image gets besides, by their paths in it: `{ "/etc/app.conf": "./app.conf" }` (`--add-file`). They are root's,
   * have the mode 644 and the image's time, and stand in a layer of their own, before {@link appendedLayers}; squashed, in the place of what
   * the container has there. A path that ends in a slash, or is a folder of the container, is where the file goes under its own name.
   */
  readonly addFiles?: Readonly<Record<string, string>> | undefined;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
  /** How the destination is reached. */
  readonly destinationOptions?: Omit<DestinationOptions, "blobInfoCache" | "signal"> | undefined;
  /** What is known of blobs from earlier copies. */
  readonly blobInfoCache?: BlobInfoCache | undefined;
  /** What is known of layers of unchanged trees; the user's cache where absent. `noLayerCache`: every file is read. */
  readonly layerCache?: LayerCache | undefined;
  /** Instead of the process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface LinkedLayer {
  /** A tar, uncompressed. */
  readonly blob: Blob;
  readonly history: HistoryItem;
}

export interface Committed {
  /** The hex of the config's digest. */
  readonly id: string;
  /** Undefined for a manifest that names no config. */
  readonly configDigest: Digest | undefined;
  readonly manifestDigest: Digest;
  /** Bytes of the manifest. */
  readonly manifestSize: number;
  /** Of the manifest. */
  readonly mediaType: string;
  readonly diffIds: readonly Digest[];
}
