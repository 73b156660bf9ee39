import { type Blob, bytesBlob, type DrainResult, drain, streamBlob } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import { guessMediaType, manifestDigest } from "@drayage/manifest";
import type { DockerReference } from "@drayage/reference";
import type {
  DestinationAccepts,
  ImageDestination,
  ImageReference,
  ImageSource,
  RawManifest,
  Signature,
} from "@drayage/transport";

/** An image's place in memory: what a test puts in, and what a copy has committed. */
export interface MemoryStore {
  readonly blobs: Map<Digest, Uint8Array>;
  readonly manifests: Map<Digest, RawManifest>;
  readonly signatures: Map<Digest, readonly Signature[]>;
  root: Digest | undefined;
}

export function memoryStore(): MemoryStore {
  return { blobs: new Map(), manifests: new Map(), signatures: new Map(), root: undefined };
}

/** Everything in a store, to compare. */
export function snapshot(store: MemoryStore): unknown {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const sorted = <V>(map: ReadonlyMap<Digest, V>, show: (value: V) => unknown): unknown =>
    Object.fromEntries([...map.keys()].toSorted().map((digest) => [digest, show(map.get(digest) as V)]));
  return {
    root: store.root,
    blobs: sorted(store.blobs, hex),
    manifests: sorted(store.manifests, ({ bytes, mediaType }) => [mediaType, hex(bytes)]),
    signatures: sorted(store.signatures, (list) => list.length),
  };
}

export interface MemorySourceOptions {
  /** Blobs come as streams of chunks of this size, as from a registry; from memory where absent. */
  readonly chunk?: number | undefined;
  readonly dockerReference?: DockerReference | undefined;
  /** Called before each chunk of a stream; may throw. */
  readonly onChunk?: ((digest: Digest, offset: number) => void | Promise<void>) | undefined;
}

export interface MemorySource extends ImageSource {
  readonly calls: string[];
  /** How many streams are open now. */
  readonly open: { count: number };
}

export function memorySource(store: MemoryStore, options: MemorySourceOptions = {}): MemorySource {
  const calls: string[] = [];
  const open = { count: 0 };
  const reference: ImageReference = { text: "source", dockerReference: options.dockerReference };
  const source: MemorySource = {
    calls,
    open,
    reference,
    async manifest(instance, { signal } = {}) {
      throwIfAborted(signal);
      calls.push(`manifest ${instance ?? "root"}`);
      const digest = instance ?? store.root;
      const found = digest === undefined ? undefined : store.manifests.get(digest);
      if (found === undefined)
        throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `there is no ${digest ?? "image"}`);
      return found;
    },
    async blob(descriptor, { signal } = {}) {
      throwIfAborted(signal);
      calls.push(`blob ${descriptor.digest}`);
      const bytes = store.blobs.get(descriptor.digest);
      if (bytes === undefined)
        throw new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `there is no ${descriptor.digest}`);
      const facts = { digest: descriptor.digest, size: descriptor.size < 0 ? undefined : descriptor.size };
      if (options.chunk === undefined) return bytesBlob(bytes, facts);
      return streamBlob(() => chunksOf(bytes, descriptor.digest), facts);
    },
    async signatures(instance) {
      calls.push(`signatures ${instance ?? "root"}`);
      const digest = instance ?? store.root;
      return digest === undefined ? [] : (store.signatures.get(digest) ?? []);
    },
    async close() {
      calls.push("close");
    },
    [Symbol.asyncDispose]: () => source.close(),
  };

  async function* chunksOf(bytes: Uint8Array, digest: Digest): AsyncGenerator<Uint8Array, void, undefined> {
    const { chunk = bytes.length } = options;
    open.count += 1;
    try {
      for (let offset = 0; offset < bytes.length; offset += chunk) {
        await options.onChunk?.(digest, offset);
        await new Promise<void>((resolve) => setImmediate(resolve));
        yield bytes.subarray(offset, offset + chunk);
      }
    } finally {
      open.count -= 1;
    }
  }
  return source;
}

