import { DrayageError } from "@drayage/errors";
import type { DockerV1Parts, IndexParts, ManifestParts } from "./encode-manifest.ts";
import { present } from "./parse-descriptor.ts";
import type { Descriptor, ImageIndex, ImageManifest } from "./types.ts";

/** An OCI or docker v2s2 manifest as the encoders take it. */
export function manifestParts(manifest: ImageManifest): ManifestParts {
  return { ...sharedParts(manifest), config: configOf(manifest), layers: manifest.layers };
}

/** An index as the encoders take it. */
export function indexParts(index: ImageIndex): IndexParts {
  return { ...sharedParts(index), manifests: index.manifests };
}

/** A docker v2s1 manifest as the encoder takes it. */
export function dockerV1Parts(manifest: ImageManifest): DockerV1Parts {
  const { v1, layers } = manifest;
  if (v1 === undefined) throw usage("a docker v2s1 manifest is expected");
  return {
    name: v1.name,
    tag: v1.tag,
    architecture: v1.architecture,
    layers: v1.history.map(({ v1Compatibility }, i) => {
      const layer = layers[layers.length - 1 - i];
      if (layer === undefined) throw usage("a docker v2s1 manifest has a layer for each history entry");
      return { digest: layer.digest, v1Compatibility };
    }),
    ...present("extra", manifest.extra),
  };
}

/** The config that every manifest but docker v2s1 has. */
export function configOf(manifest: ImageManifest): Descriptor {
  if (manifest.config === undefined) throw usage("a manifest with a config is expected");
  return manifest.config;
}

function sharedParts(
  document: ImageManifest | ImageIndex,
): Pick<IndexParts, "mediaType" | "annotations" | "subject" | "artifactType" | "extra"> {
  const { mediaType } = document.document;
  return {
    ...(typeof mediaType === "string" ? { mediaType } : {}),
    ...present("annotations", document.annotations),
    ...present("subject", document.subject),
    ...present("artifactType", document.artifactType),
    ...present("extra", document.extra),
  };
}

function usage(message: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", message);
}
