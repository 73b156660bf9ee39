import { bytesBlob, drain } from "@drayage/blob";
import { type Digest, digestBytes } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import { manifestDigest, mediaTypes } from "@drayage/manifest";
import { type DockerReference, parseNormalizedNamed } from "@drayage/reference";
import type { SampleImage, SampleIndex } from "@drayage/testkit";
import {
  defineTransport,
  describeReferrer,
  type ImageReference,
  type RawManifest,
  type Transport,
} from "@drayage/transport";

interface Repository {
  readonly tags: Map<string, Digest>;
  readonly manifests: Map<Digest, RawManifest>;
  readonly blobs: Map<Digest, Uint8Array>;
}

interface Reference extends ImageReference {
  readonly dockerReference: DockerReference;
}

/** A registry in memory that is reached as `docker://`, and counts what it is asked for. */
export interface MemoryRegistry {
  readonly transport: Transport<Reference>;
  /** By full name: `registry.test/app`. */
  readonly repositories: Map<string, Repository>;
  readonly counts: {
    lists: number;
    resolves: number;
    manifestsRead: number;
    blobsRead: number;
    blobsPut: number;
    bytesPut: number;
    mounts: number;
    commits: number;
    /** How many blobs and images were being written at once at most. */
    mostBlobs: number;
    mostImages: number;
  };
  /** Every blob that was put, as `repository digest`. */
  readonly puts: string[];
  /** May be set by a test: called before each thing that is done, and may throw or wait. */
  onCall: (what: string, name: string) => void | Promise<void>;
  put(name: string, image: SampleImage | SampleIndex): void;
  putManifest(name: string, manifest: object): Digest;
  tags(repository: string): readonly string[];
  digestOf(name: string): Digest | undefined;
}

export interface MemoryRegistryOptions {
  /** Whether a tag can be deleted alone; true where absent. */
  readonly deletesTags?: boolean;
  /** Whether blobs are taken over from the registry's other repositories; true where absent. */
  readonly mounts?: boolean;
}

