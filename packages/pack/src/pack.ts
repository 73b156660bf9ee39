import type { PackOptions, TreeChange } from "./options.ts";

/**
 * A tar of all that is in the folder, itself left out, each folder's names in the order of their bytes: the bytes that
 * containers/storage makes of it. Sockets are left out, and so is what vanishes meanwhile. Each file is read once; no
 * symbolic link is followed, not even one that takes a folder's place meanwhile.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_SIZE_MISMATCH` for a file that shrinks while it is read,
 * `ERR_DRAYAGE_SYSTEM_UNSUPPORTED`, `ERR_DRAYAGE_ABORTED`
 */
export declare function packTree(root: string, options?: PackOptions): AsyncIterable<Uint8Array>;

/**
 * A tar of what `changes` of {@link compareTrees} names, with a `.wh.` file for all that is removed: the bytes that
 * containers/storage makes of them.
 *
 * @throws as {@link packTree}
 */
export declare function packChanges(
  root: string,
  changes: readonly TreeChange[],
  options?: PackOptions,
): AsyncIterable<Uint8Array>;
