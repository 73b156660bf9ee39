import { readBlob } from "@drayage/blob";
import { type Digest, digestHex } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  chooseInstance,
  configLimit,
  emptyImageConfigs,
  type ImageConfigs,
  type ImageManifest,
  imageConfigs,
  isIndexMediaType,
  type LayerDescriptor,
  manifestDigest,
  mediaTypes,
  type PlatformWish,
  parseImageIndex,
  parseImageManifest,
} from "@drayage/manifest";
import { familiarString, formatReference } from "@drayage/reference";
import {
  type BlobLocation,
  type ImageSource,
  type Location,
  type OperationOptions,
  requireAbility,
  type SourceOptions,
} from "@drayage/transport";

/** What a pipeline stands on. */
export interface PipelineBase {
  /** As buildah calls it; empty for `scratch`. */
  readonly name: string;
  /** The hex of the config's digest; empty for `scratch`. */
  readonly id: string;
  /** Of its manifest; empty for `scratch`. */
  readonly digest: string;
  readonly image: ImageConfigs;
  readonly manifestType: string;
  readonly layers: readonly BaseLayer[];
  readonly manifest: ImageManifest | undefined;
  /** Where its layers are, if that is a registry. */
  readonly place?: BlobLocation | undefined;
  /** Opens it anew. Undefined for `scratch`. */
  open(options: OperationOptions): Promise<ImageSource | undefined>;
}

export interface BaseLayer {
  readonly descriptor: LayerDescriptor;
  readonly diffId: Digest;
}

export interface OpenBaseOptions extends OperationOptions {
  /** Which image of an index; that for this machine where absent. */
  readonly platform?: PlatformWish | undefined;
  readonly sourceOptions?: Omit<SourceOptions, "signal"> | undefined;
}

/** Nothing. */
export function scratchBase({ platform }: OpenBaseOptions): PipelineBase {
  return {
    ...{ name: "", id: "", digest: "", layers: [], manifest: undefined },
    image: emptyImageConfigs({ os: platform?.os, architecture: platform?.architecture }),
    manifestType: mediaTypes.ociManifest,
    open: async () => undefined,
  };
}

/**
 * Reads a base's manifest and config, and no layer.
 *
 * @throws `ERR_DRAYAGE_IMAGE_NOT_FOUND`, `ERR_DRAYAGE_PLATFORM_NOT_FOUND`, `ERR_DRAYAGE_MANIFEST_UNSUPPORTED` for an artifact and for docker v2s1,
 * `ERR_DRAYAGE_CONFIG_INVALID` where the config does not name the layers
 */
export async function openBase(from: Location, options: OpenBaseOptions): Promise<PipelineBase> {
  const transport = requireAbility(from.transport, "openSource");
  const open = async ({ signal }: OperationOptions): Promise<ImageSource> =>
    transport.openSource(from.reference, { ...options.sourceOptions, signal });
  await using source = await open(options);
  const manifest = await readManifest(source, from, options);
  const { config } = manifest;
  if (config === undefined || manifest.isArtifact) throw unsupported(from, manifest);
  const { signal } = options;
  const bytes = await readBlob(await source.blob(config, { signal }), { limit: configLimit, signal });
  const image = imageConfigs({ config: bytes, manifest });
  return {
    name: nameOf(from),
    id: digestHex(config.digest),
    digest: manifestDigest(manifest.bytes),
    image,
    manifestType: manifest.mediaType,
    layers: layersOf(from, manifest, image),
    manifest,
    place: placeOf(from),
    open,
  };
}

function placeOf({ transport, reference: { dockerReference } }: Location): BlobLocation | undefined {
  if (transport.scheme !== "docker" || dockerReference === undefined) return undefined;
  return { transport: "docker", scope: dockerReference.domain, location: dockerReference.path };
}

/** How deep indexes may be nested. */
const deepest = 8;

async function readManifest(
  source: ImageSource,
  from: Location,
  { platform, signal }: OpenBaseOptions,
): Promise<ImageManifest> {
  let instance: Digest | undefined;
  for (let depth = 0; depth <= deepest; depth += 1) {
    const { bytes, mediaType } = await source.manifest(instance, { signal });
    if (!isIndexMediaType(mediaType)) return parseImageManifest(bytes, mediaType);
    instance = chooseInstance(parseImageIndex(bytes, mediaType), { platform }).digest;
  }
  throw new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `${from.text}: indexes are nested more than ${deepest} deep`,
  );
}

function layersOf(from: Location, manifest: ImageManifest, image: ImageConfigs): readonly BaseLayer[] {
  const diffIds = image.oci.rootfs?.diff_ids ?? [];
  if (diffIds.length !== manifest.layers.length) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONFIG_INVALID",
      `${from.text}: the config names ${diffIds.length} layers, and the manifest ${manifest.layers.length}`,
    );
  }
  return manifest.layers.flatMap((descriptor, index): readonly BaseLayer[] => {
    const diffId = diffIds[index];
    return diffId === undefined ? [] : [{ descriptor, diffId }];
  });
}

function unsupported(from: Location, { mediaType, isArtifact }: ImageManifest): DrayageError {
  const what = isArtifact ? "an artifact" : `a ${mediaType} manifest without a config`;
  return new DrayageError(
    "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    `${from.text} is ${what}, nothing to build upon`,
    {
      hint: isArtifact ? "name an image" : "copy it in the OCI format first (dray copy --format oci)",
    },
  );
}

/** Names as stores have them; of places without names, what was written. */
export function nameOf({ reference, transport, text }: Location): string {
  const { dockerReference } = reference;
  if (dockerReference === undefined) return text;
  return transport.scheme === "docker" ? formatReference(dockerReference) : familiarString(dockerReference);
}
