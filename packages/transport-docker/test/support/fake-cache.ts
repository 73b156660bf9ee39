import type { BlobInfoCache, BlobLocation } from "@drayage/transport";

/** A cache of places only, which tells what was recorded. */
export interface FakeCache extends BlobInfoCache {
  readonly seen: Map<string, BlobLocation[]>;
}

export function fakeCache(): FakeCache {
  const seen = new Map<string, BlobLocation[]>();
  const same = (one: BlobLocation, other: BlobLocation): boolean =>
    one.transport === other.transport && one.scope === other.scope && one.location === other.location;
  const without = (digest: string, location: BlobLocation): BlobLocation[] =>
    (seen.get(digest) ?? []).filter((each) => !same(each, location));
  return {
    seen,
    recordLocation: (digest, location) => void seen.set(digest, [location, ...without(digest, location)]),
    forgetLocation: (digest, location) => void seen.set(digest, without(digest, location)),
    locations: async (digest, { transport, scope }) =>
      (seen.get(digest) ?? []).filter((each) => each.transport === transport && each.scope === scope),
    recordVariant: () => undefined,
    uncompressedDigest: async () => undefined,
    variants: async () => [],
    close: async () => undefined,
  };
}
