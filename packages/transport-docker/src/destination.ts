import type { Blob, DrainResult } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { abortError, DrayageError, throwIfAborted } from "@drayage/errors";
import {
  isDockerV1MediaType,
  manifestDigest,
  manifestLimit,
  mediaTypes,
  parseManifest,
} from "@drayage/manifest";
import type { Repository } from "@drayage/registry-client";
import type {
  CommitOptions,
  DestinationAccepts,
  DestinationOptions,
  ImageDestination,
  PutBlobOptions,
  PutManifestOptions,
  ReuseBlobOptions,
  ReusedBlob,
} from "@drayage/transport";
import type { Connections } from "./connections.ts";
import { createPlaces, type Places } from "./places.ts";
import { algorithmOf, type DockerImageReference, labelOf } from "./reference.ts";
import { createReuse, type Reuse } from "./reuse.ts";
import { additionalTagsOf } from "./tags.ts";
import { uploadOf } from "./upload.ts";

/** The types in containers/image's order. */
const manifestTypes: readonly string[] = [
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
  mediaTypes.ociIndex,
  mediaTypes.dockerManifestList,
  mediaTypes.dockerV1SignedManifest,
  mediaTypes.dockerV1Manifest,
];

const accepts: DestinationAccepts = {
  manifestTypes,
  layerCompression: "compress",
  foreignLayerUrls: true,
  parallelBlobs: 6,
  multipleImages: true,
};

/** How many tags are written at the same time. */
const parallelTags = 4;

export async function openDestination(
  reference: DockerImageReference,
  connections: Connections,
  options: DestinationOptions,
): Promise<ImageDestination> {
  throwIfAborted(options.signal, `open ${labelOf(reference)}`);
  const tags = additionalTagsOf(options.additionalTags ?? [], reference.dockerReference);
  const endpoint = await connections.target(reference.dockerReference, options);
  const places = createPlaces(connections, options);
  try {
    const place = places.place(endpoint);
    const connection = await place.connect();
    const { path } = place.reference;
    const reuse = createReuse({ connection, path, cache: options.blobInfoCache });
    return destination({
      reference,
      repository: connection.repository(path, "push"),
      acceptedTypes: connection.acceptedTypes,
      reuse,
      places,
      tags,
    });
  } catch (error) {
    places[Symbol.dispose]();
    throw error;
  }
}

interface Opened {
  readonly reference: DockerImageReference;
  readonly repository: Repository;
  readonly acceptedTypes: Set<string>;
  readonly reuse: Reuse;
  readonly places: Places;
  /** Further tags. */
  readonly tags: readonly string[];
}

/** The manifest that the image's tags will name. */
interface Root {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly digest: Digest;
  /** What the registry has it as already: its digest, or a tag. */
  readonly storedAs?: string | undefined;
}

