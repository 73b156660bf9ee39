import type { Digest } from "@drayage/digest";

/**
 * The blobs that came to a registry's repositories through one connection. Two images that need the same one do not both have it
 * mounted: docker-registry writes its note of it anew each time, and refuses a manifest that it checks at that moment.
 */
export interface Arrivals {
  note(path: string, digest: Digest): void;
  has(path: string, digest: Digest): boolean;
  /** Does what brings a blob to a repository once nobody else is at it. */
  alone<T>(blob: { readonly path: string; readonly digest: Digest }, work: () => Promise<T>): Promise<T>;
}

/** How many are remembered: images that share blobs come soon after each other. */
const rememberedBlobs = 20_000;

export function createArrivals(): Arrivals {
  const arrived = new Set<string>();
  const underWay = new Map<string, Promise<void>>();
  const keyOf = (path: string, digest: Digest): string => `${path} ${digest}`;
  return {
    note(path, digest) {
      arrived.add(keyOf(path, digest));
      const [oldest] = arrived;
      if (arrived.size > rememberedBlobs && oldest !== undefined) arrived.delete(oldest);
    },
    has: (path, digest) => arrived.has(keyOf(path, digest)),
    async alone({ path, digest }, work) {
      const key = keyOf(path, digest);
      for (let other = underWay.get(key); other !== undefined; other = underWay.get(key)) await other;
      let done = (): void => undefined;
      underWay.set(
        key,
        new Promise((resolve) => {
          done = resolve;
        }),
      );
      try {
        return await work();
      } finally {
        underWay.delete(key);
        done();
      }
    },
  };
}
