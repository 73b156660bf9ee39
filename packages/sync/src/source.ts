import type { Location, OperationOptions, SourceOptions } from "@drayage/transport";
import type { ImageName } from "./names.ts";
import type { TagFilter } from "./tag-filter.ts";

/** Where images come from. */
export interface SyncSource {
  /** One repository after the other. Nothing is asked before it is its turn. */
  repositories(options: OperationOptions): AsyncIterable<SourceRepository> | Iterable<SourceRepository>;
}

/** Images that differ in their tags alone. */
export interface SourceRepository {
  /** As {@link ImageName.repository}. */
  readonly name: string;
  /** How messages call it: `docker://quay.io/coreos/etcd`. */
  readonly text: string;
  /** Called once. */
  list(options: OperationOptions): Promise<RepositoryListing>;
  /** Throws `ERR_DRAYAGE_IMAGE_NOT_FOUND` for a name that there cannot be. */
  locate(name: ImageName): Location;
  /** How this repository's images are opened, in place of the sync's own options. */
  readonly sourceOptions?: SourceOptions | undefined;
}

export interface RepositoryListing {
  /** The images that are wanted, in their order. */
  readonly names: readonly ImageName[];
  /**
   * Every tag there is, and which of them are wanted. Absent where images were named one by one: then it is not known what
   * else there is, and nothing is deleted at the destination for being absent here.
   */
  readonly tags?: KnownTags | undefined;
}

export interface KnownTags {
  /** By {@link ImageName.repository}. */
  readonly byRepository: ReadonlyMap<string, readonly string[]>;
  readonly accepts: TagFilter;
}