export function memoryRegistry({
  deletesTags = true,
  mounts = true,
}: MemoryRegistryOptions = {}): MemoryRegistry {
  const repositories = new Map<string, Repository>();
  const counts = {
    lists: 0,
    resolves: 0,
    manifestsRead: 0,
    blobsRead: 0,
    blobsPut: 0,
    bytesPut: 0,
    mounts: 0,
    commits: 0,
    mostBlobs: 0,
    mostImages: 0,
  };
  const puts: string[] = [];
  let blobsNow = 0;
  let imagesNow = 0;

  const repositoryOf = (name: string): Repository => {
    const known = repositories.get(name) ?? { tags: new Map(), manifests: new Map(), blobs: new Map() };
    repositories.set(name, known);
    return known;
  };
  const find = ({ name, tag, digest }: DockerReference): [Digest, RawManifest] => {
    const repository = repositories.get(name);
    const wanted = digest ?? repository?.tags.get(tag ?? "latest");
    const manifest = wanted && repository?.manifests.get(wanted);
    if (wanted !== undefined && manifest !== undefined) return [wanted, manifest];
    throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `no image ${name}:${tag ?? digest}`);
  };

  const transport = defineTransport<Reference>({
    scheme: "docker",
    summary: "a registry in memory",
    syntax: "//NAME[:TAG][@DIGEST]",
    parse: (text) => ({ text, dockerReference: parseNormalizedNamed(text.slice(2)) }),
    async openSource({ text, dockerReference }, { signal } = {}) {
      throwIfAborted(signal);
      await registry.onCall("open", text);
      const [top] = find(dockerReference);
      const repository = repositoryOf(dockerReference.name);
      const close = async (): Promise<void> => undefined;
      return {
        reference: { text, dockerReference },
        async manifest(instance = top, options = {}) {
          throwIfAborted(options.signal);
          counts.manifestsRead += 1;
          const manifest = repository.manifests.get(instance);
          if (manifest !== undefined) return manifest;
          throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `no manifest ${instance}`);
        },
        async blob({ digest, size }, options = {}) {
          throwIfAborted(options.signal);
          counts.blobsRead += 1;
          await registry.onCall("blob", `${text} ${digest}`);
          const bytes = repository.blobs.get(digest);
          if (bytes !== undefined) return bytesBlob(bytes, { digest, size });
          throw new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `no blob ${digest}`);
        },
        referrers: async (subject) =>
          [...repository.manifests.values()].flatMap((manifest) => describeReferrer(manifest, subject) ?? []),
        close,
        [Symbol.asyncDispose]: close,
      };
    },
    async openDestination({ text, dockerReference }, { signal } = {}) {
      throwIfAborted(signal);
      await registry.onCall("write", text);
      const { name, tag, digest: named } = dockerReference;
      const repository = repositoryOf(name);
      let top: Digest | undefined;
      let isOpen = true;
      imagesNow += 1;
      counts.mostImages = Math.max(counts.mostImages, imagesNow);
      const close = async (): Promise<void> => {
        if (isOpen) imagesNow -= 1;
        isOpen = false;
      };
      return {
        reference: { text, dockerReference },
        accepts: {
          manifestTypes: Object.values(mediaTypes).filter((type) => /manifest|index/.test(type)),
          layerCompression: "preserve",
          foreignLayerUrls: true,
          parallelBlobs: 6,
          multipleImages: true,
        },
        async reuseBlob({ digest }, { lookOnly }) {
          const own = repository.blobs.get(digest);
          if (own !== undefined) return { size: own.length };
          if (!mounts) return undefined;
          for (const other of repositories.values()) {
            const bytes = other.blobs.get(digest);
            if (bytes === undefined) continue;
            if (lookOnly === true) return { size: bytes.length, from: "another repository" };
            counts.mounts += 1;
            repository.blobs.set(digest, bytes);
            return { size: bytes.length };
          }
          return undefined;
        },
        async putBlob(blob, options) {
          blobsNow += 1;
          counts.mostBlobs = Math.max(counts.mostBlobs, blobsNow);
          try {
            await registry.onCall("put", `${text} ${blob.digest}`);
            throwIfAborted(options.signal);
            const chunks: Uint8Array[] = [];
            const write = (chunk: Uint8Array): void => void chunks.push(chunk.slice());
            const result = await drain(blob, { kind: "writer", write }, options);
            repository.blobs.set(result.digest, Buffer.concat(chunks));
            counts.blobsPut += 1;
            counts.bytesPut += result.size;
            puts.push(`${name} ${result.digest}`);
            return result;
          } finally {
            blobsNow -= 1;
          }
        },
        async putManifest(bytes, { mediaType, instance }) {
          const digest = instance ?? manifestDigest(bytes);
          repository.manifests.set(digest, { bytes: bytes.slice(), mediaType });
          if (instance === undefined) top = digest;
        },
        async commit() {
          if (top === undefined) throw new DrayageError("ERR_DRAYAGE_USAGE", "no manifest");
          if (named !== undefined && named !== top)
            throw new DrayageError("ERR_DRAYAGE_DIGEST_MISMATCH", "another digest");
          if (tag !== undefined || named === undefined) repository.tags.set(tag ?? "latest", top);
          counts.commits += 1;
        },
        close,
        [Symbol.asyncDispose]: close,
      };
    },
    async deleteImage({ text, dockerReference }, { tagOnly } = {}) {
      await registry.onCall("delete", text);
      const { name, tag } = dockerReference;
      const [digest] = find(dockerReference);
      const repository = repositoryOf(name);
      if (tagOnly === true) {
        if (!deletesTags)
          throw new DrayageError("ERR_DRAYAGE_REGISTRY_UNSUPPORTED", "only manifests are deleted");
        repository.tags.delete(tag ?? "latest");
        return;
      }
      repository.manifests.delete(digest);
      for (const [other, named] of repository.tags) if (named === digest) repository.tags.delete(other);
    },
    async listTags({ text, dockerReference }) {
      counts.lists += 1;
      await registry.onCall("list", text);
      const repository = repositories.get(dockerReference.name);
      if (repository !== undefined) return [...repository.tags.keys()];
      throw new DrayageError("ERR_DRAYAGE_REPOSITORY_NOT_FOUND", `no repository ${dockerReference.name}`);
    },
    async resolveImage({ text, dockerReference }) {
      counts.resolves += 1;
      await registry.onCall("resolve", text);
      const [digest, { bytes, mediaType }] = find(dockerReference);
      return { digest, mediaType, size: bytes.length };
    },
  });

  const store = (repository: Repository, { bytes, mediaType }: RawManifest): Digest => {
    const digest = digestBytes(bytes);
    repository.manifests.set(digest, { bytes, mediaType });
    return digest;
  };
  const put = (name: string, image: SampleImage | SampleIndex): void => {
    const reference = parseNormalizedNamed(name);
    const repository = repositoryOf(reference.name);
    for (const { config, layers, manifest } of image.kind === "index" ? image.images : [image]) {
      for (const { bytes, descriptor } of [config, ...layers]) repository.blobs.set(descriptor.digest, bytes);
      store(repository, manifest);
    }
    repository.tags.set(reference.tag ?? "latest", store(repository, image.manifest));
  };
  const registry: MemoryRegistry = {
    transport,
    repositories,
    counts,
    puts,
    onCall: () => undefined,
    put,
    putManifest(name, manifest) {
      const reference = parseNormalizedNamed(name);
      const repository = repositoryOf(reference.name);
      const bytes = new TextEncoder().encode(JSON.stringify(manifest));
      const { mediaType } = manifest as { readonly mediaType: string };
      const digest = store(repository, { bytes, mediaType });
      if (reference.tag !== undefined) repository.tags.set(reference.tag, digest);
      return digest;
    },
    tags: (name) => [...(repositories.get(name)?.tags.keys() ?? [])].toSorted(),
    digestOf(name) {
      const reference = parseNormalizedNamed(name);
      return repositories.get(reference.name)?.tags.get(reference.tag ?? "latest");
    },
  };
  return registry;
}
