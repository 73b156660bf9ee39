import type { Blob } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import {
  findImage,
  type LayoutIndex,
  type LayoutPlace,
  mayNeed,
  readLayoutIndex,
  removeImages,
  type Selection,
  selectedEntries,
} from "@drayage/oci-layout";
import type { DestinationOptions } from "@drayage/transport";
import { openArchive } from "./archive.ts";

/** What stays of an archive that is added to. */
export interface KeptArchive extends AsyncDisposable {
  readonly index: LayoutIndex;
  /** The image that gives way to the new one, where one does. */
  readonly replaced: Selection | undefined;
  /** All blobs but those that only this one needs. */
  readonly blobs: ReadonlyMap<Digest, Blob & { readonly size: number }>;
}

/** Reads what is in an archive that is there. Its blobs can be read, verified, until it is disposed of. */
export async function openKept(place: LayoutPlace, options: DestinationOptions): Promise<KeptArchive> {
  const archive = await openArchive(place, options);
  try {
    const { index } = await readLayoutIndex(archive);
    const replaced = options.replace === true ? findImage(index, place, archive.label) : undefined;
    const others = replaced && removeImages(index, selectedEntries(replaced));
    const needed = others && (await mayNeed(archive, others.entries));
    const blobs = new Map<Digest, Blob & { readonly size: number }>();
    for (const digest of archive.blobs) {
      if (needed?.complete === true && !needed.digests.has(digest)) continue;
      const origin = await archive.locate(digest);
      if (origin === undefined) continue;
      const what = `${archive.label}: the blob ${digest}`;
      blobs.set(digest, { digest, size: origin.length, what, origin, steps: [] });
    }
    return { index, replaced, blobs, [Symbol.asyncDispose]: () => archive.close() };
  } catch (error) {
    await archive.close();
    throw error;
  }
}
