import { type Blob, type DrainResult, drain } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import { mediaTypes, parseManifest } from "@drayage/manifest";
import type { DockerReference } from "@drayage/reference";
import type {
  DestinationAccepts,
  ImageDestination,
  ImageReference,
  PutBlobOptions,
  PutManifestOptions,
} from "@drayage/transport";
import { type ArchiveContents, addImage, type ManifestItem, type StoredLayer } from "./contents.ts";
import { legacyLayers } from "./legacy-write.ts";
import { readDiffIds } from "./load.ts";
import {
  configFile,
  configLimit,
  layerFile,
  legacyConfigFile,
  legacyLayerFile,
  legacyVersionFile,
} from "./names.ts";
import type { ArchiveOutput, OutputMark } from "./output.ts";

/** An image that is to be written. */
export interface NewImage {
  readonly reference: ImageReference;
  /** What messages call it. */
  readonly shown: string;
  /** Its names, each with a tag. */
  readonly names: readonly DockerReference[];
  /** The image of the archive that gives way to it. */
  readonly replaced?: ManifestItem | undefined;
  /**
   * `decompress`, where absent: layers are plain tar files, as archives have them. `preserve`: they stay as they come, for
   * a reader that decompresses them and checks them against the config; here they are not.
   */
  readonly layerCompression?: "decompress" | "preserve" | undefined;
  /** Called with the config before it is written. What it throws ends the commit. */
  readonly checkConfig?: ((config: Uint8Array) => void) | undefined;
}

export interface ArchiveDestinationOptions extends NewImage {
  readonly output: ArchiveOutput;
  /** Where the output stands. */
  readonly start: OutputMark;
  readonly contents: ArchiveContents;
  /** Called once, when the destination is closed. */
  closed(): Promise<void>;
}

/** The members of a v2s2 manifest that the archive depends on. */
interface WrittenImage {
  readonly config: Digest;
  readonly layers: readonly Digest[];
}

/**
 * One image on its way into an archive. Layers are written as they come; its config, its legacy directories and its
 * place in `manifest.json` follow at commit, when all is known to be there.
 */
export function createArchiveDestination(options: ArchiveDestinationOptions): ImageDestination {
  const { reference, output, start, contents, shown: place, layerCompression = "decompress" } = options;
  const accepts: DestinationAccepts = {
    manifestTypes: [mediaTypes.dockerManifest],
    layerCompression,
    foreignLayerUrls: false,
    parallelBlobs: output.parallelBlobs,
    keepsOrder: true,
    multipleImages: false,
  };
  const ownLayers = new Map<Digest, StoredLayer>();
  /** The layers that entries were made of. */
  const entries = new Set<Digest>();
  const configs = new Map<Digest, Uint8Array>();
  let image: WrittenImage | undefined;
  let state: "open" | "committed" | "closed" = "open";
  let putting = 0;
  let isCommitting = false;

  const layerOf = (digest: Digest): StoredLayer | undefined =>
    ownLayers.get(digest) ?? contents.layers.get(digest);

  /** An archive that is added to may have a file of the name that is not what it should be. */
  function refuseTaken(name: string): void {
    if (!contents.names.has(name)) return;
    throw new DrayageError(
      "ERR_DRAYAGE_ARCHIVE_INVALID",
      `${place} has another file called ${JSON.stringify(name)}`,
      {
        hint: "write the image to a new archive",
      },
    );
  }

  function checkOpen(): void {
    if (state !== "open") throw misuse(`${place} is ${state} already`);
    if (isCommitting) throw misuse(`${place} is being committed`);
  }

  async function putBlob(blob: Blob, put: PutBlobOptions): Promise<DrainResult> {
    checkOpen();
    if (putting > 0 && output.parallelBlobs === 1) throw misuse(`${place} takes one blob after the other`);
    putting += 1;
    try {
      return await (put.kind === "config" ? putConfig(blob, put) : putLayer(blob, put));
    } finally {
      putting -= 1;
    }
  }

  async function putConfig(blob: Blob, { signal, onBytes, onPlace }: PutBlobOptions): Promise<DrainResult> {
    onPlace?.();
    const chunks: Uint8Array[] = [];
    let size = 0;
    const write = (chunk: Uint8Array): void => {
      size += chunk.length;
      if (size > configLimit) throw tooLarge(place);
      chunks.push(chunk.slice());
    };
    const result = await drain(blob, { kind: "writer", write }, { signal, onBytes });
    configs.set(result.digest, Buffer.concat(chunks));
    return result;
  }

  async function putLayer(blob: Blob, { signal, onBytes, onPlace }: PutBlobOptions): Promise<DrainResult> {
    const isNew = (digest: Digest): boolean => {
      const isKnown = contents.layers.has(digest) || entries.has(digest);
      if (isKnown || contents.names.has(layerFile(digest))) return false;
      entries.add(digest);
      return true;
    };
    const { digest: known } = blob;
    if (known !== undefined && layerOf(known) === undefined) refuseTaken(layerFile(known));
    const result = await output.addBlob(blob, { nameOf: layerFile, isNew, signal, onBytes, onPlace });
    const { digest, size } = result;
    if (layerOf(digest) === undefined) {
      refuseTaken(layerFile(digest));
      ownLayers.set(digest, { path: layerFile(digest), size });
    }
    return result;
  }

  async function write({ config, layers }: WrittenImage, signal: AbortSignal | undefined): Promise<void> {
    const bytes = configs.get(config);
    if (bytes === undefined) throw absent(place, "config", config);
    const paths = layers.map((digest) => {
      const layer = layerOf(digest);
      if (layer === undefined) throw absent(place, "layer", digest);
      return layer.path;
    });
    options.checkConfig?.(bytes);
    checkDiffIds(readDiffIds(bytes, `the config of ${place}`), { layers, place, layerCompression });
    if (!contents.itemOfConfig.has(config)) {
      refuseTaken(configFile(config));
      await output.addFile(configFile(config), bytes);
    }
    const legacy = legacyLayers(layers, bytes);
    for (const [index, { id, json }] of legacy.entries()) {
      throwIfAborted(signal);
      if (contents.legacyIds.has(id)) continue;
      await output.addSymlink(`${id}/${legacyLayerFile}`, `../${paths[index]}`);
      await output.addFile(`${id}/${legacyVersionFile}`, Buffer.from("1.0"));
      await output.addFile(`${id}/${legacyConfigFile}`, json);
    }
    for (const { id } of legacy) contents.legacyIds.add(id);
    for (const [digest, layer] of ownLayers) contents.layers.set(digest, layer);
    addImage(contents, {
      configDigest: config,
      configPath: configFile(config),
      layerPaths: paths,
      topLegacyId: legacy.at(-1)?.id,
      names: options.names,
      replaced: options.replaced,
    });
  }

  const destination: ImageDestination = {
    reference,
    accepts,
    async reuseBlob(descriptor, { kind }) {
      if (kind === "config") return undefined;
      const layer = layerOf(descriptor.digest);
      return layer === undefined ? undefined : { size: layer.size };
    },
    putBlob,
    async putManifest(bytes, put) {
      checkOpen();
      image = readManifest(bytes, put, place);
    },
    async commit({ signal } = {}) {
      checkOpen();
      if (putting > 0) throw misuse(`${place} has a blob on its way`);
      throwIfAborted(signal);
      if (image === undefined) throw misuse(`${place} was given no manifest before the commit`);
      isCommitting = true;
      try {
        await write(image, signal);
        state = "committed";
      } finally {
        isCommitting = false;
      }
    },
    async close() {
      if (state === "closed") return;
      const complete = state === "committed";
      state = "closed";
      try {
        if (!complete) await output.rewind(start);
      } finally {
        await options.closed();
      }
    },
    [Symbol.asyncDispose]: () => destination.close(),
  };
  return destination;
}

