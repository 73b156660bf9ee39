import type { DrainResult } from "@drayage/blob";
import type { TarTime } from "@drayage/tar";

/** What came of unpacking a layer. */
export interface Unpacked extends UnpackReport {
  /** Every stage of the blob; the last is the tar itself, whose digest is the diffID. */
  readonly drained: DrainResult;
}

/** What the unpacking thread has to say: plain data. Paths are below the root, without a leading slash. */
export interface UnpackReport {
  /** How many entries the archive has, whiteouts and the root included. */
  readonly entries: number;
  /** The bytes of its regular files. */
  readonly bytes: number;
  /** The owners that occur in headers, whiteouts aside, each once, sorted by number; before mapping. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** How many devices were left out. */
  readonly skippedDevices: number;
  /** What the archive says of the root; undefined where it has no entry for it. */
  readonly rootEntry: Attributes | undefined;
  /** What only the layers below can answer. All of it is empty with `apply` and `keep`. */
  readonly open: OpenQuestions;
}

/** What unpacking one layer alone leaves open, for whoever puts it on its parent. In this order it is to be answered. */
export interface OpenQuestions {
  /** The layer hides all that the root has below. overlayfs heeds no mark on the root of a mount. */
  readonly opaqueRoot: boolean;
  /**
   * Folders that the archive does not have but whose content it has, the outermost first. They were made with mode 755 and root
   * as owner. Below there may be a folder whose attributes they should have, or a link that should have been followed.
   * None that the layer also hides.
   */
  readonly impliedFolders: readonly Uint8Array[];
  /** Hard links to names that the layer did not have when they came, in the archive's order. */
  readonly links: readonly OpenLink[];
  /** Folders in which the layer has whiteouts. Where a folder shows nothing of the layers below, overlayfs lists their names. */
  readonly whiteoutFolders: readonly Uint8Array[];
}

export interface OpenLink {
  /** Where the link is to be. An empty file keeps its place. */
  readonly path: Uint8Array;
  /** What it is to be another name of: what the layers below have there, whatever the layer has put in its place since. */
  readonly target: Uint8Array;
  /** Whether the layer has put something else in the link's place since. Its target has to be there all the same. */
  readonly replaced: boolean;
  /** Those of the header, which count for the file of which it is a name, unless that is a symbolic link. */
  readonly attributes: Attributes;
}

/** Owners after mapping. */
export interface Attributes {
  /** Permissions, set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly atime: TarTime;
  readonly mtime: TarTime;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}
