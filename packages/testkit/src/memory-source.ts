import { bytesBlob } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import { describeReferrer, type ImageSource, type OperationOptions } from "@drayage/transport";
import type { MemoryPlace } from "./memory-place.ts";
import type { MemoryReference } from "./memory-transport.ts";

/** Reads what a place holds now, whatever becomes of it. */
export function openMemorySource(reference: MemoryReference, place: MemoryPlace): ImageSource {
  const top = place.tags.get(reference.tag);
  async function close(): Promise<void> {}
  return {
    reference,
    async manifest(instance = top, options: OperationOptions = {}) {
      throwIfAborted(options.signal);
      const manifest = instance && place.manifests.get(instance);
      if (manifest !== undefined) return manifest;
      throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `${reference.text} has no manifest ${instance}`);
    },
    async blob({ digest, size }, options: OperationOptions = {}) {
      throwIfAborted(options.signal);
      const bytes = place.blobs.get(digest);
      if (bytes !== undefined) return bytesBlob(bytes, { digest, size: size < 0 ? undefined : size });
      throw new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `${reference.text} has no blob ${digest}`);
    },
    async signatures(instance: Digest | undefined = top, options: OperationOptions = {}) {
      throwIfAborted(options.signal);
      return (instance && place.signatures.get(instance)) ?? [];
    },
    async referrers(subject: Digest, options: OperationOptions = {}) {
      throwIfAborted(options.signal);
      return [...place.manifests.values()].flatMap((manifest) => describeReferrer(manifest, subject) ?? []);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
