import { createLimiter } from "@drayage/copy";
import type { Digest } from "@drayage/digest";
import { isDrayageError, throwIfAborted } from "@drayage/errors";
import type { ImageDestination } from "@drayage/transport";

/** What the images that are copied at the same time share. */
export interface SharedBlobs {
  /**
   * The same destination, but that all of them together put a limited number of blobs, and none puts a blob that another one is putting to
   * the same store: it waits, and then has the destination reuse it.
   */
  share(destination: ImageDestination, store: string | undefined): SharingDestination;
}

export interface SharingDestination {
  readonly destination: ImageDestination;
  /** What it has reused in this way, where its copy believes that it has put it. */
  readonly spared: { readonly count: number; readonly bytes: number };
}

/** How many blobs are remembered that were put: those that images share come soon after each other. */
const rememberedBlobs = 20_000;

export function createSharedBlobs(parallel: number, signal: AbortSignal): SharedBlobs {
  const limiter = createLimiter(parallel);
  const moving = new Map<string, Promise<void>>();
  const put = new Set<string>();

  function remember(key: string): void {
    put.add(key);
    const [oldest] = put;
    if (put.size > rememberedBlobs && oldest !== undefined) put.delete(oldest);
  }

  /** Waits for others that move the blob. Tells whether anybody has put it. */
  async function settled(key: string): Promise<boolean> {
    for (let other = moving.get(key); other !== undefined; other = moving.get(key)) await other;
    return put.has(key);
  }

  async function alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    let done = (): void => undefined;
    moving.set(
      key,
      new Promise((resolve) => {
        done = resolve;
      }),
    );
    try {
      const result = await work();
      remember(key);
      return result;
    } finally {
      moving.delete(key);
      done();
    }
  }

  return {
    share(destination, store) {
      const spared = { count: 0, bytes: 0 };
      const limited: ImageDestination["putBlob"] = (blob, options) =>
        limiter.run(() => destination.putBlob(blob, options), options.signal ?? signal);

      const putBlob: ImageDestination["putBlob"] = async (blob, options) => {
        const { digest, steps } = blob;
        // What is changed on the way has no name yet.
        if (digest === undefined || steps.length > 0 || store === undefined) return limited(blob, options);
        const key = `${store} ${digest}`;
        if (await settled(key)) {
          const reused = await reuse(destination, { digest, size: blob.size ?? -1 }, options);
          if (reused !== undefined) {
            spared.count += 1;
            spared.bytes += reused;
            return { digest, size: reused, stages: [{ digest, size: reused }] };
          }
        }
        throwIfAborted(options.signal);
        // Another one may have begun while the destination was asked.
        if (moving.has(key)) return putBlob(blob, options);
        return alone(key, () => limited(blob, options));
      };
      return { spared, destination: { ...methodsOf(destination), putBlob } };
    },
  };
}

async function reuse(
  destination: ImageDestination,
  { digest, size }: { readonly digest: Digest; readonly size: number },
  options: Parameters<ImageDestination["putBlob"]>[1],
): Promise<number | undefined> {
  try {
    const found = await destination.reuseBlob?.({ mediaType: options.mediaType, digest, size }, options);
    return found?.size;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_ABORTED")) throw error;
    // It can be put all the same.
    return undefined;
  }
}

/** Everything of a destination but `putBlob`. It may be of a class, whose methods are not found by spreading. */
function methodsOf(destination: ImageDestination): Omit<ImageDestination, "putBlob"> {
  return {
    reference: destination.reference,
    accepts: destination.accepts,
    ...(destination.reuseBlob && { reuseBlob: destination.reuseBlob.bind(destination) }),
    putManifest: destination.putManifest.bind(destination),
    ...(destination.putSignatures && { putSignatures: destination.putSignatures.bind(destination) }),
    commit: destination.commit.bind(destination),
    close: destination.close.bind(destination),
    [Symbol.asyncDispose]: () => destination.close(),
  };
}
