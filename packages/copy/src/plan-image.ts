import type { CompressionAlgorithm } from "@drayage/blob";
import { peekBlob, readBlob } from "@drayage/blob";
import { detectCompression, magicLength } from "@drayage/compression";
import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  configLimit,
  type ImageManifest,
  isDockerV1MediaType,
  type LayerDescriptor,
  mediaTypes,
  parseConfig,
  parseImageManifest,
} from "@drayage/manifest";
import { layersOf, type ReuseBlobOptions, type ReusedBlob } from "@drayage/transport";
import type { SourceDocument } from "./documents.ts";
import { chooseLayerAction, type LayerAction, saidCompression, untouchableReason } from "./layer-action.ts";
import { chooseManifestType, formatTypes, type TypeChoice } from "./manifest-type.ts";
import type { ManifestFormat } from "./options.ts";
import type { ConfigPlan, ImagePlan, LayerPlan, ReuseAction } from "./plan.ts";
import { type PlanInput, type Planning, planningLanes } from "./planning.ts";
import { type FrozenReason, frozenError, frozenText, onSide } from "./side.ts";

export interface ImageCircumstances {
  readonly planning: Planning;
  readonly platform: string | undefined;
  readonly frozen: FrozenReason | undefined;
  readonly signatures: number;
  readonly format: ManifestFormat | undefined;
}

/** Plans one image: its manifest's type, its config and each of its layers. */
export async function planImage(
  document: SourceDocument,
  circumstances: ImageCircumstances,
): Promise<ImagePlan> {
  const { planning, platform, frozen, signatures } = circumstances;
  const manifest = parseImageManifest(document.bytes, document.mediaType);
  const choice = chooseType(manifest, circumstances);
  const target = choice.preferred;
  const needsDiffIds = isDockerV1MediaType(manifest.mediaType) && !isDockerV1MediaType(target);
  const question: LayerCircumstances = {
    planning,
    manifest,
    frozen,
    target,
    needsDiffIds,
    diffIds: await knownDiffIds(manifest, frozen, planning),
    given: await onSide("source", "look for the layers", () =>
      layersOf(planning.input.source, manifest, { signal: planning.scope.signal }),
    ),
  };
  const layers = await planning.scope.all(manifest.layers, planningLanes, (layer, index) =>
    planLayer(layer, index, question),
  );
  return {
    kind: "image",
    digest: document.digest,
    mediaType: manifest.mediaType,
    size: document.bytes.length,
    frozen,
    target,
    fallbacks: choice.fallbacks,
    reason: choice.reason,
    signatures,
    ...(manifest.subject === undefined ? {} : { subject: manifest.subject.digest }),
    platform,
    config: planConfig(manifest, target, planning.input.compat),
    layers,
    needsDiffIds,
  };
}

function chooseType(manifest: ImageManifest, circumstances: ImageCircumstances): TypeChoice {
  const { planning, frozen } = circumstances;
  const { input } = planning;
  if (frozen !== undefined && contradictsFormat(input, manifest.mediaType)) {
    throw frozenError(
      `the format ${input.format} was asked for, and the image is ${manifest.mediaType}`,
      frozen,
    );
  }
  const choice = chooseManifestType({
    sourceType: manifest.mediaType,
    accepted: input.destination.accepts.manifestTypes,
    format: input.format,
    compression: input.compression?.format,
    frozen: frozenText(frozen),
  });
  if (!manifest.isArtifact) return choice;
  if (choice.preferred === manifest.mediaType) return { ...choice, fallbacks: [] };
  throw new DrayageError(
    "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
    `an artifact of the type ${manifest.artifactType ?? manifest.config?.mediaType ?? "unknown"} cannot become ${choice.preferred}`,
    {
      side: "destination",
      hint: "artifacts stay OCI manifests: choose a destination that takes these, such as oci-dir",
    },
  );
}

/** Whether a forced format contradicts that the manifest may not change. Go lets the format lose silently. */
function contradictsFormat(input: PlanInput, sourceType: string): boolean {
  if (input.format === undefined || input.compat === "go") return false;
  const forced = formatTypes[input.format].image;
  return forced !== sourceType && !(isDockerV1MediaType(forced) && isDockerV1MediaType(sourceType));
}

function planConfig(
  manifest: ImageManifest,
  target: string,
  compat: "go" | undefined,
): ConfigPlan | undefined {
  if (manifest.config === undefined) return undefined;
  const { digest, size, mediaType } = manifest.config;
  if (target === manifest.mediaType)
    return { digest, size, mediaType, action: "keep", reason: "nothing changes it" };
  if (isDockerV1MediaType(target)) {
    return { digest, size, mediaType, action: "convert", reason: "it becomes part of the manifest" };
  }
  if (target === mediaTypes.ociManifest && compat === "go") {
    return {
      digest,
      size,
      mediaType,
      action: "convert",
      reason: "it is written anew without docker's own fields",
    };
  }
  return { digest, size, mediaType, action: "keep", reason: "docker and OCI configs can be the same bytes" };
}

