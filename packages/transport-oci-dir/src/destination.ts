import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Blob, bytesBlob, createStagedFile, type DrainResult, drain } from "@drayage/blob";
import { type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError, errnoOf, ioError, throwIfAborted } from "@drayage/errors";
import { type Descriptor, manifestDigest } from "@drayage/manifest";
import {
  blobsFolder,
  checkLayoutManifest,
  findImage,
  type LayoutPlace,
  layoutManifestTypes,
  refusePosition,
  type Selection,
} from "@drayage/oci-layout";
import type {
  CommitOptions,
  DestinationAccepts,
  DestinationOptions,
  ImageDestination,
  PutBlobOptions,
  PutManifestOptions,
} from "@drayage/transport";
import { commitImage, currentIndex, removeUnneeded } from "./commit.ts";
import { checkInside, type LayoutFolder, layoutFolder } from "./folder.ts";
import { madeFolders } from "./made-folders.ts";
import { type OciDirReference, scheme } from "./reference.ts";

/** How many blobs are written at the same time: more bring nothing where they share one disk. */
const parallelBlobs = 6;

export async function openDestination(
  reference: OciDirReference,
  options: DestinationOptions = {},
): Promise<ImageDestination> {
  throwIfAborted(options.signal, `open ${scheme}:${reference.text}`);
  const { place } = reference;
  refusePosition(place, scheme);
  const folder = layoutFolder(place, options.sharedBlobDir);
  await checkPlace(folder);
  const replaced = options.replace === true ? await selected(folder, place) : undefined;
  return destination(
    { reference, folder, replaced, link: options.linkBlobs === true },
    {
      manifestTypes: layoutManifestTypes,
      layerCompression: options.acceptUncompressedLayers === true ? "preserve" : "compress",
      foreignLayerUrls: true,
      parallelBlobs,
      multipleImages: true,
    },
  );
}

interface Opened {
  readonly reference: OciDirReference;
  readonly folder: LayoutFolder;
  /** The image that gives way to the new one. */
  readonly replaced: Selection | undefined;
  readonly link: boolean;
}

async function selected(folder: LayoutFolder, place: LayoutPlace): Promise<Selection | undefined> {
  return findImage(await currentIndex(folder), place, folder.label);
}

function destination(
  { reference, folder, replaced, link }: Opened,
  accepts: DestinationAccepts,
): ImageDestination {
  const folders = madeFolders();
  /** Blobs that were not there before. */
  const added = new Set<Digest>();
  /** Blobs that were put or found, and must still be there when the image is committed, with their sizes. */
  const needed = new Map<Digest, number>();
  const working = new Set<Promise<unknown>>();
  let top: Descriptor | undefined;
  let state: "open" | "committed" | "closed" = "open";

  async function store(blob: Blob, options: StoreOptions): Promise<DrainResult> {
    checkOpen();
    throwIfAborted(options.signal);
    await folders.make(folder.root);
    // A layout has this folder also where the blobs are shared.
    await folders.make(join(folder.root, blobsFolder));
    await folders.make(folder.blobs);
    const algorithm = blob.digest === undefined ? "sha256" : digestAlgorithm(blob.digest);
    const home = join(folder.blobs, algorithm);
    await folders.make(home);
    await checkInside(folder, home);
    // Beside the blobs, not among them: other tools take every name there for a digest.
    const staging = folder.shared ? folder.blobs : folder.root;
    await using file = await createStagedFile(staging, { key: blob.digest, mode: 0o644, link });
    const result = await drain(blob, file.sink, options);
    const path = folder.blobPath(result.digest);
    const isNew = (await sizeOfFile(path)) === undefined;
    await file.commit(path, { mode: options.mode });
    if (isNew) added.add(result.digest);
    needed.set(result.digest, result.size);
    return result;
  }

  function checkOpen(): void {
    if (state === "open") return;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `the destination ${folder.label} is ${state} already`);
  }

  function track<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    working.add(settled);
    void settled.then(() => working.delete(settled));
    return work;
  }

  async function reuseBlob(
    descriptor: Descriptor,
    options: PutBlobOptions,
  ): Promise<{ size: number } | undefined> {
    checkOpen();
    throwIfAborted(options.signal);
    const { digest, size } = descriptor;
    const found = await sizeOfFile(folder.blobPath(digest));
    if (found === undefined || (size !== -1 && found !== size)) return undefined;
    needed.set(digest, found);
    return { size: found };
  }

  async function putManifest(bytes: Uint8Array, options: PutManifestOptions): Promise<void> {
    const { mediaType, instance, signal } = options;
    checkLayoutManifest(bytes, mediaType);
    const digest = instance ?? manifestDigest(bytes);
    await store(bytesBlob(bytes, { digest, what: `the manifest ${digest}` }), { signal });
    if (instance === undefined) top = { mediaType, digest, size: bytes.length };
  }

  async function commit(options: CommitOptions = {}): Promise<void> {
    checkOpen();
    if (top === undefined) {
      throw new DrayageError("ERR_DRAYAGE_USAGE", `${folder.label}: there is no manifest to commit`);
    }
    const { place } = reference;
    await commitImage({ folder, place, replaced, image: top, needed, signal: options.signal });
    state = "committed";
  }

  async function close(): Promise<void> {
    if (state !== "open") return;
    state = "closed";
    await Promise.all(working);
    if (added.size > 0 && !folder.shared) await removeUnneeded(folder, added);
    await folders.unmake();
  }

  return {
    reference,
    accepts,
    reuseBlob,
    putBlob: (blob, options) => track(store(blob, { ...options, mode: 0o644 })),
    putManifest: (bytes, options) => track(putManifest(bytes, options)),
    commit,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface StoreOptions extends Pick<PutBlobOptions, "signal" | "onBytes"> {
  /** skopeo sets a blob's mode, and leaves that of a manifest to the umask. */
  readonly mode?: number | undefined;
}

/** Says what is wrong with the place before anything is written. */
async function checkPlace(folder: LayoutFolder): Promise<void> {
  const kind = await kindOf(folder.root);
  if (kind === "folder") {
    await currentIndex(folder);
    return;
  }
  if (kind === "other") {
    throw new DrayageError("ERR_DRAYAGE_DESTINATION_REFUSED", `${folder.label} is not a folder`, {
      hint: "a layout in one file is written by oci-archive:",
    });
  }
  const parent = dirname(folder.root);
  if ((await kindOf(parent)) === "folder") return;
  throw new DrayageError("ERR_DRAYAGE_DESTINATION_REFUSED", `${JSON.stringify(parent)} is not a folder`, {
    hint: `create it first, so that ${folder.label} can be created in it`,
  });
}

async function kindOf(path: string): Promise<"folder" | "other" | "absent"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "other";
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "absent";
    throw ioError(error, "open", { path });
  }
}

/** The size of a regular file; undefined where there is none. */
async function sizeOfFile(path: string): Promise<number | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? stats.size : undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw ioError(error, "read", { path });
  }
}
