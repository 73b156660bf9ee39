import type { BlobInfoCache } from "@drayage/transport";
import type { DrayContext } from "./context.ts";

/** What is known of blobs from earlier runs; undefined where it is of no use. Closed by whoever opened it. */
export interface KnownBlobs extends AsyncDisposable {
  readonly blobInfoCache: BlobInfoCache | undefined;
}

/** Opens the cache where one of these transports or sources is a registry: what is there need not be sent again. */
export async function openKnownBlobs(
  { env }: Pick<DrayContext, "env">,
  ends: readonly string[],
): Promise<KnownBlobs> {
  const isUseful = ends.some((end) => end === "docker" || end === "yaml");
  if (!isUseful) return { blobInfoCache: undefined, [Symbol.asyncDispose]: async () => undefined };
  const { fileBlobInfoCache } = await import("@drayage/blob-info-cache");
  const blobInfoCache = fileBlobInfoCache({ env });
  return { blobInfoCache, [Symbol.asyncDispose]: () => blobInfoCache.close() };
}
