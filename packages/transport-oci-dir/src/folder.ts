import { statSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { type FileOrigin, readFileLimited } from "@drayage/blob";
import { type Digest, digestAlgorithm, digestHex } from "@drayage/digest";
import { DrayageError, errnoOf, ioError, isDrayageError } from "@drayage/errors";
import { manifestLimit } from "@drayage/manifest";
import { blobsFolder, colonHint, indexFile, type LayoutFiles, type LayoutPlace } from "@drayage/oci-layout";
import { scheme } from "./reference.ts";

/** A layout in a folder. */
export interface LayoutFolder extends LayoutFiles {
  /** Absolute. It may not be there yet. */
  readonly root: string;
  /** Where the blobs are: `<blobs>/<algorithm>/<hex>`. */
  readonly blobs: string;
  /** Whether other layouts keep their blobs there too. */
  readonly shared: boolean;
  blobPath(digest: Digest): string;
}

export function layoutFolder(place: LayoutPlace, sharedBlobDir?: string): LayoutFolder {
  const { path } = place;
  const root = resolve(path);
  const shared = sharedBlobDir !== undefined;
  const blobs = shared ? resolve(sharedBlobDir) : join(root, blobsFolder);
  const label = JSON.stringify(path);
  const blobPath = (digest: Digest): string => join(blobs, digestAlgorithm(digest), digestHex(digest));

  return {
    root,
    blobs,
    shared,
    label,
    missingHint: () => colonHint(place, scheme, isLayout),
    blobPath,
    readFile: (name, limit) => readIfPresent(join(root, name), limit),
    locate: (digest) => locateFile(blobPath(digest), label),
    readRange: (range) => readFileLimited(range.path, manifestLimit),
    close: () => Promise.resolve(),
  };
}

async function isLayout(path: string): Promise<boolean> {
  try {
    return statSync(join(path, indexFile)).isFile();
  } catch {
    // What cannot be looked at is not what was meant.
    return false;
  }
}

/** The file's bytes, or undefined where there is no such file. */
async function readIfPresent(path: string, limit: number): Promise<Uint8Array | undefined> {
  try {
    return await readFileLimited(path, limit);
  } catch (error) {
    const errno = errnoOf(isDrayageError(error) ? error.cause : error);
    if (errno === "ENOENT") return undefined;
    if (errno !== "ENOTDIR") throw error;
    throw new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${JSON.stringify(dirname(path))} is not a folder`, {
      hint: "a layout in one file is reached by oci-archive:",
      cause: error,
    });
  }
}

/** A blob's file. Symbolic links are followed, as other tools do: some layouts are made of them. */
async function locateFile(path: string, label: string): Promise<FileOrigin | undefined> {
  try {
    const stats = statSync(path);
    if (stats.isFile()) return { kind: "file", path, offset: 0, length: stats.size, whole: true };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
    throw ioError(error, "read", { path });
  }
  throw new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${label}: ${basename(path)} is not a regular file`, {
    hint: "the layout is damaged: copy the image into it anew",
  });
}

/**
 * Refuses to write where `blobs`, or an algorithm's folder in it, is a symbolic link that leads out of the layout.
 *
 * @throws ERR_DRAYAGE_LAYOUT_INVALID
 */
export async function checkInside(folder: LayoutFolder, path: string): Promise<void> {
  if (folder.shared) return;
  const [root, target] = await Promise.all([realpath(folder.root), realpath(path)]).catch(
    (error: unknown) => {
      throw ioError(error, "write", { path });
    },
  );
  const way = relative(root, target);
  if (way !== ".." && !way.startsWith(`..${sep}`) && resolve(root, way) === target) return;
  throw new DrayageError(
    "ERR_DRAYAGE_LAYOUT_INVALID",
    `${folder.label}: ${JSON.stringify(relative(folder.root, path))} is a symbolic link that leads out of the layout`,
    { hint: "nothing is written through it; blobs that layouts share are kept in a shared blob folder" },
  );
}
