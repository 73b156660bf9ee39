import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { needsZstd } from "./choose.ts";
import { type Compat, encodeDockerList, encodeOciIndex, type IndexParts } from "./encode-manifest.ts";
import { quote } from "./json/quote.ts";
import { indexParts } from "./manifest-parts.ts";
import { isIndexMediaType, mediaTypes } from "./media-types.ts";
import { present } from "./parse-descriptor.ts";
import { hostPlatform } from "./platform.ts";
import type { Descriptor, ImageIndex, Platform } from "./types.ts";

export interface ConvertIndexOptions {
  /** The entries to write instead of the index's own: after their images were converted, say. */
  readonly manifests?: readonly Descriptor[] | undefined;
  /** The platforms of entries that have none, by digest. A docker manifest list needs one for each entry. */
  readonly platforms?: ReadonlyMap<Digest, Platform> | undefined;
  /**
   * `go` for the bytes that containers/image 5.22 writes. It drops annotations and docker's CPU features, and
   * gives entries of a docker list that have no platform that of this machine.
   */
  readonly compat?: Compat;
  /** The platform of this machine, where it is not to be found out. */
  readonly host?: Platform | undefined;
}

/**
 * The index as an OCI index or a docker manifest list. In its own format it is what {@link updateIndex} makes.
 * Annotations, `subject` and `artifactType` have no place in a docker list and are lost there; docker's CPU
 * features stay in an OCI index, whose readers skip them.
 *
 * @throws ERR_DRAYAGE_CONVERSION_UNSUPPORTED where an entry of a docker list would have no platform,
 *   ERR_DRAYAGE_MANIFEST_UNSUPPORTED
 */
export function convertIndex(index: ImageIndex, to: string, options: ConvertIndexOptions = {}): Uint8Array {
  const { compat } = options;
  const manifests = options.manifests ?? index.manifests;
  if (!isIndexMediaType(to)) {
    throw new DrayageError(
      "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
      `an index of images cannot become ${quote(to)}`,
    );
  }
  if (to === index.mediaType) return updateIndex(index, manifests, { compat });
  if (to === mediaTypes.dockerManifestList) {
    const entries = manifests.map((entry, i) => dockerEntry(entry, i, options));
    return encodeDockerList({ mediaType: to, manifests: entries }, compat);
  }
  const entries = manifests.map((entry) =>
    // A docker list always has a platform, be it an empty one.
    compat === "go"
      ? goEntry({ ...entry, platform: entry.platform ?? { architecture: "", os: "" } }, true)
      : entry,
  );
  const kept: Partial<IndexParts> = compat === "go" ? {} : indexParts(index);
  return encodeOciIndex({ ...kept, mediaType: to, manifests: entries }, compat);
}

function dockerEntry(entry: Descriptor, position: number, options: ConvertIndexOptions): Descriptor {
  const { mediaType, digest, size, urls } = entry;
  let platform = entry.platform ?? options.platforms?.get(digest);
  if (platform === undefined && options.compat === "go") {
    const { architecture, os } = options.host ?? hostPlatform();
    platform = { architecture, os };
  }
  if (platform === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
      `index manifests[${position}] (${digest}): it has no platform, and a docker manifest list needs one`,
      { hint: "keep the OCI index" },
    );
  }
  if (options.compat !== "go") return { mediaType, digest, size, ...present("urls", urls), platform };
  const { features: _, ...known } = platform;
  return { mediaType, digest, size, ...present("urls", urls), platform: known };
}

/**
 * The index with these entries instead of its own, which are usually its own mapped and filtered: other
 * digests, sizes and media types after a conversion, fewer after a copy of some. Where nothing changes these
 * are the index's own bytes; otherwise it is written anew as Go would.
 */
export function updateIndex(
  index: ImageIndex,
  manifests: readonly Descriptor[],
  options: { readonly compat?: Compat } = {},
): Uint8Array {
  const encode = index.mediaType === mediaTypes.ociIndex ? encodeOciIndex : encodeDockerList;
  const parts = indexParts(index);
  const before = encode(parts, options.compat);
  const entries = options.compat === "go" ? manifests.map((entry) => goEntry(entry)) : manifests;
  const after = encode({ ...parts, manifests: entries }, options.compat);
  const same = before.length === after.length && before.every((byte, i) => byte === after[i]);
  return same ? index.bytes : after;
}

/** What containers/image 5.22 keeps of an entry that it copies. docker's lists have no annotations. */
function goEntry(entry: Descriptor, fromDocker = false): Descriptor {
  const { mediaType, digest, size, urls, annotations, platform } = entry;
  return {
    mediaType,
    digest,
    size,
    ...present("urls", urls),
    ...(fromDocker ? {} : present("annotations", annotations)),
    ...present("platform", platform),
  };
}

/**
 * Entries in the order that containers/image gives them after it adds some to an OCI index: those that need
 * zstd last, since old readers take the first that fits.
 */
export function sortZstdLast(manifests: readonly Descriptor[]): readonly Descriptor[] {
  return [
    ...manifests.filter((entry) => !needsZstd(entry)),
    ...manifests.filter((entry) => needsZstd(entry)),
  ];
}
