import { bytesBlob, type StagedFile } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import { type Descriptor, manifestDigest } from "@drayage/manifest";
import {
  addImage,
  checkLayoutManifest,
  emptyLayoutIndex,
  encodeLayoutIndex,
  indexFile,
  type LayoutIndex,
  type LayoutPlace,
  layoutFile,
  layoutFileBytes,
  layoutManifestTypes,
  refusePosition,
  replaceImage,
  type Selection,
} from "@drayage/oci-layout";
import type {
  CommitOptions,
  DestinationOptions,
  ImageDestination,
  PutManifestOptions,
} from "@drayage/transport";
import { openKept } from "./kept.ts";
import { type OciArchiveReference, scheme } from "./reference.ts";
import { otherNames, replacedText } from "./replaced.ts";
import { archiveTarget } from "./target.ts";
import { type ArchiveWriter, archiveWriter } from "./writer.ts";

export async function openDestination(
  reference: OciArchiveReference,
  options: DestinationOptions = {},
): Promise<ImageDestination> {
  throwIfAborted(options.signal, `open ${scheme}:${reference.text}`);
  const { place } = reference;
  refusePosition(place, scheme);
  const target = await archiveTarget(place.path, options);
  const label = JSON.stringify(place.path);
  const adds = options.append === true && target.exists;
  let opening: Promise<Opened> | undefined;
  /** The blobs of the archive that is added to, with their sizes. */
  let present: Promise<ReadonlyMap<Digest, number>> | undefined;
  let top: Descriptor | undefined;
  let state: "open" | "committed" | "closed" = "open";

  function checkOpen(): void {
    if (state === "open") return;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `the destination ${label} is ${state} already`);
  }

  function begin(): Promise<Opened> {
    checkOpen();
    opening ??= stage();
    return opening;
  }

  async function stage(): Promise<Opened> {
    const file = await target.stage();
    try {
      const writer = archiveWriter(file);
      if (!adds) return { file, writer, earlier: emptyLayoutIndex, replaced: undefined };
      await using archive = await openKept(place, options);
      for (const [, blob] of archive.blobs) await writer.addBlob(blob, { signal: options.signal });
      return { file, writer, earlier: archive.index, replaced: archive.replaced };
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  /** What the archive has, or will have once what it is added to was taken over. Writes nothing. */
  async function look(digest: Digest): Promise<number | undefined> {
    checkOpen();
    if (opening !== undefined) return (await opening).writer.sizeOf(digest);
    if (!adds) return undefined;
    present ??= sizesIn(place, options);
    return (await present).get(digest);
  }

  async function putManifest(
    bytes: Uint8Array,
    { mediaType, instance, signal }: PutManifestOptions,
  ): Promise<void> {
    checkLayoutManifest(bytes, mediaType);
    const digest = instance ?? manifestDigest(bytes);
    const { writer } = await begin();
    await writer.addBlob(bytesBlob(bytes, { digest, what: `the manifest ${digest}` }), { signal });
    if (instance === undefined) top = { mediaType, digest, size: bytes.length };
  }

  async function commit({ signal, timestamp }: CommitOptions = {}): Promise<void> {
    const { file, writer, earlier, replaced } = await begin();
    throwIfAborted(signal, `write ${label}`);
    if (top === undefined)
      throw new DrayageError("ERR_DRAYAGE_USAGE", `${label}: there is no manifest to commit`);
    const index =
      replaced === undefined ? addImage(earlier, top, place.name) : replaceImage(earlier, replaced, top);
    await writer.addFile(indexFile, encodeLayoutIndex(index));
    await writer.addFile(layoutFile, layoutFileBytes());
    await writer.finish(timestamp);
    const lost =
      target.exists && options.append !== true ? await otherNames(place, { ...options, signal }) : [];
    await target.publish(file, signal);
    state = "committed";
    if (lost.length > 0) options.onWarning?.(replacedText(label, lost));
  }

  async function close(): Promise<void> {
    if (state === "open") state = "closed";
    const opened = await opening?.catch(() => undefined);
    await opened?.writer.stop();
    await opened?.file.discard();
  }

  return {
    reference,
    accepts: {
      manifestTypes: layoutManifestTypes,
      layerCompression: options.acceptUncompressedLayers === true ? "preserve" : "compress",
      foreignLayerUrls: true,
      // They go straight to their places in one file.
      parallelBlobs: 6,
      keepsOrder: true,
      multipleImages: true,
    },
    async reuseBlob({ digest, size }, { signal, lookOnly }) {
      throwIfAborted(signal);
      const found = lookOnly === true ? await look(digest) : (await begin()).writer.sizeOf(digest);
      return found === undefined || (size !== -1 && size !== found) ? undefined : { size: found };
    },
    async putBlob(blob, { signal, onBytes, onPlace }) {
      throwIfAborted(signal);
      return (await begin()).writer.addBlob(blob, { signal, onBytes, onPlace });
    },
    putManifest,
    commit,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** An archive that is being written. */
interface Opened {
  readonly file: StagedFile;
  readonly writer: ArchiveWriter;
  /** The images that it has already. */
  readonly earlier: LayoutIndex;
  /** The one of them that gives way to the new one. */
  readonly replaced: Selection | undefined;
}

async function sizesIn(
  place: LayoutPlace,
  options: DestinationOptions,
): Promise<ReadonlyMap<Digest, number>> {
  await using archive = await openKept(place, options);
  return new Map([...archive.blobs].map(([digest, { size }]) => [digest, size]));
}
