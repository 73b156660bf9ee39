import type { Digest } from "@drayage/digest";
import type { IdMapping } from "../driver.ts";

/** The three kinds of records that a store keeps. */
export type RecordKind = "layer" | "image" | "container";

/** How a layer's blob was compressed when it came, as its record says. `unknown`: by a number that only newer tools know. */
export type LayerCompression = "bzip2" | "gzip" | "none" | "unknown" | "xz" | "zstd";

/** What all records have. Records are snapshots: frozen, and never changed by what happens to the store. */
export interface StoredRecord {
  /** 64 hex digits in all stores that the Go tools make; any file name is accepted. */
  readonly id: string;
  readonly names: readonly string[];
  /** Text that belongs to whoever made the record; JSON by custom. */
  readonly metadata: string | undefined;
  /** RFC 3339 in UTC with up to nine decimals, as it stands in the file; Go's zero time, `0001-01-01T00:00:00Z`, where unknown. */
  readonly created: string;
  /** The file's `flags`, as plain JSON values. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** In the order in which they were set. */
  readonly bigDataNames: readonly string[];
  /** The graph root of the store that has it; undefined in a store without a folder. */
  readonly graphRoot: string | undefined;
  /** It belongs to an additional store: it can be read and built upon, not changed. */
  readonly readOnly: boolean;
  /** It stands in a `volatile-*.json`, which is not synced and, in transient stores, gone after a reboot. */
  readonly volatile: boolean;
}

/** A layer: what `layers.json` says of it. */
export interface LayerRecord extends StoredRecord {
  readonly kind: "layer";
  readonly parent: string | undefined;
  readonly mountLabel: string | undefined;
  /** Of the blob as it came. */
  readonly compressedDigest: Digest | undefined;
  readonly compressedSize: number | undefined;
  /** The diffID: of the tar. */
  readonly diffDigest: Digest | undefined;
  /** Bytes of the tar. Only known where {@link diffDigest} is. */
  readonly diffSize: number | undefined;
  /** Of the table of contents of a layer that was pulled in parts. */
  readonly tocDigest: Digest | undefined;
  readonly compression: LayerCompression;
  /** The owners of its files, sorted; none where nobody counted. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly uidMap: readonly IdMapping[];
  readonly gidMap: readonly IdMapping[];
  /**
   * It is being made or deleted, or whoever did so died meanwhile. Such layers are never listed; what is left of them goes
   * when the layers are next changed.
   */
  readonly incomplete: boolean;
}

/** What images and containers say of a piece of big data. */
export interface BigDataFacts {
  readonly size: number;
  /** Of manifests without their signatures, as for a registry; of others, of the bytes. */
  readonly digest: Digest | undefined;
}

/** An image: what `images.json` says of it. */
export interface ImageRecord extends StoredRecord {
  readonly kind: "image";
  /** The digest of the first manifest that was stored with it. */
  readonly digest: Digest | undefined;
  /** {@link digest} and those of all big data whose name begins with `manifest`; each once. */
  readonly digests: readonly Digest[];
  /** What it was called at any time, the newest first. */
  readonly namesHistory: readonly string[];
  /** Its top layer; an image may have none. */
  readonly layer: string | undefined;
  /** The same top layer for other id mappings. */
  readonly mappedLayers: readonly string[];
  readonly bigData: ReadonlyMap<string, BigDataFacts>;
}

/** A container: what `containers.json` says of it. */
export interface ContainerRecord extends StoredRecord {
  readonly kind: "container";
  /** The image that it was made from. */
  readonly image: string | undefined;
  /** Its own layer, which it writes to. */
  readonly layer: string;
  readonly uidMap: readonly IdMapping[];
  readonly gidMap: readonly IdMapping[];
  readonly bigData: ReadonlyMap<string, BigDataFacts>;
}

/** The record of a kind. */
export interface RecordOf {
  readonly layer: LayerRecord;
  readonly image: ImageRecord;
  readonly container: ContainerRecord;
}

/** A layer that is mounted, as `mountpoints.json` says. */
export interface MountRecord {
  readonly layer: string;
  readonly path: string;
  /** How often it was mounted and not yet unmounted, by all programs. */
  readonly count: number;
}
