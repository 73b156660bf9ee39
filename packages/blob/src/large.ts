import type { BlobOrigin } from "./blob.ts";

/** From how many bytes on a thread is worth its start, which takes as long as it takes to inflate them. */
export const largeSize: number = 16 * 1024 * 1024;

/** How many bytes the origin has, as far as that is known before it is read. */
export function originSize(origin: BlobOrigin): number | undefined {
  if (origin.kind === "file") return origin.length;
  return origin.kind === "bytes" ? origin.bytes.length : undefined;
}

export function isLarge(origin: BlobOrigin): boolean {
  return (originSize(origin) ?? 0) > largeSize;
}
