import type { ImageConfigs } from "@drayage/manifest";

/**
 * What buildah keeps of a working container in its `buildah.json`, with Go's names for the fields.
 * Those that are not here survive as they came.
 */
export interface BuilderState {
  /** `image` of buildah.json: the base's name; empty for `scratch`. */
  readonly fromImage: string;
  readonly fromImageId: string;
  readonly fromImageDigest: string;
  readonly container: string;
  readonly containerId: string;
  readonly mountPoint?: string | undefined;
  readonly createdBy: string;
  readonly historyComment: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Both configs, kept alike by every change. */
  readonly image: ImageConfigs;
  readonly prependedEmptyLayers: readonly HistoryItem[];
  readonly appendedEmptyLayers: readonly HistoryItem[];
  readonly topLayer: string;
  /** The media type of the manifest to be. */
  readonly format: string;
  readonly isolation: "default" | "oci" | "chroot" | "rootless";
  readonly defaultMountsFile?: string | undefined;
  /** The whole document as it is stored. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** An entry of the history, as Go's v1.History. */
export interface HistoryItem {
  readonly created?: string | undefined;
  readonly created_by?: string | undefined;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  readonly empty_layer?: boolean | undefined;
}
