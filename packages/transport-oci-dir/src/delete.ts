import { throwIfAborted } from "@drayage/errors";
import {
  consistOf,
  indexFile,
  mayNeed,
  readLayoutIndex,
  removeImages,
  selectedEntries,
  selectImage,
} from "@drayage/oci-layout";
import type { DestinationOptions } from "@drayage/transport";
import { lockLayout, removeBlob, writeIndex } from "./commit.ts";
import { layoutFolder } from "./folder.ts";
import type { OciDirReference } from "./reference.ts";

/**
 * Removes the image's entry, then the blobs of the layout's own that only it needed. Those in a shared folder stay:
 * nobody knows which layouts need them.
 */
export async function deleteImage(
  reference: OciDirReference,
  options: DestinationOptions = {},
): Promise<void> {
  const { signal, onWarning } = options;
  const folder = layoutFolder(reference.place, options.sharedBlobDir);
  throwIfAborted(signal);
  // Where there is no layout there is no folder for a lock.
  await readLayoutIndex(folder);
  await using lock = await lockLayout(folder, signal);
  const { index } = await readLayoutIndex(folder);
  const selection = selectImage(index, reference.place, `${folder.label}: ${indexFile}`);
  const entries = selectedEntries(selection);
  const rest = removeImages(index, entries);
  const own = await consistOf(folder, entries);
  const needed = await mayNeed(folder, rest.entries);
  throwIfAborted(signal);
  await writeIndex(folder, rest, lock);
  if (!needed.complete) {
    onWarning?.(`${folder.label}: blobs were left, because a manifest of another image cannot be read`);
    return;
  }
  for (const digest of own.digests) {
    if (!needed.digests.has(digest)) await removeBlob(folder, digest);
  }
}
