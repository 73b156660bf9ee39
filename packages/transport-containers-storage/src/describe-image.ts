import { type Digest, digestBytes, digestHex } from "@drayage/digest";
import {
  convertManifest,
  type ImageManifest,
  manifestDigest,
  mediaTypes,
  parseConfig,
} from "@drayage/manifest";
import type { BigDataItem } from "@drayage/storage";
import type { RawManifest, Signature } from "@drayage/transport";
import { manifestItem, manifestKey } from "./big-data.ts";
import { encodeMetadata, joinSignatures, signaturesKey } from "./signatures.ts";

/** All of an image but its layers. */
export interface ImageParts {
  readonly manifest: ImageManifest;
  readonly digest: Digest;
  /** Absent for docker v2s1, which has none. */
  readonly config: Uint8Array | undefined;
  readonly signatures: readonly Signature[];
  /** The index that it was chosen from. */
  readonly origin: RawManifest | undefined;
}

/** The ID that containers/image gives to an image: the hex of its config's digest; of docker v2s1, of the config that it would have. */
export function imageIdOf(manifest: ImageManifest, diffIds: readonly Digest[]): string {
  if (manifest.config !== undefined) return digestHex(manifest.config.digest);
  const rest = [...diffIds];
  const { config } = convertManifest({
    manifest,
    to: mediaTypes.dockerManifest,
    layers: manifest.layers.map(({ digest }) => ({ digest, size: 0 })),
    diffIds: manifest.layers.map(({ emptyLayer }) => (emptyLayer === true ? undefined : rest.shift())),
    compat: "go",
  });
  if (config === undefined) throw new TypeError("a docker v2s2 manifest has a config");
  return digestHex(digestBytes(config.bytes));
}

/** When the image was made, as it says itself. */
export function creationOf({
  manifest,
  config,
}: Pick<ImageParts, "config" | "manifest">): string | undefined {
  if (config === undefined || manifest.isArtifact) return manifest.v1?.history[0]?.created;
  return parseConfig(config).created;
}

/**
 * The pieces that containers/image keeps of an image, in its order. `signature-<hex>` is there without signatures, too, as skopeo up to
 * 1.9 has it.
 */
export function bigDataOf({ manifest, digest, config, signatures, origin }: ImageParts): {
  readonly bigData: readonly BigDataItem[];
  readonly sizes: readonly number[];
} {
  const { bytes } = manifest;
  const joined = joinSignatures(signatures);
  const bigData: BigDataItem[] = [];
  if (config !== undefined && manifest.config !== undefined) {
    bigData.push({ key: manifest.config.digest, bytes: config });
  }
  if (origin !== undefined)
    bigData.push({ key: manifestKey(manifestDigest(origin.bytes)), bytes: origin.bytes });
  bigData.push({ key: manifestKey(digest), bytes }, { key: manifestItem, bytes });
  if (signatures.length > 0) bigData.push({ key: "signatures", bytes: joined.bytes });
  bigData.push({ key: signaturesKey(digest), bytes: joined.bytes });
  return { bigData, sizes: joined.sizes };
}

/** The metadata of an image; what it said before of signatures of other manifests stays. */
export function metadataOf(
  digest: Digest,
  sizes: readonly number[],
  before: ReadonlyMap<string, readonly number[]>,
): string {
  return encodeMetadata({ own: sizes, byManifest: new Map([...before, [digest, sizes]]) });
}