interface LayerCircumstances {
  readonly planning: Planning;
  readonly manifest: ImageManifest;
  readonly frozen: FrozenReason | undefined;
  readonly target: string;
  readonly needsDiffIds: boolean;
  readonly diffIds: readonly Digest[] | undefined;
  /** The layers as the source gives them. */
  readonly given: readonly LayerDescriptor[];
}

async function planLayer(
  layer: LayerDescriptor,
  index: number,
  circumstances: LayerCircumstances,
): Promise<LayerPlan> {
  const { planning, manifest, frozen, target, needsDiffIds, diffIds } = circumstances;
  const { input } = planning;
  const { accepts } = input.destination;
  const given = circumstances.given[index] ?? layer;
  const isOther = given.digest !== layer.digest;
  const plain = {
    index,
    descriptor: given,
    standsFor: isOther ? layer : undefined,
    basis: "given",
    present: undefined,
  } as const;
  if (layer.emptyLayer === true && needsDiffIds && input.compat !== "go") {
    return { ...plain, action: { do: "skip", reason: "it is empty, and the new manifest does not name it" } };
  }
  if (accepts.foreignLayerUrls && (layer.urls?.length ?? 0) > 0 && input.downloadForeignLayers !== true) {
    if (!needsDiffIds) return { ...plain, action: { do: "skip", reason: "it stays where its URLs say" } };
  }
  const said = saidCompression(layer.mediaType);
  const requested = input.compression?.format;
  const untouchable = untouchableReason(manifest, layer.mediaType, frozenText(frozen));
  const decide = (present: CompressionAlgorithm | undefined): LayerAction =>
    chooseLayerAction({
      wanted: accepts.layerCompression,
      present,
      requested,
      untouchable,
      targetType: target,
      compat: input.compat,
    });

  const maySubstitute = untouchable === undefined && !needsDiffIds;
  if (!needsDiffIds) {
    const forced = input.compression?.force === true && untouchable === undefined;
    const change = untouchable === undefined && said !== undefined ? decide(said.algorithm).do : "copy";
    // A manifest that cannot name zstd cannot reuse it, wherever it is.
    const isUnnamed =
      said?.algorithm === "zstd" && target !== mediaTypes.ociManifest && change === "recompress";
    const mustChange = change === "decompress" || isUnnamed;
    if (!mustChange && !(forced && said?.algorithm !== requested)) {
      const found = await findReusable(layer, index, planning);
      if (found !== undefined) {
        const reuse = reuseOf(layer.digest, found);
        // What the destination lacks after all cannot be read: then what is given for it becomes what it must.
        return { ...plain, action: isOther ? { ...reuse, otherwise: decide(undefined) } : reuse };
      }
    }
    const diffId = diffIds?.[index];
    if (accepts.layerCompression === "decompress" && untouchable === undefined && diffId !== undefined) {
      const found = await findReusable(withDigest(layer, { digest: diffId }), index, planning);
      if (found !== undefined) {
        return { ...plain, action: { ...reuseOf(diffId, found), compression: "none" } };
      }
    }
  }
  if (isOther && untouchable !== undefined) throw onlyOther(layer, given, untouchable, frozen);
  if (untouchable !== undefined) return { ...plain, action: decide(undefined) };
  const looked = await lookInto(given, isOther ? saidCompression(given.mediaType) : said, planning);
  const action = decide(looked.present);
  const twin = maySubstitute ? await findTwin(given, { ...looked, index, action }, planning) : undefined;
  const same =
    twin === undefined && isOther && maySubstitute && action.do === "copy"
      ? await findReusable(given, index, planning)
      : undefined;
  if (same === undefined) return { ...plain, ...looked, action: twin ?? action };
  const reuse = { ...reuseOf(given.digest, same), compression: "none", otherwise: action } as const;
  return { ...plain, ...looked, action: reuse };
}

function onlyOther(
  { digest }: LayerDescriptor,
  given: LayerDescriptor,
  untouchable: string,
  frozen: FrozenReason | undefined,
): DrayageError {
  const needed = `the source only has the layer ${digest} as ${given.digest}`;
  if (frozen !== undefined) return frozenError(needed, frozen);
  return new DrayageError("ERR_DRAYAGE_CONVERSION_UNSUPPORTED", `${needed}, and ${untouchable}`, {
    side: "source",
  });
}

