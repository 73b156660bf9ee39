import { type Digest, digestBytes, verifyBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { DockerReference } from "@drayage/reference";
import { configFromDockerV1, layerEntry, layerId, topEntry } from "./docker-v1-config.ts";
import { emptyLayer } from "./empty-layer.ts";
import { encodeGoOciConfig } from "./encode-config.ts";
import {
  type Compat,
  type DockerV1Parts,
  encodeDockerManifest,
  encodeOciManifest,
  type ManifestParts,
} from "./encode-manifest.ts";
import { quote } from "./json/quote.ts";
import { applyLayerEdit, checkEditCount, effectiveEdits, type LayerEdit } from "./layer-edit.ts";
import { layerMediaType } from "./layer-type.ts";
import { configOf, dockerV1Parts, manifestParts } from "./manifest-parts.ts";
import { type ImageMediaType, isDockerV1MediaType, isImageMediaType, mediaTypes } from "./media-types.ts";
import { parseConfig } from "./parse-config.ts";
import { present } from "./parse-descriptor.ts";
import type { Annotations, Descriptor, ImageManifest } from "./types.ts";
import { editDockerV1, finishDockerV1, updateLayers } from "./update-layers.ts";

export interface ConvertManifestOptions {
  readonly manifest: ImageManifest;
  /** The bytes of the manifest's config. Needed unless the manifest is docker v2s1; verified. */
  readonly config?: Uint8Array | undefined;
  /** The media type of the manifest that is wanted. */
  readonly to: string;
  /** What became of the layers, one for each of `manifest.layers`. Needed of docker v2s1, which has no sizes. */
  readonly layers?: readonly LayerEdit[] | undefined;
  /** Needed of docker v2s1: the digests of the uncompressed layers; those of its empty layers are not read. */
  readonly diffIds?: readonly (Digest | undefined)[] | undefined;
  /** To docker v2s1, which names itself: the name and tag to write; both are empty without it. */
  readonly reference?: DockerReference | undefined;
  /** `go` for the bytes that containers/image 5.22 writes, which drops fields that it does not know. */
  readonly compat?: Compat;
}

export interface ConvertedManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: ImageMediaType;
  /** The config that belongs to it: the one that was given, or a new one. Absent for docker v2s1. */
  readonly config?: { readonly bytes: Uint8Array; readonly descriptor: Descriptor } | undefined;
  /** Blobs that the manifest names and that the image did not have. */
  readonly extraBlobs: readonly { readonly bytes: Uint8Array; readonly descriptor: Descriptor }[];
  /** The fields that were lost, since the format has no place for them: `layers[0].annotations["org.example.key"]`. */
  readonly dropped: readonly string[];
}

/**
 * A manifest in another format, with all that belongs to it.
 *
 * Between docker v2s2 and OCI the config stays as it is, byte for byte: Docker's fields (Healthcheck, Shell,
 * OnBuild) are extra fields to OCI, where Docker itself writes them too, and the image's id does not change.
 * With `compat: "go"` an OCI config is written anew, without them. docker v2s1 is made and read as docker
 * and containers/image do, with fabricated ids; signed, with a key that is thrown away.
 *
 * @throws ERR_DRAYAGE_CONVERSION_UNSUPPORTED, ERR_DRAYAGE_CONFIG_INVALID, ERR_DRAYAGE_DIGEST_MISMATCH,
 *   ERR_DRAYAGE_MANIFEST_UNSUPPORTED, ERR_DRAYAGE_USAGE
 */
export function convertManifest(options: ConvertManifestOptions): ConvertedManifest {
  const { manifest, layers, to } = options;
  if (!isImageMediaType(to)) {
    throw new DrayageError(
      "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
      `the manifest of an image cannot become ${quote(to)}`,
    );
  }
  if (layers !== undefined) checkEditCount(layers, manifest.layers, "edits");
  if (to === manifest.mediaType) return keepFormat(options, to);
  if (manifest.isArtifact) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
      `manifest: an artifact (its config is ${quote(configOf(manifest).mediaType)}) has no counterpart in another format`,
      { hint: "copy it in its own format" },
    );
  }
  if (manifest.v1 !== undefined) return fromDockerV1(options, to);
  const config = verifiedConfig(options);
  if (isDockerV1MediaType(to)) return toDockerV1(options, config, to);
  return to === mediaTypes.ociManifest ? toOci(options, config) : toDocker(options, config);
}

