import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  type Descriptor,
  type ImageIndex,
  isImageMediaType,
  mediaTypes,
  needsZstd,
  type Platform,
  parseImageManifest,
  sortZstdLast,
  zstdAnnotation,
} from "@drayage/manifest";
import type { TypeChoice } from "./manifest-type.ts";
import type { PlanOptions, VariantCompression } from "./options.ts";

/** An image of an index that it is to have once more, compressed otherwise. */
export interface VariantPlan {
  /** The image's digest at the source. */
  readonly digest: Digest;
  /** Where it stands in the index, which may name an image for several platforms. */
  readonly position: number;
  readonly compression: VariantCompression;
}

/** What a document of a plan is known by: the digest alone does not tell an image's variants apart. */
export function documentKey({
  digest,
  variant,
}: {
  readonly digest: Digest;
  readonly variant?: VariantCompression | undefined;
}): string {
  return variant === undefined ? digest : `${digest} ${variant}`;
}

/** Throws `ERR_DRAYAGE_USAGE` where images are to be added to what is not copied as a whole index. */
export function requireWhole(
  addCompression: readonly VariantCompression[] | undefined,
  isWhole: boolean,
): void {
  if (addCompression === undefined || addCompression.length === 0 || isWhole) return;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    "images compressed otherwise can only be added to an index of which all images are copied",
    { hint: "copy an index with all its images, or leave out --add-compression" },
  );
}

/** An entry of an index, and where it stands there. */
export interface ListedImage {
  readonly image: Descriptor;
  readonly position: number;
}

/**
 * Which images an index lacks: for each platform and compression one, unless one says that it has it. An image without the annotation counts
 * as compressed with gzip (containers/image, `EnsureCompressionVariantsExist`).
 */
export function missingVariants(
  images: readonly ListedImage[],
  { addCompression = [], compression }: Pick<PlanOptions, "addCompression" | "compression">,
): readonly VariantPlan[] {
  const present = new Map<string, Set<VariantCompression>>();
  for (const { image } of images) {
    const key = platformKey(image.platform);
    const forced = compression?.force === true ? compression.format : undefined;
    const has = forced ?? (needsZstd(image) ? "zstd" : "gzip");
    present.set(key, (present.get(key) ?? new Set()).add(has));
  }
  const variants: VariantPlan[] = [];
  for (const { image, position } of images) {
    const there = present.get(platformKey(image.platform));
    for (const wanted of addCompression) {
      if (there === undefined || there.has(wanted)) continue;
      there.add(wanted);
      variants.push({ digest: image.digest, position, compression: wanted });
    }
  }
  return variants;
}

function platformKey(platform: Platform | undefined): string {
  if (platform === undefined) return "";
  const { os, architecture, variant, "os.version": version, "os.features": features = [] } = platform;
  return JSON.stringify([os, architecture, variant ?? "", version ?? "", [...features].sort()]);
}

/** Whether there can be another variant of an image at all: artifacts stay as they are. */
export function hasVariants({
  bytes,
  mediaType,
}: {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}): boolean {
  return isImageMediaType(mediaType) && !parseImageManifest(bytes, mediaType).isArtifact;
}

/** Only an OCI index has the annotation by which those are passed over that cannot read zstd. */
export function typeWithVariants(
  choice: TypeChoice,
  variants: readonly { readonly named: VariantPlan }[],
): TypeChoice {
  if (!variants.some(({ named }) => named.compression === "zstd")) return choice;
  const { ociIndex } = mediaTypes;
  const reason = "only an OCI index tells which images need zstd";
  if (choice.preferred === ociIndex) return { ...choice, fallbacks: [] };
  if (choice.fallbacks.includes(ociIndex)) return { preferred: ociIndex, fallbacks: [], reason };
  throw new DrayageError(
    "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
    `images compressed with zstd are to be added, and the index is to be ${choice.preferred}: ${reason}`,
    { side: "destination", hint: "ask for the format oci, or for no zstd" },
  );
}

/** The entries of an index with those of the variants that were written, those that need zstd last, as in containers/image. */
export function withVariants(
  index: ImageIndex,
  entries: readonly Descriptor[],
  written: readonly (VariantPlan & Pick<Descriptor, "size" | "mediaType"> & { readonly as: Digest })[],
): readonly Descriptor[] {
  const there = new Set(entries.map(({ digest }) => digest));
  const added = written.flatMap(({ position, compression, as, size, mediaType }): readonly Descriptor[] => {
    const of = index.manifests[position];
    // An image that has had the compression all along, and did not say so.
    if (of === undefined || there.has(as)) return [];
    const { urls: _u, data: _d, annotations: { [zstdAnnotation]: _z, ...kept } = {}, ...said } = of;
    const annotations = compression === "zstd" ? { ...kept, [zstdAnnotation]: "true" } : kept;
    return [
      {
        ...said,
        digest: as,
        size,
        mediaType,
        ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      },
    ];
  });
  return added.length === 0 ? entries : sortZstdLast([...entries, ...added]);
}
