import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** What a repository of a registry has. Digests are sorted. */
export interface RepositoryTree {
  readonly tags: Readonly<Record<string, string>>;
  readonly manifests: readonly string[];
  /** Layers, configs and all else that was uploaded or mounted here. */
  readonly blobs: readonly string[];
}

/** What is in a registry's folder, by the names of its repositories; no matter who may ask for it. */
export function registryTree(folder: string): Readonly<Record<string, RepositoryTree>> {
  const root = path.join(folder, "docker/registry/v2/repositories");
  return Object.fromEntries(
    repositoriesIn(root, "").map((name) => {
      const repository = path.join(root, name);
      const tags = namesIn(path.join(repository, "_manifests/tags")).map((tag) => [
        tag,
        readFileSync(path.join(repository, "_manifests/tags", tag, "current/link"), "utf8"),
      ]);
      const tree: RepositoryTree = {
        tags: Object.fromEntries(tags),
        manifests: linksIn(path.join(repository, "_manifests/revisions")),
        blobs: linksIn(path.join(repository, "_layers")),
      };
      return [name, tree];
    }),
  );
}

function repositoriesIn(root: string, name: string): readonly string[] {
  const names = namesIn(path.join(root, name));
  const below = names
    .filter((child) => !child.startsWith("_"))
    .flatMap((child) => repositoriesIn(root, name === "" ? child : `${name}/${child}`));
  return names.includes("_manifests") ? [name, ...below] : below;
}

/** The digests of `<algorithm>/<hex>/link`; what was deleted has the folder still, but no link. */
function linksIn(folder: string): readonly string[] {
  return namesIn(folder).flatMap((algorithm) =>
    namesIn(path.join(folder, algorithm))
      .filter((hex) => existsSync(path.join(folder, algorithm, hex, "link")))
      .map((hex) => `${algorithm}:${hex}`),
  );
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
