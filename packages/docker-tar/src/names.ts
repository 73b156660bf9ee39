import { type Digest, digestHex } from "@drayage/digest";

/** The files of a docker archive, as `docker save` and github.com/containers/image name them. */
export const manifestFile = "manifest.json";
export const repositoriesFile = "repositories";
/** In the directory of a legacy layer. */
export const legacyLayerFile = "layer.tar";
export const legacyVersionFile = "VERSION";
export const legacyConfigFile = "json";

/** The largest `manifest.json` and `repositories` that are read: `iolimits.MaxTarFileManifestSize`. */
export const manifestFileLimit: number = 1024 * 1024;
/** The largest image config, and legacy layer json, that is read or written. */
export const configLimit: number = 4 * 1024 * 1024;

/** Where a layer is kept in an archive that is written here. */
export function layerFile(diffId: Digest): string {
  return `${digestHex(diffId)}.tar`;
}

/** Where an image's config is kept in an archive that is written here. */
export function configFile(digest: Digest): string {
  return `${digestHex(digest)}.json`;
}

/**
 * A path of an archive without `.`, `..` where they cancel out, doubled and trailing slashes, as Go's `path.Clean`:
 * only a key to compare, never a path on disk.
 */
export function cleanPath(path: string): string {
  const rooted = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!rooted) parts.push(part);
  }
  if (rooted) return `/${parts.join("/")}`;
  return parts.length === 0 ? "." : parts.join("/");
}

/** Where a symbolic link in the archive leads, as a key: Go's `path.Join` of the link's directory and its target. */
export function linkTarget(path: string, target: string): string {
  return cleanPath(`${path.slice(0, path.lastIndexOf("/") + 1)}./${target}`);
}
