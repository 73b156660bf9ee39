import { drain } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import { manifestDigest, manifestLimit } from "@drayage/manifest";
import type { DestinationAccepts, ImageDestination, RawManifest, Signature } from "@drayage/transport";
import { concat } from "./bytes.ts";
import { type MemoryPlace, merge } from "./memory-place.ts";
import type { MemoryReference } from "./memory-transport.ts";

/** Where a destination commits to. */
export interface MemoryTarget {
  readonly accepts: DestinationAccepts;
  /** What is there now. */
  place(): MemoryPlace;
  replace(place: MemoryPlace): void;
  /** The places that it may take blobs from, by their names. */
  others(): readonly (readonly [name: string, place: MemoryPlace])[];
}

/** Collects an image, and adds it to its place in one step at commit. */
export function openMemoryDestination(reference: MemoryReference, target: MemoryTarget): ImageDestination {
  const { accepts } = target;
  const blobs = new Map<Digest, Uint8Array>();
  const manifests = new Map<Digest, RawManifest>();
  const signatures = new Map<Digest, readonly Signature[]>();
  let top: Digest | undefined;
  let closed = false;

  function checkOpen(signal: AbortSignal | undefined): void {
    throwIfAborted(signal);
    if (closed) throw new DrayageError("ERR_DRAYAGE_USAGE", `${reference.text} is closed`);
  }
  async function close(): Promise<void> {
    closed = true;
    blobs.clear();
    manifests.clear();
  }

  return {
    reference,
    accepts,
    async reuseBlob({ digest }, { signal, lookOnly }) {
      checkOpen(signal);
      const bytes = blobs.get(digest) ?? target.place().blobs.get(digest);
      if (bytes !== undefined) {
        // What is reused must stay, even if the image that had it is deleted before the commit. Nobody sees it before that.
        blobs.set(digest, bytes);
        return { size: bytes.length };
      }
      for (const [from, { blobs: theirs }] of target.others()) {
        const found = theirs.get(digest);
        if (found === undefined) continue;
        if (lookOnly !== true) blobs.set(digest, found);
        return { size: found.length, from };
      }
      return undefined;
    },
    async putBlob(blob, { signal, onBytes }) {
      checkOpen(signal);
      const chunks: Uint8Array[] = [];
      const write = (chunk: Uint8Array): void => void chunks.push(chunk.slice());
      const result = await drain(blob, { kind: "writer", write }, { signal, onBytes });
      blobs.set(result.digest, concat(chunks));
      return result;
    },
    async putManifest(bytes, { mediaType, instance, signal }) {
      checkOpen(signal);
      checkManifest(bytes, mediaType, accepts);
      const digest = instance ?? manifestDigest(bytes);
      manifests.set(digest, { bytes: bytes.slice(), mediaType });
      if (instance === undefined) top = digest;
    },
    async putSignatures(given, instance, { signal } = {}) {
      checkOpen(signal);
      const digest = instance ?? top;
      if (digest === undefined)
        throw new DrayageError("ERR_DRAYAGE_USAGE", "signatures follow their manifest");
      signatures.set(digest, [...given]);
    },
    async commit({ signal } = {}) {
      checkOpen(signal);
      if (top === undefined) throw new DrayageError("ERR_DRAYAGE_USAGE", "an image without a manifest");
      const tags = new Map([[reference.tag, top]]);
      target.replace(merge(target.place(), { tags, manifests, blobs, signatures }));
      await close();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkManifest(bytes: Uint8Array, mediaType: string, { manifestTypes }: DestinationAccepts): void {
  if (bytes.length > manifestLimit) {
    const sizes = `${bytes.length} bytes, where at most ${manifestLimit} are accepted`;
    throw new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", `the manifest has ${sizes}`);
  }
  if (manifestTypes.length === 0 || manifestTypes.includes(mediaType)) return;
  throw new DrayageError(
    "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    `manifests of the type ${mediaType} are not taken`,
    {
      hint: `one of these is: ${manifestTypes.join(", ")}`,
    },
  );
}