function readManifest(
  bytes: Uint8Array,
  { instance, mediaType }: PutManifestOptions,
  place: string,
): WrittenImage {
  if (instance !== undefined || mediaType !== mediaTypes.dockerManifest) {
    const what = instance === undefined ? mediaType : "a member of an index";
    throw new DrayageError("ERR_DRAYAGE_MANIFEST_UNSUPPORTED", `${place} cannot hold ${what}`, {
      hint: `convert it to ${mediaTypes.dockerManifest}, and choose one platform of an index`,
    });
  }
  const manifest = parseManifest(bytes, mediaType);
  if (manifest.kind !== "image" || manifest.config === undefined) {
    throw new DrayageError("ERR_DRAYAGE_MANIFEST_INVALID", `${place}: the manifest names no config`);
  }
  return { config: manifest.config.digest, layers: manifest.layers.map((layer) => layer.digest) };
}

interface CheckedLayers extends Required<Pick<NewImage, "layerCompression">> {
  readonly layers: readonly Digest[];
  readonly place: string;
}

/** An archive names layers by their diffIDs, so an image whose config has others could not be read again. */
function checkDiffIds(diffIds: readonly Digest[], { layers, place, layerCompression }: CheckedLayers): void {
  const isPlain = layerCompression === "decompress";
  const wrong = isPlain ? diffIds.findIndex((diffId, index) => diffId !== layers[index]) : -1;
  if (wrong < 0 && diffIds.length === layers.length) return;
  const reason =
    wrong < 0
      ? `it has ${diffIds.length} diffIDs for ${layers.length} layers`
      : `its diff_ids[${wrong}] is ${diffIds[wrong]}, but the layer is ${layers[wrong] ?? "missing"}`;
  throw new DrayageError(
    "ERR_DRAYAGE_CONFIG_INVALID",
    `the config of ${place} does not agree with its layers: ${reason}`,
  );
}

function absent(place: string, what: string, digest: Digest): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_BLOB_NOT_FOUND",
    `${place}: the manifest names the ${what} ${digest}, which was not put`,
  );
}

function tooLarge(place: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `the config of ${place} has more than ${configLimit} bytes`,
  );
}

function misuse(message: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", message);
}
