import type { Digest } from "@drayage/digest";
import { parseManifest } from "@drayage/manifest";
import type { RawManifest, Signature } from "@drayage/transport";

/** What one place of the memory transport holds: images by tag, and all that they name by digest. */
export interface MemoryPlace {
  readonly tags: ReadonlyMap<string, Digest>;
  readonly manifests: ReadonlyMap<Digest, RawManifest>;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  /** By the digest of the manifest that they sign. */
  readonly signatures: ReadonlyMap<Digest, readonly Signature[]>;
}

export const emptyPlace: MemoryPlace = {
  tags: new Map(),
  manifests: new Map(),
  blobs: new Map(),
  signatures: new Map(),
};

/** The place with all that the addition has; what both have is the addition's. */
export function merge(place: MemoryPlace, addition: MemoryPlace): MemoryPlace {
  return {
    tags: new Map([...place.tags, ...addition.tags]),
    manifests: new Map([...place.manifests, ...addition.manifests]),
    blobs: new Map([...place.blobs, ...addition.blobs]),
    signatures: new Map([...place.signatures, ...addition.signatures]),
  };
}

/** The place without what no tag leads to. */
export function withoutGarbage(place: MemoryPlace): MemoryPlace {
  const reached = new Set<Digest>();
  const waiting = [...place.tags.values()];
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
    if (reached.has(digest)) continue;
    reached.add(digest);
    const manifest = place.manifests.get(digest);
    if (manifest !== undefined) waiting.push(...namedBy(manifest));
  }
  const keep = <T>(all: ReadonlyMap<Digest, T>): Map<Digest, T> =>
    new Map([...all].filter(([digest]) => reached.has(digest)));
  return {
    tags: place.tags,
    manifests: keep(place.manifests),
    blobs: keep(place.blobs),
    signatures: keep(place.signatures),
  };
}

function namedBy({ bytes, mediaType }: RawManifest): readonly Digest[] {
  const parsed = parseManifest(bytes, mediaType);
  const all =
    parsed.kind === "index"
      ? parsed.manifests
      : [...parsed.layers, ...(parsed.config ? [parsed.config] : [])];
  return all.map(({ digest }) => digest);
}
