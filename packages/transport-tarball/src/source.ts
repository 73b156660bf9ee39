import { type Blob, bytesBlob, endedBy, type PipeOptions } from "@drayage/blob";
import { type Digest, digestAlgorithm, digestBytes } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import { encodeGoJson, manifestDigest, mediaTypes } from "@drayage/manifest";
import type { ImageSource, SourceOptions } from "@drayage/transport";
import { encodeConfig } from "./config.ts";
import { readLayer, type TarballLayer } from "./layer.ts";
import { type LocalFile, localFile, type OpenBytes } from "./local-file.ts";
import { standardInput, type TarballReference } from "./reference.ts";
import { readSettings, type TarballImage } from "./settings.ts";

export interface TarballOptions extends TarballImage {
  /** What `-` reads; the process's standard input where absent. */
  readonly standardInput?: OpenBytes | undefined;
}

/** An image of files: they are read once to find out their digests, then whenever a layer is asked for. */
export async function openTarballSource(
  reference: TarballReference,
  options: SourceOptions,
  own: TarballOptions,
): Promise<ImageSource> {
  const { signal, temporaryDir } = options;
  const image = { ...own, ...readSettings(options.settings) };
  const standard = own.standardInput ?? processInput;
  const files: LocalFile[] = [];
  const close = async (): Promise<void> => {
    for (const file of files.splice(0)) await file[Symbol.asyncDispose]();
  };
  try {
    const layers: (TarballLayer & { readonly time: bigint })[] = [];
    for (const name of reference.files) {
      throwIfAborted(signal);
      const file = await localFile(name, { signal, temporaryDir, standardInput: standard });
      files.push(file);
      const what = name === standardInput ? "standard input" : JSON.stringify(name);
      layers.push({ ...(await readLayer(file.path, { what, signal })), time: file.time });
    }
    return sourceOf(reference, { layers, image, close });
  } catch (error) {
    await close();
    throw error;
  }
}

function processInput({ signal }: PipeOptions): AsyncIterable<Uint8Array> {
  return endedBy(process.stdin, signal);
}

interface TarballContent {
  readonly layers: readonly (TarballLayer & { readonly time: bigint })[];
  readonly image: TarballImage;
  close(): Promise<void>;
}

function sourceOf(reference: TarballReference, { layers, image, close }: TarballContent): ImageSource {
  const place = `tarball:${reference.text}`;
  const config = encodeConfig(layers, image.config);
  const digest = digestBytes(config);
  const mediaType = mediaTypes.ociManifest;
  const bytes = encodeGoJson({
    schemaVersion: 2,
    config: { mediaType: mediaTypes.ociConfig, digest, size: config.length },
    layers: layers.map(({ descriptor }) => descriptor),
    annotations: image.annotations && new Map(Object.entries(image.annotations)),
  });
  const blobs = new Map<Digest, Blob>(layers.map(({ descriptor, blob }) => [descriptor.digest, blob]));
  blobs.set(digest, bytesBlob(config, { digest, what: `the config of ${place}` }));
  return {
    reference,
    async manifest(instance, { signal } = {}) {
      throwIfAborted(signal);
      if (instance === undefined || manifestDigest(bytes, digestAlgorithm(instance)) === instance) {
        return { bytes, mediaType };
      }
      throw new DrayageError(
        "ERR_DRAYAGE_IMAGE_NOT_FOUND",
        `${place} has no ${instance}: it is one image, no index`,
      );
    },
    async blob(descriptor) {
      const blob = blobs.get(descriptor.digest);
      if (blob !== undefined) return descriptor.size < 0 ? blob : { ...blob, size: descriptor.size };
      throw new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `${place} has no blob ${descriptor.digest}`);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
