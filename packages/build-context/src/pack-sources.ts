import type { PackedSources, PackSourcesOptions } from "./options.ts";

/**
 * Finds sources by ADD's and COPY's rules and says where they go, to be packed as a layer. Nothing but ignore files, the heads of archives
 * and what is downloaded is read before `tar()` is.
 *
 * @param sources paths, patterns (`filepath.Match` of Go), or URLs (http, https)
 * @param destination a folder where it ends in a slash, where the root has one there, or where sources are several, a folder or an archive
 * to be expanded; else the file's new name. Relative to the working folder.
 * @throws `ERR_DRAYAGE_USAGE`, `ERR_DRAYAGE_FILE_NOT_FOUND` where nothing matches or all is excluded, `ERR_DRAYAGE_OWNER_NOT_FOUND`,
 * `ERR_DRAYAGE_CONFIGURATION_INVALID` for an ignore file, `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_CONNECTION`, `ERR_DRAYAGE_DIGEST_MISMATCH`,
 * `ERR_DRAYAGE_LIMIT_EXCEEDED`, `ERR_DRAYAGE_ABORTED`
 */
export async function packSources(
  _sources: readonly string[],
  _destination: string,
  _options: PackSourcesOptions = {},
): Promise<PackedSources> {
  await Promise.resolve();
  throw new Error("not written yet");
}
