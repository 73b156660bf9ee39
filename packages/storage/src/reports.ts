import type { ImageRecord } from "./records/types.ts";

/** What a check can find. */
export type FindingCode =
  /** A layer's own files are missing. */
  | "layer-files-missing"
  /** A layer's tar does not hash to its diffID any more, or a file of it has changed. */
  | "layer-content"
  /** A layer's tar has another size than its record says. */
  | "layer-size"
  /** The layer that a layer stands on is not there. */
  | "layer-parent-missing"
  /** What the driver has written of the layers below a layer does not fit the records: a mount would show a part, or nothing. */
  | "layer-parents-wrong"
  /** Layers stand on each other in a circle. */
  | "layer-circle"
  /** A layer's record was left by whoever died making or deleting it. */
  | "layer-incomplete"
  /** No image and no container needs it. */
  | "layer-unreferenced"
  /** A file that a layer's record names is missing. */
  | "layer-data-missing"
  /** The layer's tar-split cannot be read: its tar cannot be given back as it came. */
  | "layer-tar-split"
  /** An image's top layer is not there. */
  | "image-layer-missing"
  /** A file that an image's record names is missing. */
  | "image-data-missing"
  /** A file of an image is not what its record says. */
  | "image-data-changed"
  /** An image has no manifest: whoever stored it died meanwhile. */
  | "image-incomplete"
  | "container-layer-missing"
  | "container-image-missing"
  | "container-data-missing"
  | "container-data-changed"
  /** A name stands with several records of one kind. */
  | "name-duplicate"
  /** A folder or file of a layer, an image or a container that no record knows. */
  | "unaccounted"
  /** What a process that is gone left half done. */
  | "leftover"
  /** A mount is counted that is none. */
  | "mount-stale";

/** One thing that is not as it should be. */
export interface Finding {
  readonly code: FindingCode;
  readonly kind: "container" | "file" | "image" | "layer";
  /** The record's id, or the file's path. */
  readonly id: string;
  /** One line. */
  readonly message: string;
  /** The file or folder that it is about. */
  readonly path: string | undefined;
  /**
   * What `repair` would do: mend the record; remove the thing, and all that cannot be without it; or nothing, as it does
   * no harm or is not ours to change (an additional store).
   */
  readonly repair: "mend" | "none" | "remove";
  /** For `layer-size`: what it is. */
  readonly size?: number | undefined;
  /** Images that cannot be used as long as it is so, and that a removal costs. */
  readonly images: readonly string[];
  /** Likewise containers. */
  readonly containers: readonly string[];
}

export interface CheckOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether the bytes are read: every layer's tar is put together anew and compared with its diffID, every piece of big data with its
   * digest. Takes as long as reading the store. `false`: only what records and folders tell.
   */
  readonly content?: boolean | undefined;
  /**
   * Layers that nobody needs are found only when they are older, in milliseconds: they may be those of a Go tool that pulls, of whom
   * nobody knows. A day where absent, as for podman. Those that are held are never found.
   */
  readonly unreferencedAge?: number | undefined;
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
}

export interface CheckProgress {
  readonly layer: string;
  /** Layers that are done, of how many. */
  readonly done: number;
  readonly total: number;
}

export interface CheckReport {
  readonly findings: readonly Finding[];
  readonly layers: number;
  readonly images: number;
  readonly containers: number;
  /** How many bytes of layers were read and compared. */
  readonly bytes: number;
  /** Layers without a digest, whose bytes nobody can judge. */
  readonly unverifiable: readonly string[];
}

export interface RepairOptions {
  readonly signal?: AbortSignal | undefined;
  /** `false` leaves all whose removal costs images; one without a manifest is none (`image-incomplete`). */
  readonly images?: boolean | undefined;
  /** Whether containers may go, with what was written in them, where their layers cannot be used. Else they and all they need stay. */
  readonly containers?: boolean | undefined;
}

export interface RepairReport {
  readonly mended: readonly Finding[];
  readonly removed: readonly Finding[];
  /** What is as it was, as it needs more than was allowed. */
  readonly left: readonly Finding[];
  /** Images that are gone, with the names they had: pull them again. */
  readonly lostImages: readonly LostImage[];
  readonly lostContainers: readonly string[];
}

export interface LostImage {
  readonly id: string;
  readonly names: readonly string[];
}

export interface PruneOptions {
  readonly signal?: AbortSignal | undefined;
  /** `dangling`: without a name, and nothing built on them (the default). `unused`: all that no container uses. */
  readonly images?: "dangling" | "none" | "unused" | undefined;
  /** Whether layers go that neither image nor container needs, whoever made them. Not by default: a Go tool may be pulling. */
  readonly layers?: boolean | undefined;
  /** Further conditions on an image. */
  readonly only?: ((image: ImageRecord) => boolean) | undefined;
  /** Only says what would go. */
  readonly dryRun?: boolean | undefined;
}

export interface PruneReport {
  readonly images: readonly LostImage[];
  readonly layers: readonly string[];
  /** Files and folders of processes that are gone: these go, too, whatever else was asked for. */
  readonly leftovers: readonly string[];
  /** Layers that would have gone, were they not held by a pull or a build. */
  readonly held: readonly string[];
  /** Bytes of the tars of the layers that went, as far as they are known: about what becomes free. */
  readonly bytes: number;
}
