import { type Blob, bytesBlob } from "@drayage/blob";
import { memoryBlobInfoCache } from "@drayage/blob-info-cache";
import { layerCache, type RootView } from "@drayage/build-context";
import { layerMediaType, type PlacedLayer, type SpooledLayer, spoolLayer } from "@drayage/copy";
import { type Digest, digestBytes, digestHex } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { type HistoryEntry, layerTypeOf, parseImageManifest } from "@drayage/manifest";
import {
  derivedSource,
  type ImageReference,
  type ImageSource,
  type Location,
  layersOf,
} from "@drayage/transport";
import type { CommitOptions, Committed } from "../builder.ts";
import { addedFilesLayer, hasFiles } from "../commit/added-files.ts";
import { type AssembledImage, assembleImage, type ImageLayer } from "../commit/assemble.ts";
import { type CommitFacts, commitFacts } from "../commit/commit-facts.ts";
import type { LayerToMake } from "../commit/container-layers.ts";
import { copyCommitted, openCommitDestination } from "../commit/copy-committed.ts";
import { mergedLayer } from "../commit/merged-layer.ts";
import { placeLayers } from "../commit/place-layers.ts";
import { retimedTar } from "../commit/retime-tar.ts";
import type { BuilderState, HistoryItem } from "../state/state.ts";
import type { LayerStep } from "./add-step.ts";
import type { PipelineFiles } from "./base-files.ts";
import type { BaseLayer, PipelineBase } from "./open-base.ts";

export type Step =
  | { readonly kind: "layer"; readonly step: LayerStep }
  | { readonly kind: "history"; readonly item: HistoryItem };

/** A pipeline as it is now. */
export interface PipelineContent {
  readonly base: PipelineBase;
  readonly state: BuilderState;
  readonly steps: readonly Step[];
  readonly files: Pick<PipelineFiles, "rootFor">;
  readonly name: string;
}

/** Copies what a pipeline is now, as an image, to any place. */
export async function commitPipeline(
  content: PipelineContent,
  to: Location | undefined,
  options: CommitOptions,
): Promise<Committed> {
  if (to === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      "a pipeline has no store: say where it is to be committed to",
    );
  }
  const { signal, env = process.env, compression, blobDirectory } = options;
  const facts = pipelineFacts(content, options);
  layerMediaType(facts.manifestType, compression?.format ?? "none");
  const blobInfoCache = options.blobInfoCache ?? memoryBlobInfoCache();
  tellOfBase(blobInfoCache, content);
  await using made = await layersToMake(content, facts, options);
  await using destination = await openCommitDestination(to, { ...options, env, blobInfoCache });
  await using placed = await placeLayers(destination, made.layers, {
    manifestType: facts.manifestType,
    below: keptLayers(content, facts).length,
    cache: options.layerCache ?? layerCache({ env }),
    temporaryDir: options.destinationOptions?.temporaryDir,
    ...{ compression, blobDirectory, signal, onProgress: options.onProgress },
  });
  const image = await compose(content, { facts, placed: placed.layers, addedAt: made.addedAt, options });
  return await copyCommitted(image, destination, { ...options, blobInfoCache });
}