/**
 * A blob of the same content that the destination has already as the action would make it: what an earlier copy has made
 * of it. A layer that would pass as it is stays what it is, so that images keep their digests.
 */
async function findTwin(
  layer: LayerDescriptor,
  { index, action, basis, present }: Looked & { readonly index: number; readonly action: LayerAction },
  planning: Planning,
): Promise<ReuseAction | undefined> {
  const { blobInfoCache: cache, destination } = planning.input;
  if (cache === undefined || destination.reuseBlob === undefined || action.do === "copy") return undefined;
  const isPlain = basis === "content" && present === undefined;
  const uncompressed = isPlain ? layer.digest : await cache.uncompressedDigest(layer.digest);
  if (uncompressed === undefined) return undefined;
  const wanted = action.do === "decompress" ? undefined : action.algorithm;
  const twins = (await cache.variants(uncompressed)).filter(({ compression }) => compression === wanted);
  for (const { digest, size } of twins.slice(0, mostTwins)) {
    const found = await findReusable(withDigest(layer, { digest, size }), index, planning);
    if (found === undefined) continue;
    const reuse = reuseOf(
      digest,
      found,
      `with the same content, ${wanted === undefined ? "not compressed" : `compressed with ${wanted}`}`,
    );
    return { ...reuse, compression: wanted ?? "none", otherwise: action };
  }
  return undefined;
}

/** How many blobs of one content a destination is asked for. */
const mostTwins = 5;

function reuseOf(as: Digest, { size, from }: ReusedBlob, what?: string): ReuseAction {
  const it = what === undefined ? "it" : `a blob ${what}`;
  const reason =
    from === undefined ? `the destination has ${it}` : `the destination takes ${it} from ${from}`;
  return { do: "reuse", as, size, ...(from === undefined ? {} : { from }), reason };
}

/** The layer's descriptor for another blob of the same content. */
function withDigest(
  { urls: _, annotations: __, ...layer }: LayerDescriptor,
  { digest, size = -1 }: { readonly digest: Digest; readonly size?: number | undefined },
): LayerDescriptor {
  return { ...layer, digest, size };
}

type Looked = Pick<LayerPlan, "basis" | "present">;

/** Tells a layer's compression: from its first bytes where these cost nothing, else from its media type. */
async function lookInto(
  layer: LayerDescriptor,
  said: ReturnType<typeof saidCompression>,
  { input, scope }: Planning,
): Promise<Looked> {
  const fromType: Looked =
    said === undefined
      ? { basis: "guess", present: "gzip" }
      : { basis: "media type", present: said.algorithm };
  // A remote blob would have to be fetched.
  if (input.destination.accepts.layerCompression === "preserve" || input.source.remote === true)
    return fromType;
  return onSide("source", "look into a layer", async () => {
    const { signal } = scope;
    const blob = await input.source.blob(layer, { signal });
    if (blob.origin.kind === "stream") return fromType;
    await using peeked = await peekBlob(blob, magicLength, { signal });
    return { basis: "content", present: detectCompression(peeked.head) };
  });
}

async function findReusable(
  descriptor: LayerDescriptor,
  layerIndex: number,
  planning: Planning,
): Promise<ReusedBlob | undefined> {
  const { destination } = planning.input;
  if (destination.reuseBlob === undefined) return undefined;
  const key = `${layerIndex} ${descriptor.digest}`;
  const ask = destination.reuseBlob.bind(destination);
  const options: ReuseBlobOptions = {
    lookOnly: true,
    kind: "layer",
    mediaType: descriptor.mediaType,
    layerIndex,
    signal: planning.scope.signal,
  };
  const asked =
    planning.reused.get(key) ?? onSide("destination", "look for a layer", () => ask(descriptor, options));
  planning.reused.set(key, asked);
  return asked;
}

/** What the config says that the layers unpack to, for destinations that keep layers unpacked. */
async function knownDiffIds(
  manifest: ImageManifest,
  frozen: FrozenReason | undefined,
  { input, scope, keep }: Planning,
): Promise<readonly Digest[] | undefined> {
  const { config } = manifest;
  const { destination, source } = input;
  if (destination.accepts.layerCompression !== "decompress" || destination.reuseBlob === undefined)
    return undefined;
  if (config === undefined || manifest.isArtifact || frozen !== undefined) return undefined;
  const bytes = await onSide("source", "read the config", async () => {
    const { signal } = scope;
    return readBlob(await source.blob(config, { signal }), { limit: configLimit, signal });
  });
  keep(config.digest, { bytes, mediaType: config.mediaType });
  const diffIds = parseConfig(bytes).rootfs?.diff_ids;
  return diffIds?.length === manifest.layers.length ? diffIds : undefined;
}
