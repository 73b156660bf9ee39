import { randomBytes } from "node:crypto";
import { type Blob, bytesBlob } from "@drayage/blob";
import { memoryBlobInfoCache } from "@drayage/blob-info-cache";
import { type LayerKey, layerCache } from "@drayage/build-context";
import { layerMediaType, type PlacedLayer, type SpooledLayer, spoolLayer } from "@drayage/copy";
import { type Digest, digestBytes, digestHex } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { layerTypeOf } from "@drayage/manifest";
import { derivedSource, type ImageReference, type ImageSource, type Location } from "@drayage/transport";
import type { AddOptions, AddResult, CommitOptions, Committed, WorkingContainer } from "../builder.ts";
import { type AssembledImage, assembleImage, type ImageLayer } from "../commit/assemble.ts";
import { type CommitFacts, commitFacts } from "../commit/commit-facts.ts";
import type { LayerToMake } from "../commit/container-layers.ts";
import { copyCommitted, openCommitDestination } from "../commit/copy-committed.ts";
import { placeLayers } from "../commit/place-layers.ts";
import { retimedTar } from "../commit/retime-tar.ts";
import { applyChanges } from "../state/apply-changes.ts";
import type { BuilderState, HistoryItem } from "../state/state.ts";
import { addStep, type LayerStep } from "./add-step.ts";
import { pipelineFiles } from "./base-files.ts";
import { type OpenBaseOptions, openBase, type PipelineBase, scratchBase } from "./open-base.ts";
import { pipelineState } from "./pipeline-state.ts";

export interface PipelineOptions extends OpenBaseOptions {
  /** Any image, or nothing. */
  readonly from: Location | "scratch";
  /** The base's where absent, OCI's for `scratch`. */
  readonly format?: "docker" | "oci" | undefined;
  readonly name?: string | undefined;
  /**
   * Whether the base's files are looked at for what a destination is there, and for the folders and links that lead to it, which takes reading its
   * layers. Where absent: for destinations in folders that root file systems have by custom (`/usr`, `/home`, `/tmp` …), and for those that
   * the base's config or history speaks of; others are taken to be new. False: no destination is there (COPY --link of BuildKit). Names of
   * owners are looked up in any case.
   */
  readonly readBase?: boolean | undefined;
  /** Instead of the process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A working container without a store. */
export interface Pipeline extends WorkingContainer {
  /**
   * Adds a layer that is a tar already.
   *
   * @param tar not compressed; read when the image is committed, and again where it is committed again
   * @param key what a cache may know the layer by
   */
  addLayer(tar: Blob, history: HistoryItem, key?: (() => Promise<LayerKey | undefined>) | undefined): void;
}

/**
 * A working container without a store: its base's manifest and config, and layers that are added to it. The base is never unpacked; its layers are read
 * only to copy them to where they are not, and as {@link PipelineOptions.readBase} says. Files that are added are read when it is committed, once, and not
 * at all where the layer of an unchanged tree is known and the destination has it.
 *
 * @throws what `openBase` throws
 */
export async function createPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { from, format, name = "pipeline", env = process.env } = options;
  const base = from === "scratch" ? scratchBase(options) : await openBase(from, options);
  const files = pipelineFiles(base, { readBase: options.readBase });
  const steps: Step[] = [];
  const working = new Set<Promise<unknown>>();
  let state = pipelineState(base, { name, format });
  let isOpen = true;

  function checkOpen(): void {
    if (!isOpen) throw new DrayageError("ERR_DRAYAGE_USAGE", "the pipeline is closed already");
  }

  async function add(
    instruction: "ADD" | "COPY",
    sources: readonly string[],
    { destination, ...given }: AddOptions & { readonly destination: string },
  ): Promise<AddResult> {
    checkOpen();
    const workingDir = state.image.oci.config?.WorkingDir || "/";
    const step = await addStep({ instruction, sources, destination, options: given, workingDir, files });
    steps.push({ kind: "layer", step });
    return {};
  }

  /** What is made of the steps as they are now. The pipeline is closed only after it. */
  async function work<T>(run: (content: PipelineContent) => Promise<T>): Promise<T> {
    checkOpen();
    const running = run({ base, state, steps: [...steps], name });
    const settled = running.then(
      () => undefined,
      () => undefined,
    );
    working.add(settled);
    void settled.then(() => working.delete(settled));
    return running;
  }

  async function close(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    await Promise.all(working);
    for (const step of steps.splice(0)) if (step.kind === "layer") await step.step.dispose();
    await files[Symbol.asyncDispose]();
  }

  return {
    id: randomBytes(32).toString("hex"),
    name,
    get state() {
      return state;
    },
    add: (sources, destination, given = {}) => add("ADD", sources, { ...given, destination }),
    copy: (sources, destination, given = {}) => add("COPY", sources, { ...given, destination }),
    addLayer(tar, history, key = async () => undefined) {
      checkOpen();
      const step = { layer: { tar, key }, history: () => history, dispose: async () => {} };
      steps.push({ kind: "layer", step });
    },
    async config(changes) {
      checkOpen();
      const changed = applyChanges(state, changes, { env, now: new Date() });
      // What is told of the changes stands in the history where they were made, between the layers.
      for (const item of changed.prependedEmptyLayers) steps.push({ kind: "history", item });
      state = { ...changed, prependedEmptyLayers: [] };
    },
    run: () => Promise.reject(unsupported("run a command")),
    mount: () => Promise.reject(unsupported("be mounted")),
    unmount: () => Promise.reject(unsupported("be unmounted")),
    openSource: (given = {}) => work((content) => openPipelineSource(content, { env, ...given })),
    commit: (to, given = {}) => work((content) => commitPipeline(content, to, { env, ...given })),
    remove: close,
    [Symbol.asyncDispose]: close,
  };
}

