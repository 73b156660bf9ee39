import type { Digest } from "@drayage/digest";
import { digestBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { type Descriptor, manifestDigest } from "@drayage/manifest";
import type { FetchedManifest, RegistryClient, Repository } from "@drayage/registry-client";

interface StoredManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

interface FakeRepository {
  readonly blobs: Map<Digest, Uint8Array>;
  /** By tag and by digest. */
  readonly manifests: Map<string, StoredManifest>;
  readonly referrers: Map<Digest, readonly Descriptor[]>;
}

/** A registry in memory, which tells what it was asked and fails as it is told. */
export interface FakeRegistry {
  readonly client: RegistryClient;
  /** `HEAD blob a/b sha256:…` and the like, digests cut to six digits. */
  readonly calls: string[];
  repository(path: string): FakeRepository;
  /** Puts a blob into a repository, by the way that nobody counts. */
  addBlob(path: string, bytes: Uint8Array): Digest;
  addManifest(path: string, name: string, manifest: StoredManifest): Digest;
  /** Called before each call is answered; what it throws is the answer. */
  onCall: (call: string) => void | Promise<void>;
  /** Gives the bytes of a blob from the offset on. */
  serve: (bytes: Uint8Array, offset: number) => AsyncIterable<Uint8Array>;
  mounts: boolean;
}

export function fakeRegistry(host: string): FakeRegistry {
  const repositories = new Map<string, FakeRepository>();
  const calls: string[] = [];
  const registry: FakeRegistry = {
    calls,
    mounts: true,
    onCall: () => undefined,
    serve: async function* (bytes, offset) {
      for (let at = offset; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    },
    repository(path) {
      const found = repositories.get(path);
      if (found !== undefined) return found;
      const made = { blobs: new Map(), manifests: new Map(), referrers: new Map() };
      repositories.set(path, made);
      return made;
    },
    addBlob(path, bytes) {
      const digest = digestBytes(bytes);
      registry.repository(path).blobs.set(digest, bytes);
      return digest;
    },
    addManifest(path, name, manifest) {
      const digest = manifestDigest(manifest.bytes);
      registry.repository(path).manifests.set(name, manifest).set(digest, manifest);
      return digest;
    },
    client: {
      host,
      ping: async () => undefined,
      repository: repositoryOf,
      async *catalog() {},
      close: () => void calls.push("close"),
    },
  };

  async function called(call: string, signal: AbortSignal | undefined): Promise<void> {
    const short = call.replace(/(sha256:[0-9a-f]{6})[0-9a-f]*/g, "$1");
    calls.push(short);
    signal?.throwIfAborted();
    await registry.onCall(short);
  }

  function repositoryOf(path: string): Repository {
    const stored = registry.repository(path);
    const find = (name: string): FetchedManifest => {
      const found = stored.manifests.get(name);
      if (found === undefined) throw notFound(`${host}/${path}: no manifest ${name}`);
      return { ...found, digest: manifestDigest(found.bytes) };
    };
    return {
      path,
      async resolve(name, { signal } = {}) {
        await called(`HEAD manifest ${path} ${name}`, signal);
        const { digest, mediaType, bytes } = find(name);
        return { digest, mediaType, size: bytes.length };
      },
      async manifest(name, { signal } = {}) {
        await called(`GET manifest ${path} ${name}`, signal);
        return find(name);
      },
      async putManifest(name, bytes, { mediaType, signal }) {
        await called(`PUT manifest ${path} ${name}`, signal);
        return { digest: registry.addManifest(path, name, { bytes, mediaType }) };
      },
      async deleteManifest(digest, { signal } = {}) {
        await called(`DELETE manifest ${path} ${digest}`, signal);
        for (const [name, { bytes }] of stored.manifests) {
          if (manifestDigest(bytes) === digest) stored.manifests.delete(name);
        }
      },
      async deleteTag(tag, { signal } = {}) {
        await called(`DELETE tag ${path} ${tag}`, signal);
        stored.manifests.delete(tag);
      },
      async deleteBlob(digest, { signal } = {}) {
        await called(`DELETE blob ${path} ${digest}`, signal);
        stored.blobs.delete(digest);
      },
      async *tags({ signal } = {}) {
        await called(`GET tags ${path}`, signal);
        for (const name of stored.manifests.keys()) if (!name.includes(":")) yield name;
      },
      async referrers(subject, { signal } = {}) {
        await called(`GET referrers ${path} ${subject}`, signal);
        return stored.referrers.get(subject) ?? [];
      },
      async statBlob(digest, { signal } = {}) {
        await called(`HEAD blob ${path} ${digest}`, signal);
        const found = stored.blobs.get(digest);
        return found === undefined ? undefined : { size: found.length };
      },
      async *readBlob(digest, { offset = 0, signal } = {}) {
        await called(`GET blob ${path} ${digest}${offset === 0 ? "" : ` from ${offset}`}`, signal);
        const found = stored.blobs.get(digest);
        if (found === undefined) throw notFound(`${host}/${path}: no blob`, "ERR_DRAYAGE_BLOB_NOT_FOUND");
        yield* registry.serve(found, offset);
      },
      async mountBlob(digest, from, { signal } = {}) {
        await called(`MOUNT blob ${path} ${digest} from ${from}`, signal);
        const found = registry.repository(from).blobs.get(digest);
        if (found === undefined || !registry.mounts) return false;
        stored.blobs.set(digest, found);
        return true;
      },
      async uploadBlob(content, { signal } = {}) {
        await called(`PUT blob ${path}`, signal);
        const chunks: Uint8Array[] = [];
        const result = await content.send(async (chunk) => void chunks.push(chunk.slice()), {
          offset: 0,
          signal: signal ?? new AbortController().signal,
        });
        registry.addBlob(path, Buffer.concat(chunks));
        return result;
      },
    };
  }
  return registry;
}

function notFound(
  message: string,
  code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" | "ERR_DRAYAGE_BLOB_NOT_FOUND" = "ERR_DRAYAGE_IMAGE_NOT_FOUND",
): DrayageError {
  return new DrayageError(code, message);
}
