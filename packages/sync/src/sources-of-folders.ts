import { basename, join, relative, resolve, sep } from "node:path";
import { isDigest } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { parseNormalizedNamed } from "@drayage/reference";
import {
  joinPath,
  type Location,
  type OperationOptions,
  requireAbility,
  type SourceOptions,
  type Transport,
} from "@drayage/transport";
import { kindOfPath, walkFolders } from "./folder-tree.ts";
import { formatName, type ImageName, isTag, parseName } from "./names.ts";
import type { RepositoryListing, SourceRepository, SyncSource } from "./source.ts";
import { everyTag, type TagFilter } from "./tag-filter.ts";

export interface FolderSourceOptions {
  readonly transport: Transport;
  readonly sourceOptions?: SourceOptions | undefined;
  readonly filter?: TagFilter | undefined;
}

/** An image that was found, and what its transport calls it. */
interface Found {
  readonly name: ImageName;
  /** What stands after the scheme. */
  readonly text: string;
}

type Find = (root: string, options: OperationOptions) => Promise<readonly Found[]>;

/**
 * The images of `dir:` in a folder and in all folders below: each folder with a `manifest.json`. Their names are those of the
 * folders: `quay.io/coreos/etcd:latest`.
 */
export function dirSource(root: string, options: FolderSourceOptions): SyncSource {
  return folderSource(root, options, async (folder, { signal }) => {
    const found: Found[] = [];
    await walkFolders(
      folder,
      (path, entries) => {
        if (entries.some((entry) => entry.name === "manifest.json" && !entry.isDirectory())) {
          found.push({ name: parseName(relativeName(root, path)), text: path });
          return [];
        }
        return foldersOf(entries);
      },
      signal,
    );
    return found;
  });
}

/**
 * The images of an OCI layout, or of all layouts in a folder and below. A layout is a repository, and the names in it are its tags. Full
 * names (`docker.io/library/busybox:1`, as podman writes them) and digests are taken for what they are.
 */
export function ociDirSource(root: string, options: FolderSourceOptions): SyncSource {
  return folderSource(root, options, async (folder, { signal }) => {
    const layouts: string[] = [];
    await walkFolders(
      folder,
      (path, entries) => {
        const isLayout = entries.some(({ name }) => name === "index.json");
        if (isLayout) layouts.push(path);
        return foldersOf(entries).filter((name) => !isLayout || name !== "blobs");
      },
      signal,
    );
    const found: Found[] = [];
    for (const layout of layouts) {
      found.push(...(await layoutImages(layout, relativeName(root, layout), { ...options, signal })));
    }
    return found;
  });
}

/** The images of an archive; or those of all archives `REPOSITORY/TAG.tar` in a folder, as a sync writes them. */
export function ociArchiveSource(root: string, options: FolderSourceOptions): SyncSource {
  return folderSource(root, options, async (path, { signal }) => {
    if ((await kindOfPath(path)) === "file") {
      return layoutImages(path, basename(path).replace(/(?:\.oci)?\.tar$/, ""), { ...options, signal });
    }
    const found: Found[] = [];
    await walkFolders(
      path,
      (folder, entries) => {
        for (const entry of entries) {
          const tag = /^(.+)\.tar$/.exec(entry.name)?.[1];
          if (tag === undefined || entry.isDirectory()) continue;
          const digest = tag.replace(/^@([a-z0-9]+)-/, "$1:");
          const repository = relativeName(root, folder);
          const name = isDigest(digest) ? { repository, digest } : { repository, tag };
          found.push({ name, text: joinPath(join(folder, entry.name)) });
        }
        return foldersOf(entries);
      },
      signal,
    );
    return found;
  });
}

function folderSource(
  root: string,
  { transport, sourceOptions, filter }: FolderSourceOptions,
  find: Find,
): SyncSource {
  const texts = new Map<string, string>();
  const where = `${transport.scheme}:${root}`;
  const source: SourceRepository = {
    name: root,
    text: where,
    sourceOptions,
    async list(options) {
      if ((await kindOfPath(root)) === "absent") throw nothingFound(where, "there is no such path");
      const found = await find(root, options);
      if (found.length === 0) throw nothingFound(where, "it holds none");
      return listingOf(found, texts, filter);
    },
    locate(name): Location {
      const text = texts.get(formatName(name));
      if (text !== undefined)
        return { transport, reference: transport.parse(text), text: `${transport.scheme}:${text}` };
      throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `${where} has no image ${formatName(name)}`);
    },
  };
  return { repositories: () => [source] };
}

function listingOf(
  found: readonly Found[],
  texts: Map<string, string>,
  filter: TagFilter = everyTag,
): RepositoryListing {
  const tags = new Map<string, string[]>();
  const names: ImageName[] = [];
  for (const { name, text } of found) {
    const { repository, tag } = name;
    if (tag !== undefined) tags.set(repository, [...(tags.get(repository) ?? []), tag]);
    // What is not wanted itself may still belong to an image that is.
    texts.set(formatName(name), text);
    if (tag !== undefined && !filter(tag)) continue;
    names.push(name);
  }
  return { names, tags: { byRepository: tags, accepts: filter } };
}

async function layoutImages(
  path: string,
  repository: string,
  { transport, sourceOptions, signal }: FolderSourceOptions & OperationOptions,
): Promise<readonly Found[]> {
  const reference = transport.parse(joinPath(path));
  const tags = await requireAbility(transport, "listTags").listTags(reference, { ...sourceOptions, signal });
  // Without any name there is one image, or it cannot be told which one is meant.
  if (tags.length === 0) return [{ name: { repository }, text: joinPath(path) }];
  return [...new Set(tags)].map((tag) => ({
    name: layoutName(tag, repository, path),
    text: joinPath(path, tag),
  }));
}

function layoutName(text: string, repository: string, path: string): ImageName {
  if (isTag(text)) return { repository, tag: text };
  if (isDigest(text)) return { repository, digest: text };
  try {
    const { name, tag, digest } = parseNormalizedNamed(text);
    return { repository: name, tag, digest };
  } catch (error) {
    if (!isDrayageError(error)) throw error;
    throw new DrayageError(
      "ERR_DRAYAGE_REFERENCE_INVALID",
      `${JSON.stringify(path)}: the name ${JSON.stringify(text)} is no tag, digest or image's name`,
      { side: "source", hint: "copy this image alone, to a name of your own: dray copy", cause: error },
    );
  }
}

/** The path below the root, with slashes; for the root itself its own name. */
function relativeName(root: string, path: string): string {
  const below = relative(root, path);
  return below === "" ? basename(resolve(root)) : below.split(sep).join("/");
}

function foldersOf(entries: readonly { readonly name: string; isDirectory(): boolean }[]): readonly string[] {
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function nothingFound(where: string, why: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `no images to sync are found in ${where}: ${why}`, {
    side: "source",
    hint: "check the path, and that it is the right transport (--src)",
  });
}
