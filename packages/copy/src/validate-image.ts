import {
  type Blob,
  type CompressionAlgorithm,
  drain,
  inflated,
  peekBlob,
  readBlob,
  type WriterSink,
} from "@drayage/blob";
import { detectCompression, magicLength } from "@drayage/compression";
import { type Algorithm, createHasher, type Digest, digestAlgorithm } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import {
  configLimit,
  type Descriptor,
  formatPlatform,
  type ImageConfig,
  type ImageManifest,
  type LayerDescriptor,
  parseConfig,
} from "@drayage/manifest";
import { type ImageSource, layersOf, type ProgressEvent } from "@drayage/transport";
import { saidCompression } from "./layer-action.ts";
import type { Limiter } from "./limiter.ts";
import type { Findings, ProblemPlace, ValidationProblem } from "./validate.ts";

export interface CheckerInput {
  readonly source: ImageSource;
  readonly findings: Findings;
  readonly limiter: Limiter;
  readonly onProgress: ((event: ProgressEvent) => void) | undefined;
}

/** The manifest that something belongs to. */
type Where = Pick<ProblemPlace, "platform"> & { readonly document: Digest };

interface ReadLayer {
  /** The digest of the uncompressed bytes; absent where that could not be told. */
  readonly diffId: Digest | undefined;
  /** What compresses it. */
  readonly present: CompressionAlgorithm | undefined;
}

const discard = { kind: "writer", write: () => undefined } as const;

/** Checks images, and each distinct layer of them once. */
export class ImageChecker {
  readonly #input: CheckerInput;
  readonly #layers = new Map<string, Promise<ReadLayer | undefined>>();

  constructor(input: CheckerInput) {
    this.#input = input;
  }

  async check(manifest: ImageManifest, where: Where): Promise<void> {
    const { findings } = this.#input;
    const before = findings.problems.length;
    const config = manifest.isArtifact
      ? await this.#checkArtifactConfig(manifest, where)
      : await this.#readConfig(manifest, where);
    const { signal } = findings.scope;
    const layers = await findings.attempt({ ...where, what: "manifest" }, () =>
      layersOf(this.#input.source, manifest, { signal }),
    );
    const read = await findings.scope.all(layers ?? [], Number.MAX_SAFE_INTEGER, (layer, index) => {
      const diffId = config?.rootfs?.diff_ids?.[index];
      const algorithm = diffId === undefined ? "sha256" : digestAlgorithm(diffId);
      const place = { ...where, what: "layer", digest: layer.digest, layer: index } as const;
      return this.#checkLayer(layer, place, { manifest, algorithm });
    });
    if (config !== undefined) this.#compare(config, { manifest, read, where });
    // Layers are read side by side: the order in which they are done is no order for a reader.
    const found = findings.problems.splice(before);
    const rank = ({ place }: ValidationProblem): number => place.layer ?? -1;
    findings.problems.push(...found.toSorted((a, b) => rank(a) - rank(b)));
  }

  /** Something in an index that is no manifest. */
  async checkOpaque(descriptor: Descriptor, where: Where): Promise<void> {
    await this.#readOnce(descriptor, { ...where, what: "manifest" }, undefined);
  }

  async #checkArtifactConfig({ config }: ImageManifest, where: Where): Promise<undefined> {
    if (config === undefined) return;
    await this.#readOnce(config, { ...where, what: "config", digest: config.digest }, undefined);
    this.#input.findings.checked.configs += 1;
  }

