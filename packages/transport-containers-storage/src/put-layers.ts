import { type FileHandle, open } from "node:fs/promises";
import {
  type Blob,
  createStagedFile,
  type DrainResult,
  drain,
  fileBlob,
  inflated,
  peekBlob,
  temporaryFolder,
  withoutName,
} from "@drayage/blob";
import { detectCompression, magicLength } from "@drayage/compression";
import type { Digest } from "@drayage/digest";
import { ioError } from "@drayage/errors";
import type { LayerStage, Store } from "@drayage/storage";
import type { OperationOptions, PutBlobOptions } from "@drayage/transport";
import { keptBlob } from "./big-data.ts";

/** A layer that was put and waits for its image. Disposed of, nothing of it is left. */
export interface PutLayer extends AsyncDisposable {
  /** Of the blob as it came. */
  readonly result: DrainResult;
  /** Unpacked already: nothing but its place among the layers is missing. */
  readonly unpacked: UnpackedStage | undefined;
  /** Unpacks it, where that was not done yet, into a stage on the layer below it. Gives the diffID. */
  unpackInto(stage: LayerStage, options: OperationOptions): Promise<Digest>;
}

/** A layer that is unpacked, and not yet in the store. */
export interface UnpackedStage {
  readonly stage: LayerStage;
  readonly diffId: Digest;
}

export interface PutLayerOptions extends Pick<PutBlobOptions, "onBytes" | "signal"> {
  /** Whether the blob is kept as it came, too, where it is compressed. */
  readonly keepBlob: boolean;
  /** Where blobs wait that cannot be unpacked before the layers below them are there. */
  readonly temporaryDir: string | undefined;
}

/**
 * Takes a layer's blob: unpacks it at once where the driver can do so without the layer below it, else keeps it in a temporary
 * file. The blob is verified either way.
 */
export async function putLayer(store: Store, blob: Blob, options: PutLayerOptions): Promise<PutLayer> {
  const stage = await store.stageLayer({ signal: options.signal });
  try {
    if (stage.independent) return await unpackNow(stage, blob, options);
  } catch (error) {
    await stage.discard();
    throw error;
  }
  await stage.discard();
  return spool(blob, options);
}

async function unpackNow(stage: LayerStage, blob: Blob, options: PutLayerOptions): Promise<PutLayer> {
  const { result, diffId } = await unpackInto(stage, blob, options);
  const unpacked = { stage, diffId };
  return {
    result,
    unpacked,
    unpackInto: async () => diffId,
    [Symbol.asyncDispose]: () => stage.discard(),
  };
}

interface Unpacked {
  readonly result: DrainResult;
  readonly diffId: Digest;
}

async function unpackInto(
  stage: LayerStage,
  blob: Blob,
  { keepBlob, ...options }: Pick<PutLayerOptions, "keepBlob" | "onBytes" | "signal">,
): Promise<Unpacked> {
  if (!keepBlob) return unpackBlob(stage, blob, options);
  await using peeked = await peekBlob(blob, magicLength, { signal: options.signal });
  const isCompressed = detectCompression(peeked.head) !== undefined;
  const path = isCompressed ? stage.bigDataFile(keptBlob) : undefined;
  if (path === undefined) return await unpackBlob(stage, peeked.blob, options);
  const result = await drainToFile(peeked.blob, path, options);
  const { digest, size } = result;
  const file = fileBlob(path, { digest, size, what: blob.what });
  const { diffId } = await unpackBlob(stage, file, { signal: options.signal });
  return { result, diffId };
}

/** Unpacks a blob, compressed or not. */
async function unpackBlob(
  stage: LayerStage,
  blob: Blob,
  options: Pick<PutLayerOptions, "onBytes" | "signal">,
): Promise<Unpacked> {
  const { drained } = await stage.unpack(inflated(blob), options);
  // Those of the blob itself; what was made of it on its way to the tar comes after them.
  const stages = drained.stages.slice(0, 1 + blob.steps.filter((step) => step.do !== "verify").length);
  return { result: { ...(stages.at(-1) ?? drained), stages }, diffId: drained.digest };
}

async function drainToFile(
  blob: Blob,
  path: string,
  options: Pick<PutLayerOptions, "onBytes" | "signal">,
): Promise<DrainResult> {
  const handle = await openNew(path);
  try {
    const sink = { kind: "file", fd: handle.fd, path, position: 0, whole: true } as const;
    return await drain(blob, sink, options);
  } finally {
    await handle.close();
  }
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx+", 0o600);
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}

/** Keeps the blob in a temporary file, to be unpacked when the layer below it is there. */
async function spool(blob: Blob, options: PutLayerOptions): Promise<PutLayer> {
  const { keepBlob, signal, onBytes } = options;
  const file = await createStagedFile(await temporaryFolder(options.temporaryDir), { mode: 0o600 });
  let path: string;
  let result: DrainResult;
  try {
    path = await withoutName(file);
    result = await drain(blob, file.sink, { signal, onBytes });
  } catch (error) {
    await file.discard();
    throw error;
  }
  const { digest, size } = result;
  return {
    result,
    unpacked: undefined,
    async unpackInto(stage, { signal: mine }) {
      const again = fileBlob(path, { digest, size, what: blob.what });
      return (await unpackInto(stage, again, { keepBlob, signal: mine })).diffId;
    },
    [Symbol.asyncDispose]: () => file.discard(),
  };
}
