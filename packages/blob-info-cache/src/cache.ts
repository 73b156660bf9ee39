import type { Digest } from "@drayage/digest";
import type { BlobInfoCache, BlobVariant } from "@drayage/transport";
import type { Entry, LocationEntry, VariantEntry } from "./entry.ts";
import { Knowledge } from "./knowledge.ts";

/** Where entries are kept besides the memory of this process. None of it throws. */
export interface EntryStore {
  /** What was kept of a digest before this process began, the oldest first. */
  about(digest: Digest): Promise<readonly Entry[]>;
  append(entry: Entry): void;
  close(): Promise<void>;
}

/** A cache of what this process notes, and of what a store has kept. */
export function createCache(store: EntryStore): BlobInfoCache {
  const own = new Knowledge();

  function add(entry: Entry): void {
    if (own.add(entry)) store.append(entry);
  }

  async function about(digest: Digest): Promise<readonly Entry[]> {
    const earlier = await store.about(digest);
    return [...earlier, ...own.about(digest)];
  }

  async function variantOf(digest: Digest): Promise<VariantEntry | undefined> {
    return (await about(digest)).filter(isVariant).findLast((entry) => entry.digest === digest);
  }

  async function variants(uncompressed: Digest): Promise<readonly BlobVariant[]> {
    const newest = lastOfEach((await about(uncompressed)).filter(isVariant), ({ digest }) => digest).filter(
      (entry) => entry.uncompressed === uncompressed,
    );
    // A blob of which something else was found out since is none of them any more.
    const last = await Promise.all(newest.map(({ digest }) => variantOf(digest)));
    return last.flatMap((entry) => {
      if (entry?.uncompressed !== uncompressed) return [];
      const { digest, compression, size } = entry;
      return [{ digest, compression, size }];
    });
  }

  return {
    recordLocation(digest, { transport, scope, location }) {
      add({ kind: "location", digest, transport, scope, location, gone: false });
    },
    forgetLocation(digest, { transport, scope, location }) {
      add({ kind: "location", digest, transport, scope, location, gone: true });
    },
    recordVariant(uncompressed, { digest, compression, size }) {
      add({ kind: "variant", digest, uncompressed, compression, size });
    },
    async locations(digest, { transport, scope }) {
      const there = (await about(digest)).filter(
        (entry): entry is LocationEntry =>
          entry.kind === "location" && entry.transport === transport && entry.scope === scope,
      );
      return lastOfEach(there, ({ location }) => location).flatMap(({ location, gone }) =>
        gone ? [] : [{ transport, scope, location }],
      );
    },
    async uncompressedDigest(digest) {
      const known = await variantOf(digest);
      if (known !== undefined) return known.uncompressed;
      // What others are uncompressed to is not compressed itself.
      return (await variants(digest)).length > 0 ? digest : undefined;
    },
    variants,
    close: () => store.close(),
  };
}

function isVariant(entry: Entry): entry is VariantEntry {
  return entry.kind === "variant";
}

/** The last item of each name, the newest first. */
function lastOfEach<T>(items: readonly T[], nameOf: (item: T) => string): readonly T[] {
  const last = new Map<string, T>();
  for (const item of [...items].reverse()) {
    if (!last.has(nameOf(item))) last.set(nameOf(item), item);
  }
  return [...last.values()];
}