export interface MemoryDestinationOptions {
  readonly accepts?: Partial<DestinationAccepts> | undefined;
  readonly dockerReference?: DockerReference | undefined;
  /** Types that are announced as taken and then rejected, as old registries do. */
  readonly rejects?: readonly string[] | undefined;
  readonly withSignatures?: boolean | undefined;
  /** Left out: a destination that can reuse nothing. */
  readonly withReuse?: boolean | undefined;
  /** Called before each call; may throw. */
  readonly onCall?: ((call: string) => void | Promise<void>) | undefined;
}

export interface MemoryDestination extends ImageDestination {
  readonly calls: string[];
  /** How many calls to putBlob run now, and the most that ever did. */
  readonly puts: { now: number; most: number };
}

export function memoryDestination(
  store: MemoryStore,
  options: MemoryDestinationOptions = {},
): MemoryDestination {
  const staged = memoryStore();
  const calls: string[] = [];
  const puts = { now: 0, most: 0 };
  const called = async (call: string, signal?: AbortSignal): Promise<void> => {
    calls.push(call);
    throwIfAborted(signal);
    await options.onCall?.(call);
  };
  const has = (digest: Digest): Uint8Array | undefined => staged.blobs.get(digest) ?? store.blobs.get(digest);

  async function put(
    blob: Blob,
    signal: AbortSignal | undefined,
    onBytes?: (total: number) => void,
  ): Promise<DrainResult> {
    const chunks: Uint8Array[] = [];
    const write = (chunk: Uint8Array): void => {
      chunks.push(chunk.slice());
    };
    const result = await drain(blob, { kind: "writer", write }, { signal, onBytes });
    staged.blobs.set(result.digest, Buffer.concat(chunks));
    return result;
  }

  const destination: MemoryDestination = {
    calls,
    puts,
    reference: { text: "destination", dockerReference: options.dockerReference },
    accepts: {
      manifestTypes: [],
      layerCompression: "preserve",
      foreignLayerUrls: false,
      parallelBlobs: 8,
      multipleImages: true,
      ...options.accepts,
    },
    async putBlob(blob, { kind, signal, onBytes }) {
      await called(`putBlob ${kind} ${blob.digest ?? "unknown"}`, signal);
      puts.now += 1;
      puts.most = Math.max(puts.most, puts.now);
      try {
        return await put(blob, signal, onBytes);
      } finally {
        puts.now -= 1;
      }
    },
    async putManifest(bytes, { mediaType, instance, signal }) {
      await called(`putManifest ${mediaType} ${instance ?? "root"}`, signal);
      if (options.rejects?.includes(mediaType) === true) {
        throw new DrayageError("ERR_DRAYAGE_MANIFEST_UNSUPPORTED", `${mediaType} is not taken`);
      }
      if (guessMediaType(bytes) !== mediaType)
        throw new Error(`${mediaType} is said of ${guessMediaType(bytes)}`);
      const digest = instance ?? manifestDigest(bytes);
      staged.manifests.set(digest, { bytes, mediaType });
      if (instance === undefined) staged.root = digest;
    },
    async commit({ signal } = {}) {
      await called("commit", signal);
      if (staged.root === undefined) throw new Error("commit without a manifest");
      for (const [digest, bytes] of staged.blobs) store.blobs.set(digest, bytes);
      for (const [digest, manifest] of staged.manifests) store.manifests.set(digest, manifest);
      for (const [digest, signatures] of staged.signatures) store.signatures.set(digest, signatures);
      store.root = staged.root;
    },
    async close() {
      calls.push("close");
    },
    [Symbol.asyncDispose]: () => destination.close(),
  };
  if (options.withReuse !== false) {
    destination.reuseBlob = async ({ digest }, { kind, signal }) => {
      await called(`reuseBlob ${kind} ${digest}`, signal);
      const bytes = has(digest);
      return bytes === undefined ? undefined : { size: bytes.length };
    };
  }
  if (options.withSignatures === true) {
    destination.putSignatures = async (signatures, instance, { signal } = {}) => {
      await called(`putSignatures ${instance ?? "root"}`, signal);
      const digest = instance ?? staged.root;
      if (digest === undefined) throw new Error("signatures without a manifest");
      staged.signatures.set(digest, signatures);
    };
  }
  return destination;
}
