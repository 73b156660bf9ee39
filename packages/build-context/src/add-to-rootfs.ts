import type { AddedFacts, AddToRootfsOptions } from "./options.ts";

/**
 * Puts sources into a mounted root file system, by the rules of `packSources`. Links in it are followed within it; what is outside of
 * it is neither read nor changed. Files are replaced, and so are folders by files, as buildah does. After an error a part may be there,
 * but no half of a file.
 *
 * @throws as `packSources` and its `tar`, and what `unpackLayer` of @drayage/unpack throws
 */
export async function addToRootfs(
  _rootfs: string,
  _sources: readonly string[],
  _destination: string,
  _options: AddToRootfsOptions = {},
): Promise<AddedFacts> {
  await Promise.resolve();
  throw new Error("not written yet");
}