/** What a pipeline is now, as an image that can be read. Its new layers wait in temporary files until it is closed. */
export async function openPipelineSource(
  content: PipelineContent,
  options: CommitOptions,
): Promise<ImageSource> {
  const { signal, compression = { format: "gzip" }, destinationOptions } = options;
  const facts = pipelineFacts(content, options);
  layerMediaType(facts.manifestType, compression.format);
  const spooled: SpooledLayer[] = [];
  const close = async (): Promise<void> => {
    for (const layer of spooled.splice(0)) await layer[Symbol.asyncDispose]();
  };
  try {
    await using made = await layersToMake(content, facts, options);
    for (const { tar } of made.layers) {
      const { temporaryDir } = destinationOptions ?? {};
      spooled.push(await spoolLayer(tar, { compression, temporaryDir, signal }));
    }
    const placed = spooled.map(({ layer }) => layer);
    return (await compose(content, { facts, placed, addedAt: made.addedAt, options, close })).source;
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * What the commit says. Each layer has its own entry of the history; a pipeline without one, and one that is squashed, has that of
 * buildah, and what was to be told.
 */
function pipelineFacts({ state, steps }: PipelineContent, options: CommitOptions): CommitFacts {
  const facts = commitFacts(state, options);
  return facts.squash ? facts : { ...facts, emptyLayer: true, ownEntry: steps.length === 0 };
}

/** The layers of the base that the image has. */
function keptLayers({ base }: PipelineContent, { squash }: CommitFacts): readonly BaseLayer[] {
  return squash ? [] : base.layers;
}

interface MadeLayers extends AsyncDisposable {
  readonly layers: readonly LayerToMake[];
  /** Which of them is that of files that the image gets besides. */
  readonly addedAt?: number | undefined;
}

async function layersToMake(
  content: PipelineContent,
  facts: CommitFacts,
  options: CommitOptions,
): Promise<MadeLayers> {
  if (!facts.squash) return newLayers(content, facts, options);
  const { signal } = options;
  const plain: CommitOptions = { ...options, squash: false, omitHistory: true };
  const source = await openPipelineSource(content, { ...plain, compression: { format: "none" } });
  try {
    const { bytes, mediaType } = await source.manifest(undefined, { signal });
    const layers = await layersOf(source, parseImageManifest(bytes, mediaType), { signal });
    const merged = mergedLayer(source, layers, {
      ...{ times: facts.times, signal, temporaryDir: options.destinationOptions?.temporaryDir },
      what: `the files of ${content.name}`,
    });
    return {
      layers: [merged.layer],
      async [Symbol.asyncDispose]() {
        await merged[Symbol.asyncDispose]();
        await source.close();
      },
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function newLayers(
  { steps, files }: PipelineContent,
  facts: CommitFacts,
  options: CommitOptions,
): Promise<MadeLayers> {
  const { times } = facts;
  const { prependedLayers = [], appendedLayers = [], addFiles, signal } = options;
  const own = steps.flatMap((step) => (step.kind === "layer" ? [step.step.layer] : []));
  const linked = ({ blob }: { readonly blob: Blob }): LayerToMake => ({
    tar: blob,
    key: async () => undefined,
  });
  const below = [...prependedLayers.map(linked), ...own].map((layer) => retimed(layer, times));
  const above = appendedLayers.map(linked).map((layer) => retimed(layer, times));
  if (!hasFiles(addFiles)) {
    return { layers: [...below, ...above], [Symbol.asyncDispose]: async () => {} };
  }
  const { temporaryDir } = options.destinationOptions ?? {};
  const rootFor = (destination: string): RootView => files.rootFor(destination);
  const added = await addedFilesLayer(addFiles, { facts, rootFor, temporaryDir, signal });
  return {
    layers: [...below, added.layer, ...above],
    addedAt: below.length,
    [Symbol.asyncDispose]: () => added[Symbol.asyncDispose](),
  };
}

function retimed(layer: LayerToMake, times: CommitFacts["times"]): LayerToMake {
  if (times.time === undefined && times.latest === undefined) return layer;
  return {
    ...layer,
    tar: retimedTar(layer.tar, times),
    key: async (options) => {
      const key = await layer.key(options);
      return key === undefined ? undefined : { ...key, hash: hashOf({ key: key.hash, times }) };
    },
  };
}

function hashOf(value: unknown): string {
  return digestHex(digestBytes(new TextEncoder().encode(JSON.stringify(value))));
}

interface Composition {
  readonly facts: CommitFacts;
  readonly placed: readonly PlacedLayer[];
  readonly addedAt: number | undefined;
  readonly options: CommitOptions;
  readonly close?: (() => Promise<void>) | undefined;
}

async function compose(
  content: PipelineContent,
  { facts, placed, addedAt = -1, options, close }: Composition,
): Promise<AssembledImage & { readonly source: ImageSource }> {
  const { base, name } = content;
  const { manifestType } = facts;
  const kept = keptLayers(content, facts);
  const layers: readonly ImageLayer[] = [
    ...kept.map(({ descriptor, diffId }) => ({
      ...descriptor,
      diffId,
      mediaType: typeIn(manifestType, descriptor.mediaType),
    })),
    ...placed.map(({ digest, size, diffId, compression }) => ({
      ...{ digest, size, diffId },
      mediaType: layerMediaType(manifestType, compression),
    })),
  ];
  const { prependedLayers = [], appendedLayers = [] } = options;
  const image = assembleImage(facts, layers, {
    before: [...prependedLayers.map(({ history }) => history), ...historyOf(content, facts)],
    after: appendedLayers.map(({ history }) => history),
    addedFiles: placed[addedAt]?.diffId,
  });
  const { config, manifest } = image;
  const blobs = new Map<Digest, Blob>(placed.map(({ digest, blob }) => [digest, blob]));
  blobs.set(config.digest, bytesBlob(config.bytes, { digest: config.digest }));
  const reference: ImageReference = { text: name };
  const source = derivedSource({
    ...{ reference, manifest, blobs, close },
    base: kept.length === 0 ? undefined : await base.open({ signal: options.signal }),
    baseImages: base.manifest === undefined ? [] : [base.manifest],
  });
  return { ...image, source };
}

/** What is told of the steps, in their order. */
function historyOf({ steps }: PipelineContent, facts: CommitFacts): readonly HistoryEntry[] {
  const { created, isReproducible, squash } = facts;
  return steps.flatMap((step): readonly HistoryEntry[] => {
    if (step.kind === "history")
      return [{ ...step.item, ...(isReproducible && { created }), empty_layer: true }];
    if (!squash) return [step.step.history(created)];
    return step.step.isTold ? [{ ...step.step.history(created), empty_layer: true }] : [];
  });
}

/** A layer's type in another manifest's words. Those that are no layers in these words stay: whoever takes the image has to say. */
function typeIn(manifestType: string, mediaType: string): string {
  const compression = layerTypeOf(mediaType)?.compression;
  if (compression !== "none" && compression !== "gzip" && compression !== "zstd") return mediaType;
  const isForeign = mediaType.includes("foreign") || mediaType.includes("nondistributable");
  return isForeign ? mediaType : layerMediaType(manifestType, compression);
}

/** A registry that has the base takes its layers from there. */
function tellOfBase(cache: NonNullable<CommitOptions["blobInfoCache"]>, { base }: PipelineContent): void {
  const { place } = base;
  if (place === undefined) return;
  for (const { descriptor } of base.layers) cache.recordLocation(descriptor.digest, place);
}