type Step =
  | { readonly kind: "layer"; readonly step: LayerStep }
  | { readonly kind: "history"; readonly item: HistoryItem };

interface PipelineContent {
  readonly base: PipelineBase;
  readonly state: BuilderState;
  readonly steps: readonly Step[];
  readonly name: string;
}

function unsupported(what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CONTAINER_UNSUPPORTED", `a pipeline has no files and cannot ${what}`, {
    hint: "make a container of a store: dray builder from",
  });
}

async function commitPipeline(
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
  await using destination = await openCommitDestination(to, { ...options, env, blobInfoCache });
  await using placed = await placeLayers(destination, layersToMake(content, facts, options), {
    manifestType: facts.manifestType,
    below: content.base.layers.length,
    cache: options.layerCache ?? layerCache({ env }),
    temporaryDir: options.destinationOptions?.temporaryDir,
    ...{ compression, blobDirectory, signal, onProgress: options.onProgress },
  });
  const image = await compose(content, { facts, placed: placed.layers, options });
  return await copyCommitted(image, destination, { ...options, blobInfoCache });
}

async function openPipelineSource(content: PipelineContent, options: CommitOptions): Promise<ImageSource> {
  const { signal, compression = { format: "gzip" }, destinationOptions } = options;
  const facts = pipelineFacts(content, options);
  layerMediaType(facts.manifestType, compression.format);
  const spooled: SpooledLayer[] = [];
  const close = async (): Promise<void> => {
    for (const layer of spooled.splice(0)) await layer[Symbol.asyncDispose]();
  };
  try {
    for (const { tar } of layersToMake(content, facts, options)) {
      const { temporaryDir } = destinationOptions ?? {};
      spooled.push(await spoolLayer(tar, { compression, temporaryDir, signal }));
    }
    const placed = spooled.map(({ layer }) => layer);
    return (await compose(content, { facts, placed, options, close })).source;
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the commit says. Each layer has its own entry of the history; a pipeline without one has that of buildah. */
function pipelineFacts({ state, steps }: PipelineContent, options: CommitOptions): CommitFacts {
  if (options.squash === true) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONTAINER_UNSUPPORTED",
      "a pipeline cannot be squashed: its base is not unpacked",
      {
        hint: "commit it, and flatten the image: dray flatten",
      },
    );
  }
  const facts = commitFacts(state, options);
  return { ...facts, emptyLayer: true, ownEntry: steps.length === 0 };
}

function layersToMake(
  { steps }: PipelineContent,
  { times }: CommitFacts,
  { prependedLayers = [], appendedLayers = [] }: CommitOptions,
): readonly LayerToMake[] {
  const own = steps.flatMap((step) => (step.kind === "layer" ? [step.step.layer] : []));
  const linked = ({ blob }: { readonly blob: Blob }): LayerToMake => ({
    tar: blob,
    key: async () => undefined,
  });
  const isTimed = times.time !== undefined || times.latest !== undefined;
  const all = [...prependedLayers.map(linked), ...own, ...appendedLayers.map(linked)];
  if (!isTimed) return all;
  return all.map((layer) => ({
    ...layer,
    tar: retimedTar(layer.tar, times),
    key: async (options) => {
      const key = await layer.key(options);
      return key === undefined ? undefined : { ...key, hash: hashOf({ key: key.hash, times }) };
    },
  }));
}

function hashOf(value: unknown): string {
  return digestHex(digestBytes(new TextEncoder().encode(JSON.stringify(value))));
}

interface Composition {
  readonly facts: CommitFacts;
  readonly placed: readonly PlacedLayer[];
  readonly options: CommitOptions;
  readonly close?: (() => Promise<void>) | undefined;
}

async function compose(
  { base, steps, name }: PipelineContent,
  { facts, placed, options, close }: Composition,
): Promise<AssembledImage & { readonly source: ImageSource }> {
  const { manifestType, created } = facts;
  const layers: readonly ImageLayer[] = [
    ...base.layers.map(({ descriptor, diffId }) => ({
      ...descriptor,
      diffId,
      mediaType: typeIn(manifestType, descriptor.mediaType),
    })),
    ...placed.map(({ digest, size, diffId, compression }) => ({
      ...{ digest, size, diffId },
      mediaType: layerMediaType(manifestType, compression),
    })),
  ];
  const own = steps.map((step) =>
    step.kind === "layer"
      ? step.step.history(created)
      : { ...step.item, ...(facts.isReproducible && { created }), empty_layer: true },
  );
  const { prependedLayers = [], appendedLayers = [] } = options;
  const image = assembleImage(facts, layers, {
    before: [...prependedLayers.map(({ history }) => history), ...own],
    after: appendedLayers.map(({ history }) => history),
  });
  const { config, manifest } = image;
  const blobs = new Map<Digest, Blob>(placed.map(({ digest, blob }) => [digest, blob]));
  blobs.set(config.digest, bytesBlob(config.bytes, { digest: config.digest }));
  const reference: ImageReference = { text: name };
  const source = derivedSource({
    ...{ reference, manifest, blobs, close },
    base: await base.open({ signal: options.signal }),
    baseImages: base.manifest === undefined ? [] : [base.manifest],
  });
  return { ...image, source };
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
