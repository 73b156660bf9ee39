import {
  type Blob,
  createStagedFile,
  drain,
  fileBlob,
  inflated,
  openBlob,
  peekBlob,
  streamBlob,
  temporaryFolder,
  withoutName,
} from "@drayage/blob";
import { type LayerCache, type PackSourcesOptions, packSources } from "@drayage/build-context";
import { detectCompression, magicLength } from "@drayage/compression";
import type { CompressionWish, KnownLayer, NewLayer, PlacedLayer } from "@drayage/copy";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { checkedTar, tarChecker } from "./check-tar.ts";
import type { LayerTarget, Leftovers } from "./place-layers.ts";

/** A layer to be put upon an image. */
export type LayerInput = TarInput | FilesInput;

interface HistoryText {
  /** What the history says of it: `dray append` where absent. */
  readonly createdBy?: string | undefined;
}

/** A tar, compressed or not: what it is compressed with is seen by its first bytes. */
export interface TarInput extends HistoryText {
  readonly tar: Blob;
}

/** Files and folders, by COPY's rules. */
export interface FilesInput extends HistoryText {
  readonly sources: readonly string[];
  /** A folder where it ends in a slash, or sources are several or a folder; else the file's name. */
  readonly destination: string;
  readonly options?: PackSourcesOptions | undefined;
}

/** A layer whose blob there is already, and stays as it is. */
export type GivenLayer = Pick<PlacedLayer, "compression" | "digest" | "size" | "diffId" | "blob">;

export type OpenedLayer = { readonly given: GivenLayer } | OpenedNewLayer;

export interface OpenedNewLayer {
  readonly made: NewLayer;
  /** Told what it became. */
  readonly remember?: ((facts: KnownLayer) => Promise<void>) | undefined;
}

export interface OpenLayerOptions extends LayerTarget {
  readonly leftovers: Leftovers;
  /** Whether a blob compressed with zstd can stay so. */
  readonly takesZstd: boolean;
  readonly layerCache?: LayerCache | undefined;
}

/** Looks at a layer, and reads what has to be read before its bytes flow. */
export async function openLayer(input: LayerInput, options: OpenLayerOptions): Promise<OpenedLayer> {
  if (!("tar" in input)) return openFiles(input, options);
  try {
    return await openTar(input.tar, options);
  } catch (error) {
    throw naming(input.tar, error);
  }
}

/** The error of a layer that is no tar, with which one it is. */
function naming({ what, origin }: Blob, error: unknown): unknown {
  const name = what ?? (origin.kind === "file" ? JSON.stringify(origin.path) : undefined);
  const isBroken =
    isDrayageError(error, "ERR_DRAYAGE_ARCHIVE_INVALID") ||
    isDrayageError(error, "ERR_DRAYAGE_COMPRESSION_INVALID");
  if (!isBroken || name === undefined) return error;
  const { code, message, hint, op } = error;
  return new DrayageError(code, `the layer ${name} is no sound tar: ${message}`, { hint, op, cause: error });
}

async function* namingErrors(
  tar: Blob,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
  } catch (error) {
    throw naming(tar, error);
  }
}

async function openTar(tar: Blob, options: OpenLayerOptions): Promise<OpenedLayer> {
  const { signal, compression: wish, takesZstd } = options;
  const { head, blob } = await reopenable(tar, options);
  const algorithm = detectCompression(head);
  const isKept = (algorithm === "gzip" || (algorithm === "zstd" && takesZstd)) && suits(algorithm, wish);
  if (isKept) return { given: await given(blob, algorithm, signal) };
  // Checked while it is read, and read once: nobody changes it in between.
  const plain = algorithm === undefined ? blob : inflated(blob, { algorithm });
  const open = ({
    signal: reading,
  }: {
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterable<Uint8Array> => namingErrors(tar, checkedTar(openBlob(plain, { signal: reading })));
  return { made: { tar: streamBlob(open, { what: tar.what, size: plain.size }) } };
}

/** Whether a compressed blob is already what is wished for. */
function suits(algorithm: "gzip" | "zstd", wish: CompressionWish | undefined): boolean {
  return wish === undefined || (wish.format === algorithm && wish.level === undefined);
}

/** What can be read again: a pipe's bytes go to a temporary file. */
async function reopenable(
  tar: Blob,
  { signal, temporaryDir, leftovers }: OpenLayerOptions,
): Promise<{ readonly head: Uint8Array; readonly blob: Blob }> {
  if (tar.origin.kind !== "stream") {
    await using peeked = await peekBlob(tar, magicLength, { signal });
    return { head: peeked.head, blob: tar };
  }
  const file = await createStagedFile(await temporaryFolder(temporaryDir), { mode: 0o600 });
  leftovers.add({ [Symbol.asyncDispose]: () => file.discard() });
  const path = await withoutName(file);
  const { digest, size } = await drain(tar, file.sink, { signal });
  return reopenable(fileBlob(path, { digest, size, what: tar.what }), {
    ...{ signal, temporaryDir, leftovers },
    takesZstd: false,
  });
}

async function given(
  blob: Blob,
  algorithm: "gzip" | "zstd",
  signal: AbortSignal | undefined,
): Promise<GivenLayer> {
  const checker = tarChecker();
  const result = await drain(
    inflated(blob, { algorithm }),
    { kind: "writer", write: (chunk) => checker.push(chunk) },
    { signal },
  );
  checker.finish();
  const stored = result.stages.at(-2) ?? result;
  const { digest, size } = stored;
  return { compression: algorithm, digest, size, diffId: result.digest, blob: { ...blob, digest, size } };
}

async function openFiles(
  { sources, destination, options }: FilesInput,
  { signal, leftovers, layerCache }: OpenLayerOptions,
): Promise<OpenedLayer> {
  const packed = await packSources(sources, destination, { ...options, signal });
  leftovers.add(packed);
  const tar = streamBlob(
    ({ signal: reading, borrow }) => packed.tar({ signal: reading, borrow, contentDigest: false }),
    { borrows: true, what: `the layer of ${sources.join(", ")}` },
  );
  if (layerCache === undefined) return { made: { tar } };
  const { key } = await packed.listing({ signal });
  if (key === undefined) return { made: { tar } };
  const known = await layerCache.find(key);
  return { made: { tar, known }, remember: (facts) => layerCache.record(key, facts) };
}
