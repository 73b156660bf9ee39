import type { CompressionAlgorithm } from "@drayage/blob";
import {
  convertManifest,
  type Descriptor,
  type ImageManifest,
  isDockerV1MediaType,
  type LayerEdit,
} from "@drayage/manifest";
import type { DockerReference } from "@drayage/reference";
import type { StoredLayer } from "./transfer.ts";

export interface RewriteInput {
  readonly manifest: ImageManifest;
  /** The media type to write. */
  readonly target: string;
  /** What became of its layers. */
  readonly layers: readonly StoredLayer[];
  readonly compat: "go" | undefined;
  /** The destination's name, which docker v2s1 manifests carry. */
  readonly reference: DockerReference | undefined;
  readonly readConfig: () => Promise<Uint8Array | undefined>;
}

export interface RewrittenImage {
  /** The manifest's own bytes, the very array, where nothing had to change. */
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Without `bytes` the config is the source's own. */
  readonly config: { readonly descriptor: Descriptor; readonly bytes: Uint8Array | undefined } | undefined;
  /** Blobs that the manifest names and the image did not have. */
  readonly extraBlobs: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
  /** The fields that the format has no place for. */
  readonly dropped: readonly string[];
}

/** The manifest and config as the destination is to have them. */
export async function rewriteImage(input: RewriteInput): Promise<RewrittenImage> {
  const { manifest, target, layers, compat } = input;
  const isV1 = isDockerV1MediaType(manifest.mediaType);
  const toV1 = isDockerV1MediaType(target);
  const own = manifest.config === undefined ? undefined : { descriptor: manifest.config, bytes: undefined };
  const changed = layers.some(({ changed: layerChanged }) => layerChanged !== undefined);
  const renamed = toV1 && input.reference !== undefined;
  if (target === manifest.mediaType && !changed && !renamed) {
    return { bytes: manifest.bytes, mediaType: target, config: own, extraBlobs: [], dropped: [] };
  }
  const config = target === manifest.mediaType ? undefined : await input.readConfig();
  const converted = convertManifest({
    manifest,
    to: target,
    compat,
    config,
    layers:
      changed || isV1
        ? layers.map((layer, index) => editOf(layer, manifest.layers[index], compat))
        : undefined,
    diffIds: isV1 && !toV1 ? layers.map(({ diffId }) => diffId) : undefined,
    reference: toV1 ? input.reference : undefined,
  });
  return {
    bytes: converted.bytes,
    mediaType: converted.mediaType,
    config: converted.config ?? (toV1 || own === undefined ? undefined : { ...own, bytes: config }),
    extraBlobs: converted.extraBlobs,
    dropped: converted.dropped,
  };
}

function editOf(
  { digest, size, changed, looked }: StoredLayer,
  layer: Descriptor | undefined,
  compat: "go" | undefined,
): LayerEdit {
  const compression = namedCompression(changed ?? looked);
  const edit: LayerEdit = compression === undefined ? { digest, size } : { digest, size, compression };
  if (compat !== "go") return edit;
  // containers/image forgets the URLs of all layers that it has put, and the annotations of those that changed.
  const isPut = layer?.urls === undefined || changed !== undefined || looked !== undefined;
  return {
    ...edit,
    urls: isPut ? [] : layer.urls,
    annotations: changed === undefined ? (layer?.annotations ?? {}) : {},
  };
}

/** The compression as media types can name it: `undefined` leaves the layer's media type alone. */
function namedCompression(
  stored: { readonly compression: CompressionAlgorithm | undefined } | undefined,
): "none" | "gzip" | "zstd" | undefined {
  if (stored === undefined) return undefined;
  const { compression = "none" } = stored;
  return compression === "bzip2" || compression === "xz" ? undefined : compression;
}
