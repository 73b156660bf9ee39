import type { ImageConfigs } from "@drayage/manifest";

/**
 * What buildah keeps of a working container in its `buildah.json`, as immutable plain data.
 * Fields that only other versions of buildah know survive as they came.
 */
export interface BuilderState {
  /** The base's name; empty for `scratch`. */
  readonly fromImage: string;
  /** 64 hex digits; empty for `scratch`. */
  readonly fromImageId: string;
  /** Of the base's manifest; empty for `scratch`. */
  readonly fromImageDigest: string;
  /** The container's name. */
  readonly container: string;
  readonly containerId: string;
  /** Where it was last mounted; absent where it is not. */
  readonly mountPoint?: string | undefined;
  readonly createdBy: string;
  readonly historyComment: string;
  /** Of the manifest to be. Those of {@link image} are the same. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Both configs, kept alike by every change. */
  readonly image: ImageConfigs;
  readonly prependedEmptyLayers: readonly HistoryItem[];
  readonly appendedEmptyLayers: readonly HistoryItem[];
  /** The base's top layer; empty for `scratch`. */
  readonly topLayer: string;
  /** The media type of the manifest to be. */
  readonly format: string;
  readonly isolation: Isolation;
  readonly defaultMountsFile?: string | undefined;
  /** The base's config and manifest as they were; absent for `scratch`. */
  readonly baseConfig?: Uint8Array | undefined;
  readonly baseManifest?: Uint8Array | undefined;
  /**
   * The whole document as it was read, with Go's names: what the fields above say counts more. Values are plain data, those of
   * fields that are not buildah 1.28's are `RawJson`.
   */
  readonly document: Readonly<Record<string, unknown>>;
  /** The digest of the file that it was read from, by which a later change by others is noticed; absent for what was never stored. */
  readonly revision?: string | undefined;
}

/** How commands are run: `default` is `oci`. */
export type Isolation = "default" | "oci" | "chroot" | "rootless";

/** An entry of the history, as Go's v1.History. */
export interface HistoryItem {
  readonly created?: string | undefined;
  readonly created_by?: string | undefined;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  readonly empty_layer?: boolean | undefined;
}
