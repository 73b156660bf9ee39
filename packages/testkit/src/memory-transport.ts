import { DrayageError, throwIfAborted } from "@drayage/errors";
import { mediaTypes } from "@drayage/manifest";
import {
  type DestinationAccepts,
  defineTransport,
  type ImageReference,
  joinPath,
  splitPath,
  type Transport,
} from "@drayage/transport";
import { openMemoryDestination } from "./memory-destination.ts";
import { emptyPlace, type MemoryPlace, withoutGarbage } from "./memory-place.ts";
import { openMemorySource } from "./memory-source.ts";

/** `PLACE[:TAG]` */
export interface MemoryReference extends ImageReference {
  readonly place: string;
  /** `latest` where the text has none. */
  readonly tag: string;
}

/** A transport whose images live as long as it does. For tests of what copies images. */
export interface MemoryTransport
  extends Required<Omit<Transport<MemoryReference>, "aliases">>,
    Pick<Transport<MemoryReference>, "aliases"> {
  /** All that it holds, by place. Values are replaced, never changed, so that what was taken stays as it was. */
  places(): ReadonlyMap<string, MemoryPlace>;
}

export interface MemoryTransportOptions {
  /** `memory` where absent. */
  readonly scheme?: string | undefined;
  /** What its destinations take: everything, as it comes, where absent. */
  readonly accepts?: Partial<DestinationAccepts> | undefined;
  /** Whether a destination takes blobs from the transport's other places, as a registry mounts them; false where absent. */
  readonly mounts?: boolean | undefined;
}

/** An empty transport with every ability of the contract, which it keeps to the letter. */
export function memoryTransport(options: MemoryTransportOptions = {}): MemoryTransport {
  const places = new Map<string, MemoryPlace>();
  const accepts: DestinationAccepts = {
    manifestTypes: everyManifestType,
    layerCompression: "preserve",
    foreignLayerUrls: true,
    parallelBlobs: 4,
    multipleImages: true,
    ...options.accepts,
  };
  const scheme = options.scheme ?? "memory";

  function found(reference: MemoryReference): MemoryPlace {
    const place = places.get(reference.place);
    if (place?.tags.has(reference.tag) === true) return place;
    throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `there is no image ${scheme}:${reference.text}`);
  }

  const transport = defineTransport<MemoryReference>({
    scheme,
    summary: "images in the memory of this process, for tests",
    syntax: "PLACE[:TAG]",
    parse,
    async openSource(reference, { signal } = {}) {
      throwIfAborted(signal);
      return openMemorySource(reference, found(reference));
    },
    async openDestination(reference, { signal } = {}) {
      throwIfAborted(signal);
      return openMemoryDestination(reference, {
        accepts,
        place: () => places.get(reference.place) ?? emptyPlace,
        replace: (place) => places.set(reference.place, place),
        others: () =>
          options.mounts === true ? [...places].filter(([name]) => name !== reference.place) : [],
      });
    },
    async deleteImage(reference, { signal } = {}) {
      throwIfAborted(signal);
      const place = found(reference);
      const tags = new Map([...place.tags].filter(([tag]) => tag !== reference.tag));
      if (tags.size === 0) places.delete(reference.place);
      else places.set(reference.place, withoutGarbage({ ...place, tags }));
    },
    async listTags(reference, { signal } = {}) {
      throwIfAborted(signal);
      return [...(places.get(reference.place) ?? emptyPlace).tags.keys()];
    },
    async resolveImage(reference, { signal } = {}) {
      throwIfAborted(signal);
      const place = found(reference);
      const digest = place.tags.get(reference.tag);
      const manifest = digest && place.manifests.get(digest);
      if (digest === undefined || manifest === undefined)
        throw new Error(`the memory transport lost ${digest}`);
      return { mediaType: manifest.mediaType, digest, size: manifest.bytes.length };
    },
    policyScopes: ({ place, tag }) => [`${place}:${tag}`, place],
  });
  return { ...(transport as MemoryTransport), places: () => new Map(places) };
}

const everyManifestType: readonly string[] = [
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
];

function parse(text: string): MemoryReference {
  const { path, rest = "latest" } = splitPath(text);
  if (path === "" || path.includes("\0") || !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(rest)) {
    throw new DrayageError("ERR_DRAYAGE_REFERENCE_INVALID", `${JSON.stringify(text)} is no place in memory`, {
      hint: "write PLACE or PLACE:TAG",
    });
  }
  return { text: joinPath(path, rest), place: path, tag: rest };
}
