/**
 * Keeps one place of images like another: many images, in parallel, resumable.
 * @module
 */
export {
  type DestinationTags,
  dirDestination,
  type FolderDestinationOptions,
  ociArchiveDestination,
  ociDirDestination,
  type RegistryDestinationOptions,
  registryDestination,
  type SyncDestination,
} from "./destination.ts";
export type { ImageEvent, PruneEvent, SyncEvent, SyncSummary } from "./events.ts";
export { goPattern } from "./go-pattern.ts";
export { formatName, type ImageName, parseName } from "./names.ts";
export { createNaming, type Naming, type NamingOptions, parseRename, type RenameRule } from "./naming.ts";
export type { PlanSyncInput, SyncCopyOptions, SyncInput } from "./options.ts";
export type { KnownTags, RepositoryListing, SourceRepository, SyncSource } from "./source.ts";
export {
  type ListedRegistry,
  type ListedRepository,
  parseSourceList,
  type Selection,
  type SourceList,
} from "./source-list.ts";
export {
  dirSource,
  type FolderSourceOptions,
  ociArchiveSource,
  ociDirSource,
} from "./sources-of-folders.ts";
export {
  type ListRepositories,
  listSource,
  parseRegistryText,
  type RegistrySourceOptions,
  type RegistryText,
  registrySource,
} from "./sources-of-registries.ts";
export { planSync, runSync } from "./sync.ts";
export { createTagFilter, type TagFilter, type TagFilterOptions } from "./tag-filter.ts";
export { type VersionTest, versionConstraint } from "./version-constraint.ts";
