import { type Blob, streamBlob } from "@drayage/blob";
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
    const { answer, place, index } = await firstAnswer(all, read, signal);
    // Who has the manifest serves the rest; those after it stand by.
    const from = all.slice(index);
    return source({ reference, top: answer, places, serving: place, from, cache: options.blobInfoCache });
  } catch (error) {
    places[Symbol.dispose]();
    throw error;
  }
}

interface Opened {
  readonly reference: DockerImageReference;
  readonly top: FetchedManifest;
  readonly places: Places;
  /** Where the manifest is from. */
  readonly serving: Place;
  /** That place, and those that are asked where it fails. */
  readonly from: readonly Place[];
  readonly cache: BlobInfoCache | undefined;
}

function source({ reference, top, places, serving, from, cache }: Opened): ImageSource {
  const label = labelOf(reference);
  /** Manifests that were read. */
  const known = new Set<Digest>();
  /** What they name. */
  const named = new Set<Digest>();
  let closed = false;

  function check(signal: AbortSignal | undefined): void {
    throwIfAborted(signal, `read ${label}`);
    if (closed) throw new DrayageError("ERR_DRAYAGE_USAGE", `the source ${label} is closed already`);
  }

  function note(manifest: FetchedManifest, { reference: { domain, path } }: Place): void {
    if (known.has(manifest.digest)) return;
    known.add(manifest.digest);
    for (const { digest, urls = [] } of blobsOf(manifest)) {
      named.add(digest);
      // So that another repository of the registry can take it over.
      if (urls.length === 0)
        cache?.recordLocation(digest, { transport: scheme, scope: domain, location: path });
    }
  }

  async function manifest(instance?: Digest, { signal }: OperationOptions = {}): Promise<RawManifest> {
    check(signal);
    if (instance === undefined || instance === top.digest) {
      note(top, serving);
      return { bytes: top.bytes, mediaType: top.mediaType };
    }
    const read = async (place: Place): Promise<FetchedManifest> =>
      (await place.repository()).manifest(instance, { signal });
    const { answer, place } = await firstAnswer(from, read, signal);
    note(answer, place);
    return { bytes: answer.bytes, mediaType: answer.mediaType };
  }

  async function blob(descriptor: Descriptor, { signal }: OperationOptions = {}): Promise<Blob> {
    check(signal);
    const { digest, urls = [] } = descriptor;
    const size = descriptor.size < 0 ? undefined : descriptor.size;
    note(top, serving);
    // Registries take no manifest whose blobs they lack. Should one have lost any, that shows when they are read.
    if (!named.has(digest) && urls.length === 0) await findBlob(digest, signal);
    const read = readFromAny([
      ...externalReaders(descriptor, places.external),
      ...from.map((place) => repositoryReader(place, digest, size)),
    ]);
    return streamBlob(
      ({ offset = 0, signal: reading, borrow }) => read({ offset, signal: reading, borrow }),
      {
        digest,
        size,
        resumable: true,
        borrows: true,
        what: `${digest} of ${label}`,
      },
    );
  }

  async function findBlob(digest: Digest, signal: AbortSignal | undefined): Promise<void> {
    const ask = async (place: Place): Promise<void> => {
      const found = await (await place.repository()).statBlob(digest, { signal });
      if (found !== undefined) return;
      throw new DrayageError(
        "ERR_DRAYAGE_BLOB_NOT_FOUND",
        `${place.name}: the repository has no blob ${digest}`,
      );
    };
    await firstAnswer(from, ask, signal);
  }

  async function referrers(
    subject: Digest,
    { signal }: OperationOptions = {},
  ): Promise<readonly Descriptor[]> {
    check(signal);
    // A mirror that holds the image need not hold what was made for it later: only the registry's own "none" counts.
    const last = from.at(-1);
    const ask = async (place: Place): Promise<readonly Descriptor[]> => {
      const found = await (await place.repository()).referrers(subject, { signal });
      if (found.length > 0 || place === last) return found;
      throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `nothing refers to ${subject}`);
    };
    return (await firstAnswer(from, ask, signal)).answer;
  }

  async function close(): Promise<void> {
    closed = true;
    places[Symbol.dispose]();
  }

  return { reference, manifest, blob, referrers, close, [Symbol.asyncDispose]: close };
}

/** Config and layers, where it is an image's manifest. */
function blobsOf({ bytes, mediaType }: RawManifest): readonly Descriptor[] {
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