function keepFormat(options: ConvertManifestOptions, to: ImageMediaType): ConvertedManifest {
  const { manifest, layers, compat, reference } = options;
  const named = manifest.v1 !== undefined && reference !== undefined;
  const bytes =
    layers === undefined && !named
      ? manifest.bytes
      : updateLayers(manifest, layers ?? manifest.layers, { compat, reference });
  const config =
    manifest.config === undefined || options.config === undefined
      ? undefined
      : { bytes: verifiedConfig(options), descriptor: manifest.config };
  return { bytes, mediaType: to, ...present("config", config), extraBlobs: [], dropped: [] };
}

function verifiedConfig({ manifest, config }: ConvertManifestOptions): Uint8Array {
  if (config === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "the config of the image is needed to convert its manifest");
  }
  verifyBytes(config, configOf(manifest).digest, "config");
  return config;
}

function toOci(options: ConvertManifestOptions, config: Uint8Array): ConvertedManifest {
  const { manifest, compat } = options;
  const bytes = compat === "go" ? encodeGoOciConfig(parseConfig(config)) : config;
  const edits = effectiveEdits(options.layers, manifest.layers, compat);
  const layers = manifest.layers.map((layer, i) =>
    applyLayerEdit(layer, edits?.[i], { family: "oci", where: `layers[${i}]`, compat }),
  );
  return finishOci(manifestParts(manifest), { config: bytes, layers, compat });
}

interface Pieces {
  readonly config: Uint8Array;
  readonly layers: readonly Descriptor[];
  readonly compat: Compat;
}

function finishOci(parts: ManifestParts, { config, layers, compat }: Pieces): ConvertedManifest {
  const kept = compat === "go" ? {} : parts;
  const descriptor = {
    ...(compat === "go" ? {} : parts.config),
    mediaType: mediaTypes.ociConfig,
    ...identify(config),
  };
  return {
    bytes: encodeOciManifest(
      { ...kept, mediaType: mediaTypes.ociManifest, config: descriptor, layers },
      compat,
    ),
    mediaType: mediaTypes.ociManifest,
    config: { bytes: config, descriptor },
    extraBlobs: [],
    dropped: [],
  };
}

function toDocker(options: ConvertManifestOptions, config: Uint8Array): ConvertedManifest {
  const { manifest, compat } = options;
  const parts = manifestParts(manifest);
  const edits = effectiveEdits(options.layers, manifest.layers, compat);
  const layers = manifest.layers.map((layer, i) =>
    dockerOnly(applyLayerEdit(layer, edits?.[i], { family: "docker", where: `layers[${i}]`, compat })),
  );
  const descriptor = dockerOnly({ ...parts.config, mediaType: mediaTypes.dockerConfig });
  return {
    bytes: encodeDockerManifest({ mediaType: mediaTypes.dockerManifest, config: descriptor, layers }, compat),
    mediaType: mediaTypes.dockerManifest,
    config: { bytes: config, descriptor },
    extraBlobs: [],
    dropped: lostInDocker(manifest),
  };
}

/** What docker's descriptors can say. */
function dockerOnly({ mediaType, digest, size, urls }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...present("urls", urls) };
}

/** The fields of a manifest that docker's formats have no place for. */
function lostInDocker(manifest: ImageManifest): readonly string[] {
  const config = manifest.config === undefined ? [] : lostOf(manifest.config, "config");
  return [
    ...lostAnnotations(manifest.annotations, "annotations"),
    ...(["subject", "artifactType"] as const).filter((name) => manifest[name] !== undefined),
    ...(manifest.extra?.keys() ?? []),
    ...config,
    ...manifest.layers.flatMap((layer, i) => lostOf(layer, `layers[${i}]`)),
  ];
}

function lostOf(descriptor: Descriptor, path: string): readonly string[] {
  const names = (["data", "platform", "artifactType"] as const).filter(
    (name) => descriptor[name] !== undefined,
  );
  return [
    ...lostAnnotations(descriptor.annotations, `${path}.annotations`),
    ...[...names, ...(descriptor.extra?.keys() ?? [])].map((name) => `${path}.${name}`),
  ];
}

function lostAnnotations(annotations: Annotations | undefined, path: string): readonly string[] {
  return Object.keys(annotations ?? {}).map((key) => `${path}[${JSON.stringify(key)}]`);
}

