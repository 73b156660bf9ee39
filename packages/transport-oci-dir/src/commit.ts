import { stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { removeLeftovers } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, errnoOf, ioError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { acquireLock, type Lock } from "@drayage/file-lock";
import { type Descriptor, manifestLimit } from "@drayage/manifest";
import {
  addImage,
  blobName,
  consistOf,
  emptyLayoutIndex,
  encodeLayoutIndex,
  findImage,
  indexFile,
  isPlainLayoutFile,
  type LayoutIndex,
  type LayoutPlace,
  layoutFile,
  layoutFileBytes,
  mayNeed,
  readLayoutIndex,
  replaceImage,
  type Selection,
  selectedEntries,
} from "@drayage/oci-layout";
import { checkInside, type LayoutFolder } from "./folder.ts";
import { replaceFile } from "./replace-file.ts";

/** Held by whoever changes index.json or removes blobs. */
export function lockLayout(folder: LayoutFolder, signal?: AbortSignal): Promise<Lock> {
  return acquireLock(join(folder.root, ".drayage-lock"), { signal });
}

/** index.json as it is now; an empty one where there is none. */
export async function currentIndex(folder: LayoutFolder): Promise<LayoutIndex> {
  try {
    return (await readLayoutIndex(folder)).index;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return emptyLayoutIndex;
    throw error;
  }
}

export interface ImageCommit {
  readonly folder: LayoutFolder;
  readonly place: LayoutPlace;
  /** The image that gives way to this one. */
  readonly replaced: Selection | undefined;
  readonly image: Descriptor;
  /** The image's blobs, with their sizes. */
  readonly needed: ReadonlyMap<Digest, number>;
  readonly signal: AbortSignal | undefined;
}

/** Enters the image in index.json, as it is at this moment: other processes may have added theirs. */
export async function commitImage(commit: ImageCommit): Promise<void> {
  const { folder, replaced, needed } = commit;
  // Before there is a lock too: the layout's folder itself may be gone.
  await checkNeeded(folder, needed);
  await enter(commit);
  if (replaced === undefined || folder.shared) return;
  const { digests } = await consistOf(folder, selectedEntries(replaced));
  await removeUnneeded(folder, digests);
}

async function enter({ folder, place, replaced, image, needed, signal }: ImageCommit): Promise<void> {
  await using lock = await lockLayout(folder, signal);
  await checkNeeded(folder, needed);
  const before = await currentIndex(folder);
  const there = replaced && findImage(before, place, folder.label);
  if (digestsOf(there) !== digestsOf(replaced)) throw changed(folder, "was changed by another process");
  const index =
    there === undefined ? addImage(before, image, place.name) : replaceImage(before, there, image);
  const version = await folder.readFile(layoutFile, manifestLimit);
  throwIfAborted(signal);
  if (version === undefined || isPlainLayoutFile(version)) {
    await replaceFile(folder.root, layoutFile, layoutFileBytes());
  }
  await writeIndex(folder, index, lock);
  await removeLeftovers(folder.root);
}

/** Which images are meant: another process may have put others in their place. */
function digestsOf(selection: Selection | undefined): string {
  return selection === undefined
    ? ""
    : selectedEntries(selection)
        .map(({ raw }) => raw.digest)
        .join();
}

export async function writeIndex(folder: LayoutFolder, index: LayoutIndex, lock: Lock): Promise<void> {
  const bytes = encodeLayoutIndex(index);
  if (bytes.length > manifestLimit) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `${folder.label}: ${indexFile} would have ${bytes.length} bytes, and at most ${manifestLimit} are read`,
      { hint: "delete images from the layout, or write to another one" },
    );
  }
  if (!(await lock.isHeld())) throw changed(folder, "was changed by another process");
  await replaceFile(folder.root, indexFile, bytes);
}

/** Removes those of the blobs that no image needs. */
export async function removeUnneeded(folder: LayoutFolder, blobs: Iterable<Digest>): Promise<void> {
  await using _lock = await lockLayout(folder);
  const needed = await mayNeed(folder, (await currentIndex(folder)).entries);
  if (!needed.complete) return;
  for (const digest of blobs) {
    if (!needed.digests.has(digest)) await removeBlob(folder, digest);
  }
}

/** Removes a blob of the layout's own; never one of a shared folder. */
export async function removeBlob(folder: LayoutFolder, digest: Digest): Promise<void> {
  const path = join(folder.root, blobName(digest));
  try {
    await stat(dirname(path));
    await checkInside(folder, dirname(path));
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw ioError(error, "delete", { path });
  }
}

/** Another process may have failed, and removed what both had put, or have deleted an image. */
async function checkNeeded(folder: LayoutFolder, needed: ReadonlyMap<Digest, number>): Promise<void> {
  for (const [digest, size] of needed) {
    const found = await folder.locate(digest);
    if (found?.length !== size) throw changed(folder, `has lost the blob ${digest} to another process`);
  }
}

function changed(folder: LayoutFolder, what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_DESTINATION_REFUSED", `${folder.label} ${what} meanwhile`, {
    hint: "run the command again",
    retryable: true,
  });
}
