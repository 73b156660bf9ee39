import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { quote } from "./json/quote.ts";
import { type LayerCompression, type LayerType, layerMediaType, layerTypeOf } from "./layer-type.ts";
import { present } from "./parse-descriptor.ts";
import type { Annotations, LayerDescriptor } from "./types.ts";

/** What became of a layer when it was copied. */
export interface LayerEdit {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  /** How the layer is compressed now; absent where that was not touched. It decides the media type. */
  readonly compression?: LayerCompression | undefined;
  /**
   * Absent: those of the layer if its digest is the same, else none, since they lead to other bytes. With
   * `compat: "go"` none: there only layers that were left where they are have URLs.
   */
  readonly urls?: readonly string[] | undefined;
  /**
   * Absent: those of the layer; if its digest is another, without those that describe the compressed bytes
   * (zstd:chunked's and eStargz's), and with `compat: "go"` none.
   */
  readonly annotations?: Annotations | undefined;
}

export interface ApplyLayerEditOptions {
  /** The family of media types that the result is to have; absent: that of the layer. */
  readonly family?: LayerType["family"] | undefined;
  /** For messages: `layers[3]`. */
  readonly where: string;
  readonly compat?: "go" | undefined;
}

/** A layer after an edit, or, without one, with the media type of another family. */
export function applyLayerEdit(
  layer: LayerDescriptor,
  edit: LayerEdit | undefined,
  options: ApplyLayerEditOptions,
): LayerDescriptor {
  if (options.compat === "go") return applyAsGo(layer, edit, options);
  const moved = edit !== undefined && edit.digest !== layer.digest;
  return {
    mediaType: editedMediaType(layer, edit, options),
    digest: edit?.digest ?? layer.digest,
    size: edit?.size ?? layer.size,
    ...present("urls", edit?.urls ?? (moved ? undefined : layer.urls)),
    ...present("annotations", edit?.annotations ?? (moved ? lastingAnnotations(layer) : layer.annotations)),
    ...(moved ? {} : present("data", layer.data)),
    ...present("platform", layer.platform),
    ...present("artifactType", layer.artifactType),
    ...present("extra", layer.extra),
  };
}

/**
 * As containers/image 5.22 edits layers: what was copied has no URLs, what was recompressed has no
 * annotations, and fields that few know are gone.
 */
function applyAsGo(
  layer: LayerDescriptor,
  edit: LayerEdit | undefined,
  options: ApplyLayerEditOptions,
): LayerDescriptor {
  const { digest, size, annotations, urls } = edit ?? layer;
  const moved = digest !== layer.digest;
  // A layer that is not compressed and was not touched keeps its media type, whatever that says.
  const known = edit !== undefined && !moved && edit.compression === "none" ? { digest, size } : edit;
  return {
    mediaType: editedMediaType(layer, known, options),
    digest,
    size,
    ...present("urls", urls),
    ...present("annotations", annotations ?? (moved ? undefined : layer.annotations)),
  };
}

function editedMediaType(
  layer: LayerDescriptor,
  edit: LayerEdit | undefined,
  options: ApplyLayerEditOptions,
): string {
  const type = layerTypeOf(layer.mediaType);
  const compression = edit?.compression ?? type?.compression;
  const family = options.family ?? type?.family;
  if (type === undefined) {
    const untouched = options.family === undefined && (edit === undefined || edit.digest === layer.digest);
    if (untouched || (options.family === undefined && edit?.compression === undefined))
      return layer.mediaType;
    throw unknownType(layer, options.where);
  }
  if (family === type.family && compression === type.compression) return layer.mediaType;
  return layerMediaType(
    { family: family ?? type.family, distributable: type.distributable, compression: compression ?? "none" },
    options.where,
  );
}

function unknownType({ mediaType }: LayerDescriptor, where: string): DrayageError {
  const shown = quote(mediaType);
  if (mediaType.endsWith("+encrypted")) {
    return new DrayageError(
      "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
      `manifest ${where}.mediaType: an encrypted layer (${shown}) can be neither converted nor recompressed`,
      { hint: "keep the format of the manifest and the layers as they are" },
    );
  }
  return new DrayageError(
    "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
    `manifest ${where}.mediaType: ${shown} is no layer of an image, so it has no counterpart`,
    { hint: "keep the format of the manifest and the layers as they are" },
  );
}

const aboutBytes: ReadonlySet<string> = new Set([
  "containerd.io/snapshot/stargz/toc.digest",
  "io.containers.estargz.uncompressed-size",
  "io.github.containers.zstd-chunked.manifest-checksum",
  "io.github.containers.zstd-chunked.manifest-position",
  "io.github.containers.zstd-chunked.tarsplit-position",
]);

function lastingAnnotations({ annotations }: LayerDescriptor): Annotations | undefined {
  if (annotations === undefined) return undefined;
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !aboutBytes.has(name)));
}

/** Throws ERR_DRAYAGE_USAGE where there is not one edit for each layer. */
export function checkEditCount(edits: readonly unknown[], layers: readonly unknown[], what: string): void {
  if (edits.length === layers.length) return;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `there are ${edits.length} ${what} for ${layers.length} layers of the manifest`,
  );
}

/**
 * The edits that count: containers/image leaves layers alone, with all that is known of their compression, as
 * long as no digest changes.
 */
export function effectiveEdits(
  edits: readonly LayerEdit[] | undefined,
  layers: readonly LayerDescriptor[],
  compat: "go" | undefined,
): readonly LayerEdit[] | undefined {
  if (edits === undefined || compat === undefined) return edits;
  return edits.every(({ digest }, i) => digest === layers[i]?.digest) ? undefined : edits;
}
