import type { DockerReference } from "@drayage/reference";
import {
  type Compat,
  type DockerV1Parts,
  encodeDockerManifest,
  encodeDockerV1,
  encodeOciManifest,
} from "./encode-manifest.ts";
import { signDockerV1 } from "./jws-sign.ts";
import { applyLayerEdit, checkEditCount, effectiveEdits, type LayerEdit } from "./layer-edit.ts";
import { layerMediaType } from "./layer-type.ts";
import { dockerV1Parts, manifestParts } from "./manifest-parts.ts";
import { mediaTypes } from "./media-types.ts";
import type { ImageManifest } from "./types.ts";

export interface UpdateLayersOptions {
  /** `go` for the bytes that containers/image 5.22 writes, which drops fields that it does not know. */
  readonly compat?: Compat;
  /** For docker v2s1, which names itself: the name and tag to write instead. */
  readonly reference?: DockerReference | undefined;
}

/**
 * The manifest with other layers: one edit for each of `manifest.layers`, in their order. Where nothing
 * changes these are the manifest's own bytes; otherwise it is written anew as Go would. A signed docker v2s1
 * manifest is signed anew with a key made for it.
 *
 * @throws ERR_DRAYAGE_CONVERSION_UNSUPPORTED where the format has no media type for a layer,
 *   ERR_DRAYAGE_USAGE
 */
export function updateLayers(
  manifest: ImageManifest,
  layers: readonly LayerEdit[],
  options: UpdateLayersOptions = {},
): Uint8Array {
  checkEditCount(layers, manifest.layers, "edits");
  if (manifest.v1 !== undefined) return updateDockerV1(manifest, layers, options);
  const { compat } = options;
  if (isUnchanged(manifest, layers, compat)) return manifest.bytes;
  const parts = manifestParts(manifest);
  const edited = {
    ...parts,
    layers: manifest.layers.map((layer, i) =>
      applyLayerEdit(layer, layers[i], { where: `layers[${i}]`, compat }),
    ),
  };
  return manifest.mediaType === mediaTypes.ociManifest
    ? encodeOciManifest(edited, compat)
    : encodeDockerManifest(edited, compat);
}

function isUnchanged(manifest: ImageManifest, edits: readonly LayerEdit[], compat: Compat): boolean {
  if (compat === "go") return effectiveEdits(edits, manifest.layers, compat) === undefined;
  return manifest.layers.every((layer, i) => {
    const edit = edits[i];
    if (edit === undefined || edit.digest !== layer.digest) return false;
    const { mediaType, size } = applyLayerEdit(layer, edit, { where: `layers[${i}]` });
    return (
      mediaType === layer.mediaType &&
      size === layer.size &&
      edit.urls === undefined &&
      edit.annotations === undefined
    );
  });
}

function updateDockerV1(
  manifest: ImageManifest,
  edits: readonly LayerEdit[],
  options: UpdateLayersOptions,
): Uint8Array {
  const parts = editDockerV1(dockerV1Parts(manifest), edits, options.reference);
  const before = dockerV1Parts(manifest);
  const sameName = parts.name === before.name && parts.tag === before.tag;
  if (sameName && parts.layers.every(({ digest }, i) => digest === before.layers[i]?.digest)) {
    return manifest.bytes;
  }
  return finishDockerV1(parts, manifest.mediaType, options.compat);
}

/** docker v2s1 with other layers; `edits` have the base layer first. */
export function editDockerV1(
  parts: DockerV1Parts,
  edits: readonly LayerEdit[],
  reference: DockerReference | undefined,
): DockerV1Parts {
  return {
    ...parts,
    ...(reference === undefined ? {} : { name: reference.path, tag: reference.tag ?? "" }),
    layers: parts.layers.map((layer, i) => {
      const position = parts.layers.length - 1 - i;
      const edit = edits[position];
      if (edit === undefined) return layer;
      if (edit.compression !== undefined) {
        // There are no media types, but there are compressions that no reader of v2s1 knows.
        layerMediaType(
          { family: "docker", distributable: true, compression: edit.compression },
          `layers[${position}]`,
        );
      }
      return { ...layer, digest: edit.digest };
    }),
  };
}

/** The document, signed where the media type says so. */
export function finishDockerV1(parts: DockerV1Parts, mediaType: string, compat: Compat): Uint8Array {
  const unsigned = encodeDockerV1(parts, compat);
  return mediaType === mediaTypes.dockerV1SignedManifest ? signDockerV1(unsigned) : unsigned;
}
