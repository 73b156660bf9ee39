import path from "node:path";
import { type Digest, digestBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  type Annotations,
  type Descriptor,
  encodeOciManifest,
  isImageMediaType,
  manifestDigest,
  manifestLimit,
  mediaTypes,
  type Platform,
  parseImageManifest,
} from "@drayage/manifest";
import type { ImageSource, OperationOptions } from "@drayage/transport";
import { readFileFacts } from "./file-facts.ts";
import { fileMediaType } from "./file-media-type.ts";
import { platformOf } from "./image-list.ts";

/** What an artifact's type is where nobody says it: as ORAS, buildah and podman have it. */
export const unknownArtifactType = "application/vnd.unknown.artifact.v1";

const titleAnnotation = "org.opencontainers.image.title";
const emptyJson = new TextEncoder().encode("{}");
/** image-spec manifest.md, "Guidance for an Empty Descriptor". */
const emptyDescriptor: Descriptor = {
  mediaType: "application/vnd.oci.empty.v1+json",
  digest: digestBytes(emptyJson),
  size: emptyJson.length,
  data: "e30=",
};

export interface ArtifactOptions extends OperationOptions {
  readonly files: readonly string[];
  /** {@link unknownArtifactType} where absent. */
  readonly artifactType?: string | undefined;
  /** A file for its config; where absent the config is an empty JSON object. */
  readonly config?: string | undefined;
  /** Of a config that is a file the type of images' configs where absent. */
  readonly configType?: string | undefined;
  /** Of all files; guessed of each where absent. */
  readonly layerType?: string | undefined;
  readonly annotations?: Annotations | undefined;
  readonly subject?: Descriptor | undefined;
  /** What the list says of it. */
  readonly platform?: Platform | undefined;
  /** Leaves out the files' names, which become annotations of their layers otherwise. */
  readonly excludeTitles?: boolean | undefined;
}

/** The manifest of an artifact, and where its blobs are. */
export interface Artifact {
  readonly entry: Descriptor;
  readonly manifest: Uint8Array;
  readonly config: Digest;
  readonly layers: readonly Digest[];
  /** The absolute paths of blobs that are files. */
  readonly files: ReadonlyMap<Digest, string>;
  /** The blobs that are no files. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

/**
 * Makes the manifest of an artifact of files, each of which is read once (image-spec manifest.md, "Guidelines for Artifact Usage"; as
 * `buildah manifest add --artifact` makes it). The files stay where they are: they have to be there, as they are, when the list is pushed.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_LIMIT_EXCEEDED`
 */
export async function createArtifact(options: ArtifactOptions): Promise<Artifact> {
  const { artifactType = unknownArtifactType, annotations, subject, signal } = options;
  const files = new Map<Digest, string>();
  const blobs = new Map<Digest, Uint8Array>();
  const layers: Descriptor[] = [];
  for (const file of options.files) {
    const read = await readFileFacts(file, signal);
    files.set(read.digest, read.path);
    const title = path.basename(read.path);
    layers.push({
      mediaType: options.layerType ?? fileMediaType(title, read.head),
      digest: read.digest,
      size: read.size,
      ...(options.excludeTitles ? {} : { annotations: { [titleAnnotation]: title } }),
    });
  }
  if (layers.length === 0) layers.push(emptyDescriptor);
  const config = await configOf(options, files);
  for (const { digest, data } of [config, ...layers]) {
    if (data !== undefined) blobs.set(digest, emptyJson);
  }
  const manifest = encodeOciManifest(
    {
      mediaType: mediaTypes.ociManifest,
      artifactType,
      config,
      layers,
      ...(subject === undefined ? {} : { subject }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    undefined,
  );
  if (manifest.length > manifestLimit) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `the artifact's manifest has ${manifest.length} bytes, and readers take ${manifestLimit} at most`,
      { hint: "divide it" },
    );
  }
  const platform = options.platform === undefined ? undefined : platformOf(options.platform);
  return {
    entry: {
      mediaType: mediaTypes.ociManifest,
      digest: manifestDigest(manifest),
      size: manifest.length,
      ...(platform === undefined ? {} : { platform }),
      ...(artifactType === "" ? {} : { artifactType }),
    },
    manifest,
    config: config.digest,
    layers: layers.map(({ digest }) => digest),
    files,
    blobs,
  };
}

/** What a manifest's `subject` says of an image or a list. */
export async function subjectOf(source: ImageSource, { signal }: OperationOptions = {}): Promise<Descriptor> {
  const { bytes, mediaType } = await source.manifest(undefined, { signal });
  const artifactType = isImageMediaType(mediaType)
    ? parseImageManifest(bytes, mediaType).artifactType
    : undefined;
  return {
    mediaType,
    digest: manifestDigest(bytes),
    size: bytes.length,
    ...(artifactType ? { artifactType } : {}),
  };
}

async function configOf(
  { config, configType, signal }: ArtifactOptions,
  files: Map<Digest, string>,
): Promise<Descriptor> {
  if (config === undefined) {
    return configType === undefined ? emptyDescriptor : { ...emptyDescriptor, mediaType: configType };
  }
  const read = await readFileFacts(config, signal);
  files.set(read.digest, read.path);
  return { mediaType: configType ?? mediaTypes.ociConfig, digest: read.digest, size: read.size };
}
