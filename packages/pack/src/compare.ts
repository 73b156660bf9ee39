import type { CompareOptions, TreeChange } from "./options.ts";

/**
 * What makes `newer` another tree than `older`, sorted by path, byte by byte: the rules of containers/storage's naive diff.
 * Type, mode, owner, device, times, sizes, links' targets, `security.capability` and `user.` attributes count, contents do not. Two
 * times are equal too where they share their second and one of them has no fraction. Folders that hold changes are changed.
 * What is removed or replaced by another type stands for all that was in it.
 *
 * @param older absent: everything is added
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_SYSTEM_UNSUPPORTED`, `ERR_DRAYAGE_ABORTED`
 */
export declare function compareTrees(
  newer: string,
  older?: string | undefined,
  options?: CompareOptions | undefined,
): Promise<readonly TreeChange[]>;
