import { readBlob } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { throwIfAborted } from "@drayage/errors";
import {
  chooseInstance,
  configLimit,
  type Descriptor,
  type ImageManifest,
  isImageMediaType,
  isIndexMediaType,
  manifestDigest,
  mediaTypes,
  type Platform,
  type PlatformWish,
  parseConfig,
  parseImageIndex,
  parseImageManifest,
} from "@drayage/manifest";
import type { ImageSource, OperationOptions, RawManifest } from "@drayage/transport";
import { countManifests, requireAsListed } from "./check-manifest.ts";
import { platformOf } from "./image-list.ts";
import { inParallel } from "./in-parallel.ts";

export interface DescribeOptions extends OperationOptions {
  /**
   * What is taken of a place that has a list: the image for the machine or {@link platform}, all its images, or the list itself as one
   * entry. `system` where absent.
   */
  readonly members?: "system" | "all" | "nested" | undefined;
  readonly platform?: PlatformWish | undefined;
}

/** The entries that an image, or a list of images, gets in a list, in their order; at least one, unless a list has none itself. */
export async function describeImages(
  source: ImageSource,
  { members = "system", platform, signal }: DescribeOptions = {},
): Promise<readonly Descriptor[]> {
  throwIfAborted(signal, `read ${source.reference.text}`);
  const what = source.reference.text;
  const count = countManifests(`the manifests of ${what}`);
  const own = await source.manifest(undefined, { signal });
  const digest = manifestDigest(own.bytes);
  if (!isIndexMediaType(own.mediaType)) {
    return [await describe(source, { document: own, digest, listed: undefined }, signal)];
  }
  if (members === "nested") {
    const { artifactType } = parseImageIndex(own.bytes, own.mediaType);
    return [
      {
        mediaType: own.mediaType,
        digest,
        size: own.bytes.length,
        ...(artifactType === undefined ? {} : { artifactType }),
      },
    ];
  }
  const index = parseImageIndex(own.bytes, own.mediaType);
  const listed = members === "all" ? index.manifests : [chooseInstance(index, { platform })];
  return inParallel(listed, async (entry) => {
    throwIfAborted(signal, `read ${source.reference.text}`);
    // Read, although the list describes it: what is not there is not to be listed.
    const document = await source.manifest(entry.digest, { signal });
    count(document);
    requireAsListed(document, entry, what);
    return describe(source, { document, digest: entry.digest, listed: entry }, signal);
  });
}

interface Found {
  readonly document: RawManifest;
  readonly digest: Digest;
  /** What a list says of it. */
  readonly listed: Descriptor | undefined;
}

/** What the list says counts; its config says the rest, as far as it is a container image (containers/common, `List.Add`). */
async function describe(
  source: ImageSource,
  { document: { bytes, mediaType }, digest, listed }: Found,
  signal: AbortSignal | undefined,
): Promise<Descriptor> {
  const image = isImageMediaType(mediaType) ? parseImageManifest(bytes, mediaType) : undefined;
  const { platform: given, ...described }: Partial<Descriptor> = listed ?? {};
  const isKnown = given !== undefined && given.os !== "" && given.architecture !== "";
  const ofConfig = isKnown || image === undefined ? undefined : await configPlatform(source, image, signal);
  const platform = platformOf(merged(given, ofConfig));
  const artifactType = described.artifactType ?? image?.artifactType;
  return {
    ...described,
    mediaType,
    digest,
    size: bytes.length,
    ...(artifactType ? { artifactType } : {}),
    ...(platform === undefined ? {} : { platform }),
  };
}

function merged(given: Platform | undefined, ofConfig: Platform | undefined): Platform {
  if (given === undefined) return ofConfig ?? { architecture: "", os: "" };
  if (ofConfig === undefined) return given;
  const { os, architecture, variant } = ofConfig;
  return {
    ...given,
    ...(given.os === ""
      ? { os, "os.version": ofConfig["os.version"], "os.features": ofConfig["os.features"] }
      : {}),
    ...(given.architecture === "" ? { architecture, variant } : {}),
  };
}

/** docker v2s1 has no config, and says of the system nothing but its architecture. */
async function configPlatform(
  source: ImageSource,
  image: ImageManifest,
  signal: AbortSignal | undefined,
): Promise<Platform | undefined> {
  if (image.v1 !== undefined) return { os: "linux", architecture: image.v1.architecture };
  const { config } = image;
  if (config === undefined || image.isArtifact || image.artifactType) return undefined;
  if (config.mediaType !== mediaTypes.ociConfig && config.mediaType !== mediaTypes.dockerConfig)
    return undefined;
  const blob = await source.blob(config, { signal });
  const { os, architecture, variant, ...facts } = parseConfig(
    await readBlob(blob, { limit: configLimit, signal }),
  );
  return {
    os,
    architecture,
    variant,
    "os.version": facts["os.version"],
    "os.features": facts["os.features"],
  };
}
