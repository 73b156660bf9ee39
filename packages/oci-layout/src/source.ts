import type { Blob, FileOrigin } from "@drayage/blob";
import { type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import {
  type Descriptor,
  guessMediaType,
  manifestDigest,
  manifestLimit,
  mediaTypes,
} from "@drayage/manifest";
import type {
  ImageReference,
  ImageSource,
  OperationOptions,
  RawManifest,
  SourceOptions,
} from "@drayage/transport";
import { externalBlobs } from "./external.ts";
import { entryDescriptor, type LayoutIndex, parseLayoutIndex } from "./layout-index.ts";
import { indexFile, layoutFile } from "./names.ts";
import type { LayoutPlace } from "./reference.ts";
import { createReferrers } from "./referrers.ts";
import { flatIndexBytes, selectImage } from "./select.ts";
import { checkLayoutFile } from "./version.ts";

/** The files of one layout, wherever they are kept. */
export interface LayoutFiles {
  /** How messages call the place: a quoted path. */
  readonly label: string;
  /** What to do where this is no layout. */
  missingHint?(): Promise<string | undefined>;
  /** A small file of the layout, or undefined where it is absent. Throws ERR_DRAYAGE_LIMIT_EXCEEDED. */
  readFile(name: string, limit: number): Promise<Uint8Array | undefined>;
  /** Where a blob's bytes are, or undefined where the layout lacks it. */
  locate(digest: Digest): Promise<FileOrigin | undefined>;
  /** The bytes of a range that `locate` gave. */
  readRange(range: FileOrigin): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * The layout's index, after its version was checked.
 *
 * @throws ERR_DRAYAGE_IMAGE_NOT_FOUND where there is no index.json
 */
export async function readLayoutIndex(
  files: LayoutFiles,
): Promise<{ index: LayoutIndex; bytes: Uint8Array }> {
  const version = await files.readFile(layoutFile, manifestLimit);
  if (version !== undefined) checkLayoutFile(version, `${files.label}: ${layoutFile}`);
  const bytes = await files.readFile(indexFile, manifestLimit);
  if (bytes === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_IMAGE_NOT_FOUND",
      `${files.label}: no OCI layout: there is no ${indexFile}`,
      {
        hint: (await files.missingHint?.()) ?? "check the path",
      },
    );
  }
  return { index: parseLayoutIndex(bytes, `${files.label}: ${indexFile}`), bytes };
}

/** Opens the image that `place` means, as index.json has it at this moment. */
export async function openLayoutSource(
  reference: ImageReference,
  place: LayoutPlace,
  files: LayoutFiles,
  options: Pick<SourceOptions, "connection"> = {},
): Promise<ImageSource> {
  const { index, bytes } = await readLayoutIndex(files);
  const where = `${files.label}: ${indexFile}`;
  const selection = selectImage(index, place, where);
  const external = externalBlobs(files.label, options.connection);
  const referrers = createReferrers(files, index);
  const known = new Map(index.entries.map((entry) => [entry.raw.digest, entry.mediaType]));

  const top = async (): Promise<RawManifest> => {
    if (selection.kind === "flat") {
      return { bytes: flatIndexBytes(index, selection.entries, bytes), mediaType: mediaTypes.ociIndex };
    }
    return readManifest(files, entryDescriptor(selection.entry, where));
  };

  const manifest = async (instance?: Digest, options: OperationOptions = {}): Promise<RawManifest> => {
    throwIfAborted(options.signal, `read a manifest of ${files.label}`);
    if (instance === undefined) return top();
    const mediaType = known.get(instance) ?? "";
    return readManifest(files, { digest: instance, mediaType, size: -1 });
  };

  const blob = async (descriptor: Descriptor, options: OperationOptions = {}): Promise<Blob> => {
    throwIfAborted(options.signal, `read a blob of ${files.label}`);
    const origin = await files.locate(descriptor.digest);
    if (origin === undefined) {
      const elsewhere = external.blob(descriptor);
      if (elsewhere === undefined) throw absent(files, descriptor);
      return elsewhere;
    }
    checkSize(files, descriptor, origin.length);
    return { digest: descriptor.digest, size: origin.length, origin, steps: [] };
  };

  const close = (): Promise<void> => {
    external.close();
    return files.close();
  };
  return {
    reference,
    manifest,
    blob,
    referrers: async (subject, { signal } = {}) => referrers(subject, signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * What {@link openLayoutSource}'s manifest is: from index.json, without reading it where that says all of it.
 *
 * @throws ERR_DRAYAGE_BLOB_NOT_FOUND where the layout lacks it, and what `openLayoutSource` throws
 */
export async function resolveLayoutImage(place: LayoutPlace, files: LayoutFiles): Promise<Descriptor> {
  const { index, bytes } = await readLayoutIndex(files);
  const where = `${files.label}: ${indexFile}`;
  const selection = selectImage(index, place, where);
  if (selection.kind === "flat") {
    const flat = flatIndexBytes(index, selection.entries, bytes);
    return { mediaType: mediaTypes.ociIndex, digest: manifestDigest(flat), size: flat.length };
  }
  const descriptor = entryDescriptor(selection.entry, where);
  if (descriptor.mediaType === "") {
    const { mediaType } = await readManifest(files, descriptor);
    return { ...descriptor, mediaType };
  }
  const origin = await files.locate(descriptor.digest);
  if (origin === undefined) throw absent(files, descriptor);
  checkSize(files, descriptor, origin.length);
  return descriptor;
}

async function readManifest(files: LayoutFiles, descriptor: Descriptor): Promise<RawManifest> {
  const { digest, mediaType } = descriptor;
  const origin = await files.locate(digest);
  if (origin === undefined) throw absent(files, descriptor);
  if (origin.length > manifestLimit) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `${files.label}: the manifest ${digest} has ${origin.length} bytes, and at most ${manifestLimit} are read`,
    );
  }
  checkSize(files, descriptor, origin.length);
  const bytes = await files.readRange(origin);
  // A signed manifest of docker's first schema is named by the digest of what is signed.
  const actual = manifestDigest(bytes, digestAlgorithm(digest));
  if (actual !== digest) {
    throw new DrayageError(
      "ERR_DRAYAGE_DIGEST_MISMATCH",
      `${files.label}: the manifest ${digest} hashes to ${actual}`,
      { hint: "the layout is damaged: copy the image into it anew" },
    );
  }
  return { bytes, mediaType: mediaType === "" ? guessMediaType(bytes) : mediaType };
}

function checkSize(files: LayoutFiles, descriptor: Descriptor, actual: number): void {
  if (descriptor.size === -1 || descriptor.size === actual) return;
  throw new DrayageError(
    "ERR_DRAYAGE_SIZE_MISMATCH",
    `${files.label}: ${descriptor.digest} has ${actual} bytes, not the ${descriptor.size} that its descriptor says`,
    { hint: "the layout is damaged or incomplete: copy the image into it anew" },
  );
}

function absent(files: LayoutFiles, descriptor: Descriptor): DrayageError {
  const urls = descriptor.urls ?? [];
  const hint =
    urls.length === 0
      ? "the layout is incomplete: copy the image into it anew"
      : `its bytes are kept elsewhere: ${urls.slice(0, 3).join(" ")}`;
  const message = `${files.label}: the blob ${descriptor.digest} is not in the layout`;
  return new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", message, { hint });
}
