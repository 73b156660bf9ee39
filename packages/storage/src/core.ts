import type { Catalog } from "./catalog.ts";
import type { LayerFiles } from "./driver.ts";
import type { StoreFiles } from "./files/store-files.ts";
import { type StorePaths, storePaths } from "./paths.ts";
import type { StoredRecord } from "./records/types.ts";

/** What all parts of a store work with. */
export interface StoreCore {
  readonly files: StoreFiles;
  readonly paths: StorePaths;
  readonly catalog: Catalog;
  /** The driver's. */
  readonly layerFiles: LayerFiles;
  /** For locks, in milliseconds. */
  readonly patience: number;
}

/** The paths of the store that has a record: this one, or an additional one. */
export function placeOf({ paths }: StoreCore, { readOnly, graphRoot }: StoredRecord): StorePaths {
  return readOnly && graphRoot !== undefined ? storePaths(graphRoot, graphRoot, paths.driver) : paths;
}