  async #readConfig({ config }: ImageManifest, where: Where): Promise<ImageConfig | undefined> {
    if (config === undefined) return undefined;
    const { findings, source } = this.#input;
    const { signal } = findings.scope;
    return findings.attempt({ ...where, what: "config", digest: config.digest }, async () => {
      findings.checked.configs += 1;
      const bytes = await readBlob(await source.blob(config, { signal }), { limit: configLimit, signal });
      findings.checked.bytes += bytes.length;
      return parseConfig(bytes);
    });
  }

  async #checkLayer(
    layer: LayerDescriptor,
    place: ProblemPlace,
    { manifest, algorithm }: { readonly manifest: ImageManifest; readonly algorithm: Algorithm },
  ): Promise<ReadLayer | undefined> {
    const isArchive = !manifest.isArtifact && !layer.mediaType.endsWith("+encrypted");
    const read = await this.#readOnce(layer, place, isArchive ? algorithm : undefined);
    const said = saidCompression(layer.mediaType);
    // A docker archive's layers are called gzip whatever they are: that is how docker's own tools name them.
    const isDockerPlain = read?.present === undefined && said?.algorithm === "gzip";
    const isWrong = isArchive && read !== undefined && said !== undefined && read.present !== said.algorithm;
    if (isWrong && !(isDockerPlain && manifest.mediaType.includes("docker"))) {
      this.#input.findings.add({
        severity: "warning",
        message: `the layer ${layer.digest} is called ${layer.mediaType}, it is ${read.present ?? "not compressed"}`,
        place,
      });
    }
    return read;
  }

  #readOnce(
    descriptor: LayerDescriptor,
    place: ProblemPlace,
    diffIdAlgorithm: Algorithm | undefined,
  ): Promise<ReadLayer | undefined> {
    // With what is said of it: another descriptor of the same digest may give another size.
    const key = `${descriptor.digest} ${descriptor.size} ${diffIdAlgorithm}`;
    const known = this.#layers.get(key);
    if (known !== undefined) return known;
    const { limiter, findings } = this.#input;
    const reading = limiter.run(() => this.#read(descriptor, place, diffIdAlgorithm), findings.scope.signal);
    this.#layers.set(key, reading);
    return reading;
  }

  async #read(
    descriptor: LayerDescriptor,
    place: ProblemPlace,
    diffIdAlgorithm: Algorithm | undefined,
  ): Promise<ReadLayer | undefined> {
    const { source, findings, onProgress } = this.#input;
    const { signal } = findings.scope;
    const { digest } = descriptor;
    const size = descriptor.size < 0 ? undefined : descriptor.size;
    const kind = place.what === "config" ? "config" : "layer";
    const event = { type: "blob", kind, digest, size, instance: place.document } as const;
    if (kind === "layer") findings.checked.layers += 1;
    const opened = await this.#open(descriptor, place);
    if (opened === undefined) {
      onProgress?.({ ...event, state: "skipped", reason: "it cannot be read" });
      return undefined;
    }
    onProgress?.({ ...event, state: "start" });
    let seen = 0;
    const onBytes = (bytes: number): void => {
      if (bytes <= seen) return;
      seen = bytes;
      onProgress?.({ ...event, state: "bytes", bytes });
    };
    const result = await findings.attempt(place, async (): Promise<ReadLayer> => {
      if (diffIdAlgorithm === undefined) {
        await drain(opened, discard, { signal, onBytes });
        return { diffId: undefined, present: undefined };
      }
      const peeked = await peekBlob(opened, magicLength, { signal });
      try {
        const present = detectCompression(peeked.head);
        const blob = present === undefined ? peeked.blob : inflated(peeked.blob, { algorithm: present });
        // What is drained as it is has the algorithm of its own digest; what comes out of a decompressor, sha256.
        const drained = present === undefined ? digestAlgorithm(digest) : "sha256";
        const hasher = drained === diffIdAlgorithm ? undefined : createHasher(diffIdAlgorithm);
        const sink: WriterSink = { kind: "writer", write: (chunk) => hasher?.update(chunk) };
        const result = await drain(blob, sink, { signal, onBytes });
        return { diffId: hasher?.digest() ?? result.digest, present };
      } catch (error) {
        // Damage that the decompressor meets first may be told more plainly by the digest.
        if (isDrayageError(error, "ERR_DRAYAGE_COMPRESSION_INVALID")) {
          await findings.attempt(place, async () =>
            drain(await source.blob(descriptor, { signal }), discard, { signal }),
          );
        }
        throw error;
      } finally {
        await peeked[Symbol.asyncDispose]();
      }
    });
    findings.checked.bytes += seen;
    onProgress?.({ ...event, state: "done", bytes: seen });
    return result;
  }

  async #open(descriptor: LayerDescriptor, place: ProblemPlace): Promise<Blob | undefined> {
    const { source, findings } = this.#input;
    const { signal } = findings.scope;
    try {
      return await source.blob(descriptor, { signal });
    } catch (error) {
      const isElsewhere =
        (descriptor.urls?.length ?? 0) > 0 && isDrayageError(error, "ERR_DRAYAGE_BLOB_NOT_FOUND");
      if (!isElsewhere) {
        await findings.attempt(place, async () => Promise.reject(error));
        return undefined;
      }
      findings.add({
        severity: "warning",
        code: error.code,
        message: `${error.message}; it has URLs`,
        place,
      });
      return undefined;
    }
  }

  /** Holds a config against the layers: diffIDs, history, platform. */
  #compare(
    config: ImageConfig,
    {
      manifest,
      read,
      where,
    }: {
      readonly manifest: ImageManifest;
      readonly read: readonly (ReadLayer | undefined)[];
      readonly where: Where;
    },
  ): void {
    const { findings } = this.#input;
    const place: ProblemPlace = { ...where, what: "config", digest: manifest.config?.digest };
    const code = "ERR_DRAYAGE_CONFIG_INVALID";
    const diffIds = config.rootfs?.diff_ids ?? [];
    const history = config.history ?? [];
    if (diffIds.length !== manifest.layers.length) {
      findings.add({
        code,
        message: `the config lists ${diffIds.length} diffIDs, the manifest ${manifest.layers.length} layers`,
        place,
      });
    }
    for (const [index, layer] of manifest.layers.entries()) {
      const wanted = diffIds[index];
      const diffId = read[index]?.diffId;
      if (wanted === undefined || diffId === undefined || wanted === diffId) continue;
      findings.add({
        code: "ERR_DRAYAGE_DIGEST_MISMATCH",
        message: `layer ${index + 1} unpacks to ${diffId}, the config says ${wanted}`,
        place: { ...where, what: "layer", digest: layer.digest, layer: index },
      });
    }
    const withLayer = history.filter(({ empty_layer }) => empty_layer !== true).length;
    if (history.length > 0 && withLayer !== manifest.layers.length) {
      findings.add({
        code,
        message: `the config's history tells of ${withLayer} layers, the manifest has ${manifest.layers.length}`,
        place,
      });
    }
    const platform = config.os === "" || config.architecture === "" ? undefined : formatPlatform(config);
    if (platform === undefined) {
      findings.add({ severity: "warning", code, message: "the config does not say its platform", place });
    } else if (where.platform !== undefined && !isSamePlatform(platform, where.platform)) {
      findings.add({
        severity: "warning",
        code,
        message: `the index calls it ${where.platform}, its config says ${platform}`,
        place,
      });
    }
  }
}

/** Configs often leave out the variant that their index gives. */
function isSamePlatform(inConfig: string, inIndex: string): boolean {
  return inConfig === inIndex || inIndex.startsWith(`${inConfig}/`);
}
