import type { Digest } from "@drayage/digest";
import type { ImageDestination } from "@drayage/transport";

/** What came to open destinations before the copy that will name it began. */
const placed = new WeakMap<ImageDestination, Set<Digest>>();

export function notePlaced(destination: ImageDestination, digest: Digest): void {
  const digests = placed.get(destination) ?? new Set();
  placed.set(destination, digests.add(digest));
}

/** Whether the blob is where it is since {@link notePlaced} was told so: nobody is to hear that it was there already. */
export function wasPlaced(destination: ImageDestination, digest: Digest): boolean {
  return placed.get(destination)?.has(digest) === true;
}
