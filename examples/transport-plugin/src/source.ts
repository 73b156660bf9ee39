import { type Blob, fileBlob, readBlob } from "@drayage/blob";
import { type Digest, verifyBytes } from "@drayage/digest";
import { DrayageError, errnoOf, ioError, throwIfAborted } from "@drayage/errors";
import { guessMediaType, manifestLimit } from "@drayage/manifest";
import type { ImageSource, SourceOptions } from "@drayage/transport";
import yauzl from "yauzl";
import { blobName, manifestName } from "./names.ts";
import type { ZipReference } from "./reference.ts";

/** Where an entry's bytes are in the zip file. */
interface Range {
  readonly offset: number;
  readonly length: number;
}

/** Throws `ERR_DRAYAGE_IMAGE_NOT_FOUND` where there is no such file. */
export async function openZipSource(
  reference: ZipReference,
  options: SourceOptions = {},
): Promise<ImageSource> {
  throwIfAborted(options.signal);
  const entries = await indexZip(reference.path);
  const blobOf = (name: string, known: Pick<Blob, "digest" | "size"> = {}): Blob | undefined => {
    const range = entries.get(name);
    return range && fileBlob(reference.path, { ...range, ...known });
  };
  const close = async (): Promise<void> => {};
  return {
    reference,
    async manifest(instance, { signal = options.signal } = {}) {
      throwIfAborted(signal);
      const name = manifestName(instance);
      const blob = blobOf(name);
      if (blob === undefined) throw invalid(reference, `it has no ${name}`);
      const bytes = await readBlob(blob, { limit: manifestLimit, signal });
      if (instance !== undefined) verifyBytes(bytes, instance, `manifest ${instance}`);
      return { bytes, mediaType: guessMediaType(bytes) };
    },
    async blob({ digest, size }, { signal = options.signal } = {}) {
      throwIfAborted(signal);
      const blob = blobOf(blobName(digest), size < 0 ? { digest } : { digest, size });
      if (blob === undefined) throw notThere(reference, digest);
      return blob;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function indexZip(path: string): Promise<ReadonlyMap<string, Range>> {
  const entries = new Map<string, Range>();
  let zip: yauzl.ZipFile | undefined;
  try {
    zip = await yauzl.openPromise(path);
    for await (const entry of zip.eachEntry()) {
      // Only stored entries can be read from their place; this transport writes no others.
      if (entry.isCompressed() || entry.isEncrypted() || entry.fileName.endsWith("/")) continue;
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      entries.set(entry.fileName, { offset: fileDataStart, length: entry.uncompressedSize });
    }
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") {
      throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `there is no file ${JSON.stringify(path)}`, {
        cause,
      });
    }
    const error = ioError(cause, "read the zip file", { path });
    throw error === cause ? unreadable(path, cause) : error;
  } finally {
    zip?.close();
  }
  return entries;
}

function unreadable(path: string, cause: unknown): DrayageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DrayageError(
    "ERR_DRAYAGE_ARCHIVE_INVALID",
    `${JSON.stringify(path)} is no readable zip file: ${reason}`,
    {
      cause,
    },
  );
}

function invalid(reference: ZipReference, what: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LAYOUT_INVALID",
    `${JSON.stringify(reference.path)} holds no image: ${what}`,
  );
}

function notThere(reference: ZipReference, digest: Digest): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_BLOB_NOT_FOUND",
    `${JSON.stringify(reference.path)} has no blob ${digest}`,
  );
}