function fromDockerV1(options: ConvertManifestOptions, to: ImageMediaType): ConvertedManifest {
  const { manifest, compat } = options;
  if (isDockerV1MediaType(to)) {
    const parts = editDockerV1(dockerV1Parts(manifest), options.layers ?? [], options.reference);
    return { bytes: finishDockerV1(parts, to, compat), mediaType: to, extraBlobs: [], dropped: [] };
  }
  const { v1 } = manifest;
  const { diffIds, layers: edits } = options;
  if (v1 === undefined || diffIds === undefined || edits === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      "the layers' sizes and diffIDs are needed to convert a docker v2s1 manifest, which does not have them",
    );
  }
  checkEditCount(diffIds, manifest.layers, "diffIDs");
  const effective = effectiveEdits(edits, manifest.layers, compat);
  const layers: Descriptor[] = [];
  const keptDiffIds: Digest[] = [];
  for (const [i, layer] of manifest.layers.entries()) {
    const edit = edits[i];
    const diffId = diffIds[i];
    if (layer.emptyLayer === true) continue;
    if (edit === undefined || diffId === undefined) {
      throw new DrayageError("ERR_DRAYAGE_USAGE", `the diffID of layers[${i}] is needed`);
    }
    const family = to === mediaTypes.ociManifest ? "oci" : "docker";
    const compression = effective?.[i]?.compression ?? "gzip";
    layers.push({
      mediaType: layerMediaType({ family, distributable: true, compression }, `layers[${i}]`),
      digest: edit.digest,
      size: edit.size,
      ...present("urls", edit.urls),
      ...(family === "oci" ? present("annotations", edit.annotations) : {}),
    });
    keptDiffIds.push(diffId);
  }
  const docker = configFromDockerV1(v1, keptDiffIds);
  if (to === mediaTypes.ociManifest) {
    const config = compat === "go" ? encodeGoOciConfig(parseConfig(docker)) : docker;
    const descriptor = { mediaType: mediaTypes.ociConfig, ...identify(config) };
    return finishOci({ config: descriptor, layers }, { config, layers, compat });
  }
  const descriptor = { mediaType: mediaTypes.dockerConfig, ...identify(docker) };
  return {
    bytes: encodeDockerManifest({ mediaType: to, config: descriptor, layers }, compat),
    mediaType: to,
    config: { bytes: docker, descriptor },
    extraBlobs: [],
    dropped: [],
  };
}

function identify(bytes: Uint8Array): { readonly digest: Digest; readonly size: number } {
  return { digest: digestBytes(bytes), size: bytes.length };
}

function toDockerV1(
  options: ConvertManifestOptions,
  configBytes: Uint8Array,
  to: ImageMediaType,
): ConvertedManifest {
  const { manifest, reference, compat } = options;
  const config = parseConfig(configBytes);
  const history = config.history ?? [];
  const made = history.filter((entry) => entry.empty_layer !== true).length;
  if (history.length === 0 || made !== manifest.layers.length) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
      `config history: ${made} of its ${history.length} entries made a layer, and there are ${manifest.layers.length} layers; docker v2s1 needs an entry for each`,
      { hint: "use docker v2s2 or OCI, which need no history" },
    );
  }
  const empty = emptyLayer();
  const entries: DockerV1Parts["layers"][number][] = [];
  let nextLayer = 0;
  let parent = "";
  let hasEmpty = false;
  for (const [i, entry] of history.entries()) {
    const isEmpty = entry.empty_layer === true;
    const position = nextLayer;
    const source = isEmpty ? empty.descriptor : manifest.layers[position];
    if (source === undefined)
      throw new DrayageError("ERR_DRAYAGE_CONFIG_INVALID", "config history: too long");
    if (isEmpty) hasEmpty = true;
    else nextLayer += 1;
    // The type says whether docker can have the layer; v2s1 itself has no media types.
    const layer = isEmpty
      ? source
      : applyLayerEdit(source, options.layers?.[position], {
          family: "docker",
          where: `layers[${position}]`,
        });
    const isTop = i === history.length - 1;
    const id = layerId(source.digest, parent, isTop ? configBytes : undefined);
    entries.unshift({
      digest: layer.digest,
      v1Compatibility: isTop
        ? topEntry(configBytes, { id, parent, throwaway: isEmpty })
        : layerEntry(entry, id, parent),
    });
    parent = id;
  }
  const parts: DockerV1Parts = {
    name: reference?.path ?? "",
    tag: reference?.tag ?? "",
    architecture: config.architecture,
    layers: entries,
  };
  return {
    bytes: finishDockerV1(parts, to, compat),
    mediaType: to,
    extraBlobs: hasEmpty ? [empty] : [],
    dropped: lostInDocker(manifest),
  };
}
