import type { Blob } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { type Descriptor, parseManifest } from "@drayage/manifest";
import type { FetchedManifest } from "@drayage/registry-client";
import type {
  BlobInfoCache,
  ImageSource,
  OperationOptions,
  RawManifest,
  SourceOptions,
} from "@drayage/transport";
import { firstAnswer } from "./attempts.ts";
import { externalReaders, readFromAny, repositoryReader } from "./blob-readers.ts";
import type { Connections } from "./connections.ts";
import { type EarlyRead, readEarly } from "./early-read.ts";
import { createPlaces, type Place, type Places } from "./places.ts";
import { type DockerImageReference, labelOf, readReference, scheme, tagOrDigest } from "./reference.ts";

export async function openSource(
  reference: DockerImageReference,
  connections: Connections,
  options: SourceOptions,
): Promise<ImageSource> {
  const { signal } = options;
  throwIfAborted(signal, `open ${labelOf(reference)}`);
  const endpoints = await connections.sources(readReference(reference), options);
  const places = createPlaces(connections, options);
  try {
    const all = endpoints.map((endpoint) => places.place(endpoint));
    const read = async (place: Place): Promise<FetchedManifest> =>
      (await place.repository()).manifest(tagOrDigest(place.reference), { signal });
    const { answer, index } = await firstAnswer(all, read, signal);
    // Who has the manifest serves the rest; those after it stand by.
    return source({ reference, top: answer, places, from: all.slice(index), cache: options.blobInfoCache });
  } catch (error) {
    places[Symbol.dispose]();
    throw error;
  }
}

interface Opened {
  readonly reference: DockerImageReference;
  readonly top: FetchedManifest;
  readonly places: Places;
  readonly from: readonly Place[];
  readonly cache: BlobInfoCache | undefined;
}

function source({ reference, top, places, from, cache }: Opened): ImageSource {
  const label = labelOf(reference);
  const reads = new Set<EarlyRead>();
  const noted = new Set<Digest>();
  let closed = false;

  function check(signal: AbortSignal | undefined): void {
    throwIfAborted(signal, `read ${label}`);
    if (closed) throw new DrayageError("ERR_DRAYAGE_USAGE", `the source ${label} is closed already`);
  }

  function note(read: FetchedManifest, place: Place | undefined): void {
    if (cache === undefined || place === undefined || noted.has(read.digest)) return;
    noted.add(read.digest);
    noteBlobs(read, place, cache);
  }

  async function manifest(instance?: Digest, { signal }: OperationOptions = {}): Promise<RawManifest> {
    check(signal);
    if (instance === undefined || instance === top.digest) {
      note(top, from[0]);
      return { bytes: top.bytes, mediaType: top.mediaType };
    }
    const read = async (place: Place): Promise<FetchedManifest> =>
      (await place.repository()).manifest(instance, { signal });
    const { answer, index } = await firstAnswer(from, read, signal);
    note(answer, from[index]);
    return { bytes: answer.bytes, mediaType: answer.mediaType };
  }

  async function blob(descriptor: Descriptor, { signal }: OperationOptions = {}): Promise<Blob> {
    check(signal);
    const { digest } = descriptor;
    const size = descriptor.size < 0 ? undefined : descriptor.size;
    const read = readFromAny([
      ...externalReaders(descriptor, places.external),
      ...from.map((place) => repositoryReader(place, digest, size)),
    ]);
    const early = await readEarly(read, signal);
    if (closed) await early.cancel();
    else reads.add(early);
    return { digest, size, what: `${digest} of ${label}`, origin: early.origin, steps: [] };
  }

  async function referrers(
    subject: Digest,
    { signal }: OperationOptions = {},
  ): Promise<readonly Descriptor[]> {
    check(signal);
    // A mirror that holds the image need not hold what was made for it later: only the registry's own "none" counts.
    const last = from.at(-1);
    const { answer } = await firstAnswer(
      from,
      async (place) => {
        const found = await (await place.repository()).referrers(subject, { signal });
        if (found.length > 0 || place === last) return found;
        throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `nothing refers to ${subject}`);
      },
      signal,
    );
    return answer;
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    const unused = [...reads];
    reads.clear();
    await Promise.all(unused.map((read) => read.cancel()));
    places[Symbol.dispose]();
  }

  return { reference, remote: true, manifest, blob, referrers, close, [Symbol.asyncDispose]: close };
}

/** Tells the cache that the registry has the blobs of an image, so that another of its repositories can take them over. */
function noteBlobs({ bytes, mediaType }: FetchedManifest, place: Place, cache: BlobInfoCache): void {
  const { domain, path } = place.reference;
  for (const { digest, urls = [] } of blobsOf(bytes, mediaType)) {
    if (urls.length === 0) cache.recordLocation(digest, { transport: scheme, scope: domain, location: path });
  }
}

function blobsOf(bytes: Uint8Array, mediaType: string): readonly Descriptor[] {
  try {
    const parsed = parseManifest(bytes, mediaType);
    if (parsed.kind === "index") return [];
    return parsed.config === undefined ? parsed.layers : [parsed.config, ...parsed.layers];
  } catch (error) {
    // Whoever reads the manifest is told what is wrong with it.
    if (isDrayageError(error)) return [];
    throw error;
  }
}