function destination(opened: Opened): ImageDestination {
  const { reference, repository, acceptedTypes, reuse, places } = opened;
  const { tag, digest: wanted } = reference.dockerReference;
  const tags = tag === undefined ? opened.tags : [tag, ...opened.tags];
  const label = labelOf(reference);
  const closing = new AbortController();
  const working = new Set<Promise<unknown>>();
  let root: Root | undefined;
  let state: "open" | "committed" | "closed" = "open";

  function check(signal: AbortSignal | undefined): void {
    throwIfAborted(signal, `write ${label}`);
    if (state === "open") return;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `the destination ${label} is ${state} already`);
  }

  /** Runs what ends, too, when the destination is closed. */
  async function work<T>(
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    check(signal);
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal?.aborted === true ? signal.reason : closedError(label));
    for (const each of [signal, closing.signal]) each?.addEventListener("abort", abort, { once: true });
    const running = run(controller.signal);
    const settled = running.catch(() => undefined);
    working.add(settled);
    try {
      return await running;
    } finally {
      working.delete(settled);
      for (const each of [signal, closing.signal]) each?.removeEventListener("abort", abort);
    }
  }

  async function putBlob(blob: Blob, { signal, onBytes }: PutBlobOptions): Promise<DrainResult> {
    return work(signal, async (working) => {
      const upload = uploadOf(blob, onBytes);
      try {
        const { digest, size } = await repository.uploadBlob(upload.content, { signal: working });
        reuse.stored(digest, size);
      } catch (error) {
        // All of it was sent, and perhaps only the answer did not come: the next run is to look for it here.
        if (upload.sent !== undefined) reuse.perhapsStored(upload.sent);
        throw error;
      }
      return upload.finish(working);
    });
  }

  async function reuseBlob(
    descriptor: Parameters<Reuse["find"]>[0],
    options: ReuseBlobOptions,
  ): Promise<ReusedBlob | undefined> {
    return work(options.signal, (signal) => reuse.find(descriptor, { ...options, signal }));
  }

  async function putManifest(bytes: Uint8Array, options: PutManifestOptions): Promise<void> {
    const { mediaType, instance } = options;
    await work(options.signal, async (signal) => {
      checkManifest(bytes, mediaType);
      if (instance !== undefined) {
        checkDigest(bytes, instance, `the manifest ${instance}`);
        await put(instance, { bytes, mediaType }, signal);
        return;
      }
      if (wanted !== undefined) checkDigest(bytes, wanted, label);
      const digest = manifestDigest(bytes, algorithmOf(reference.dockerReference));
      // A registry that does not take this type has to say so now, while another may be tried. One that has taken it before need
      // not be asked, and a manifest that says what it belongs to is seen by all as soon as it is there.
      const other = wanted === undefined && !isDockerV1MediaType(mediaType);
      const isTried = other && !acceptedTypes.has(mediaType) && !hasSubject(bytes, mediaType);
      // Where only the commit follows, one request does both.
      const storedAs = isTried ? ((options.isLast === true ? tag : undefined) ?? digest) : undefined;
      if (storedAs !== undefined) await put(storedAs, { bytes, mediaType }, signal);
      root = { bytes, mediaType, digest, storedAs };
    });
  }

  async function put(
    name: string,
    manifest: Pick<Root, "bytes" | "mediaType">,
    signal: AbortSignal,
  ): Promise<void> {
    const { bytes, mediaType } = manifest;
    await repository.putManifest(name, bytes, { mediaType, signal });
    acceptedTypes.add(mediaType);
  }

  async function commit(options: CommitOptions = {}): Promise<void> {
    await work(options.signal, async (signal) => {
      const image = root;
      if (image === undefined) {
        throw new DrayageError("ERR_DRAYAGE_USAGE", `${label}: there is no manifest to commit`);
      }
      // Without a tag of its own the digest is the image's name.
      if (tag === undefined && image.storedAs === undefined) await put(image.digest, image, signal);
      const [first, ...others] = tags;
      if (first !== undefined && first !== image.storedAs) await put(first, image, signal);
      await inLanes(others, parallelTags, (other) => put(other, image, signal));
      state = "committed";
    });
  }

  async function close(): Promise<void> {
    if (state === "open") state = "closed";
    closing.abort();
    await Promise.all(working);
    places[Symbol.dispose]();
  }

  return {
    reference,
    accepts,
    reuseBlob,
    putBlob,
    putManifest,
    commit,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkManifest(bytes: Uint8Array, mediaType: string): void {
  if (!manifestTypes.includes(mediaType)) {
    throw new DrayageError(
      "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
      `registries take no manifests of ${mediaType}`,
      {
        hint: `they take ${manifestTypes.join(", ")}`,
      },
    );
  }
  if (bytes.length <= manifestLimit) return;
  throw new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `the manifest has ${bytes.length} bytes, and registries take at most ${manifestLimit}`,
  );
}

function checkDigest(bytes: Uint8Array, wanted: Digest, what: string): void {
  const actual = manifestDigest(bytes, algorithmOf({ digest: wanted }));
  if (actual === wanted) return;
  throw new DrayageError(
    "ERR_DRAYAGE_DIGEST_MISMATCH",
    `${what}: the manifest that is to be written has the digest ${actual}`,
    { hint: "write the image under a tag alone, or name the digest that it has" },
  );
}

/** Whether the manifest tells what it belongs to, which makes it a referrer of that. */
function hasSubject(bytes: Uint8Array, mediaType: string): boolean {
  return parseManifest(bytes, mediaType).subject !== undefined;
}

function closedError(label: string): Error {
  return abortError(new Error(`the destination ${label} was closed`), `write ${label}`);
}

/** Does the same to all items, some at the same time. After a failure nothing more is begun. */
async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const item of rest) {
      if (failed) return;
      try {
        await run(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
  const rejected = results.find((result) => result.status === "rejected");
  if (rejected !== undefined) throw rejected.reason;
}
