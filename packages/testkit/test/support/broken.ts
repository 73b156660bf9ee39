import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Blob, bytesBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import type { ImageDestination, ImageSource, Transport } from "@drayage/transport";
import type { ConformanceCase, MemoryTransport } from "../../src/index.ts";

/** A transport that breaks one rule of the contract, and the case, at least, that must find it out. */
export interface Broken {
  readonly what: string;
  readonly found: ConformanceCase;
  spoil(memory: MemoryTransport): Transport;
}

type Change<T> = (original: T, memory: MemoryTransport) => Partial<T>;

function source(what: string, found: ConformanceCase, change: Change<ImageSource>): Broken {
  return {
    what,
    found,
    spoil: (memory) => ({
      ...(memory as Transport),
      async openSource(reference, options) {
        const original = await memory.openSource(memory.parse(reference.text), options);
        return { ...original, ...change(original, memory) };
      },
    }),
  };
}

function destination(what: string, found: ConformanceCase, change: Change<ImageDestination>): Broken {
  return {
    what,
    found,
    spoil: (memory) => ({
      ...(memory as Transport),
      async openDestination(reference, options) {
        const original = await memory.openDestination(memory.parse(reference.text), options);
        return { ...original, ...change(original, memory) };
      },
    }),
  };
}

function transport(
  what: string,
  found: ConformanceCase,
  change: (memory: MemoryTransport) => Partial<Transport>,
): Broken {
  return { what, found, spoil: (memory) => ({ ...(memory as Transport), ...change(memory) }) };
}

function rewritten(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  return new TextEncoder().encode(JSON.stringify(JSON.parse(text)));
}

/** The blob with nothing known of it, so that nothing is verified. */
function unverified({ origin, steps }: Blob): Blob {
  return { origin, steps: steps.filter((step) => step.do !== "verify") };
}

let stray = 0;

export const brokenTransports: readonly Broken[] = [
  transport("says another version of the contract", "has the brand, the version and a scheme", () => ({
    apiVersion: 2 as 1,
  })),
  transport(
    "writes references that do not parse again",
    "parses references and writes them so that they parse again",
    (memory) => ({
      parse: (text) => ({ ...memory.parse(text), text: `${text}!` }),
    }),
  ),
  transport("takes any text for a reference", "refuses what is no reference", (memory) => ({
    parse: (text) => ({ ...memory.parse(/^[a-z0-9-]+$/.test(text) ? text : "x"), text }),
  })),
  transport("refuses with an error of its own", "refuses what is no reference", (memory) => ({
    parse(text) {
      if (text.includes("\0")) throw new TypeError("no reference");
      return memory.parse(text);
    },
  })),
  transport("opens a source of nothing", "says that an image is not there", (memory) => ({
    async openSource(reference) {
      try {
        return await memory.openSource(memory.parse(reference.text));
      } catch (error) {
        const close = async (): Promise<void> => undefined;
        const fail = (): Promise<never> => Promise.reject(error);
        return { reference, manifest: fail, blob: fail, close, [Symbol.asyncDispose]: close };
      }
    },
  })),
  transport(
    "ignores an aborted signal when it opens a source",
    "reads nothing once the signal is aborted",
    (memory) => ({
      openSource: (reference) => memory.openSource(memory.parse(reference.text)),
    }),
  ),
  source("finds every blob", "says that a blob is not there", (original) => ({
    blob: async (descriptor) => original.blob(descriptor).catch(() => bytesBlob(new Uint8Array())),
  })),
  source(
    "says with an error of its own that a blob is not there",
    "says that a blob is not there",
    (original) => ({
      blob: (descriptor) => original.blob(descriptor).catch(() => Promise.reject(new Error("no such blob"))),
    }),
  ),
  source(
    "gives blobs that nothing is known of",
    "gives blobs that are verified by what the descriptor says",
    (original) => ({
      blob: async (descriptor) => unverified(await original.blob(descriptor)),
    }),
  ),
  source("gives damaged blobs", "reads an image whose digests all hold", (original) => ({
    async blob(descriptor) {
      const { origin, ...rest } = await original.blob(descriptor);
      if (origin.kind !== "bytes" || origin.bytes.length === 0) return { origin, ...rest };
      const bytes = origin.bytes.slice();
      bytes[0] = ~(bytes[0] ?? 0);
      return { ...rest, origin: { kind: "bytes", bytes } };
    },
  })),
  source("reads another manifest each time", "reads the same bytes each time", (original) => {
    let times = 0;
    return {
      async manifest(instance, options) {
        const { bytes, mediaType } = await original.manifest(instance, options);
        const text = new TextDecoder().decode(bytes);
        return { bytes: new TextEncoder().encode(text + " ".repeat(times++)), mediaType };
      },
    };
  }),
  source(
    "gives the index for each of its members",
    "keeps an OCI index of two platforms byte for byte",
    (original) => ({
      manifest: (_, options) => original.manifest(undefined, options),
    }),
  ),
  source("writes manifests anew", "keeps an OCI image byte for byte", (original) => ({
    async manifest(instance, options) {
      const { bytes, mediaType } = await original.manifest(instance, options);
      return { bytes: rewritten(bytes), mediaType };
    },
  })),
  source("calls every manifest OCI's", "keeps a docker image byte for byte", (original) => ({
    async manifest(instance, options) {
      const { bytes } = await original.manifest(instance, options);
      return { bytes, mediaType: "application/vnd.oci.image.manifest.v1+json" };
    },
  })),
  source("cannot be closed twice", "takes a source being closed twice", (original) => {
    let closed = false;
    return {
      async close() {
        if (closed) throw new Error("closed already");
        closed = true;
        await original.close();
      },
    };
  }),
  {
    what: "leaves a file open",
    found: "reads an image whose digests all hold",
    spoil: (memory) => ({
      ...(memory as Transport),
      openSource(reference, options) {
        const folder = mkdtempSync(join(tmpdir(), "drayage-"));
        openSync(join(folder, `stray-${stray++}`), "w");
        rmSync(folder, { recursive: true });
        return memory.openSource(memory.parse(reference.text), options);
      },
    }),
  },
  destination("writes configs anew", "keeps an OCI image byte for byte", (original) => ({
    async putBlob(blob, options) {
      if (options.kind !== "config" || blob.origin.kind !== "bytes") return original.putBlob(blob, options);
      return original.putBlob(bytesBlob(rewritten(blob.origin.bytes)), options);
    },
  })),
  destination(
    "keeps the members of an index under no name",
    "keeps a docker manifest list of two platforms byte for byte",
    (original) => ({
      async putManifest(bytes, options) {
        if (options.instance === undefined) await original.putManifest(bytes, options);
      },
    }),
  ),
  destination("wants a layer", "keeps an image without layers", (original) => {
    let layers = 0;
    return {
      putBlob(blob, options) {
        if (options.kind === "layer") layers++;
        return original.putBlob(blob, options);
      },
      commit: async (options) =>
        layers === 0 ? Promise.reject(new Error("no layers")) : original.commit(options),
    };
  }),
  destination("takes each layer once only", "keeps an image that has the same layer twice", (original) => {
    const seen = new Set<unknown>();
    return {
      async putBlob(blob, options) {
        if (seen.has(blob.digest)) throw new Error("there is one already");
        seen.add(blob.digest);
        return original.putBlob(blob, options);
      },
    };
  }),
  destination("takes no small layers", "keeps an empty layer", (original) => ({
    putBlob: (blob, options) =>
      options.kind === "layer" && (blob.size ?? 999) < 200
        ? Promise.reject(new Error("too small"))
        : original.putBlob(blob, options),
  })),
  destination("takes no large layers", "keeps layers of many chunks", (original) => ({
    putBlob: (blob, options) =>
      (blob.size ?? 0) > 300_000 ? Promise.reject(new Error("too large")) : original.putBlob(blob, options),
  })),
  destination("wants layers before the config", "takes the config before the layers", (original) => {
    let configured = false;
    return {
      async putBlob(blob, options) {
        if (options.kind === "layer" && configured) throw new Error("too late");
        configured = options.kind === "config";
        return original.putBlob(blob, options);
      },
    };
  }),
  destination("takes bytes in memory only", "takes blobs that arrive in a stream", (original) => ({
    putBlob: (blob, options) =>
      blob.origin.kind === "stream" && blob.digest !== undefined
        ? Promise.reject(new Error("no stream"))
        : original.putBlob(blob, options),
  })),
  destination(
    "needs a blob's digest",
    "takes blobs whose digest and size nobody knows beforehand",
    (original) => ({
      putBlob: (blob, options) =>
        blob.digest === undefined ? Promise.reject(new Error("no digest")) : original.putBlob(blob, options),
    }),
  ),
  destination("says another digest than it stored", "says what it stored", (original) => ({
    async putBlob(blob, options) {
      const result = await original.putBlob(blob, options);
      return { ...result, digest: digestBytes(new Uint8Array()) };
    },
  })),
  destination("tells nothing of its progress", "tells how much of a blob was read", (original) => ({
    putBlob: (blob, { onBytes, ...options }) => original.putBlob(blob, options),
  })),
  destination(
    "takes every type of manifest, whatever it lists",
    "refuses types of manifests that it does not list",
    () => ({
      putManifest: async () => undefined,
    }),
  ),
  transport(
    "takes manifests of any size",
    "refuses a manifest of more than 4 MiB when it is written or read",
    (memory) => {
      let large: Uint8Array | undefined;
      return {
        async openDestination(reference, options) {
          const original = await memory.openDestination(memory.parse(reference.text), options);
          return {
            ...original,
            async putManifest(bytes, given) {
              if (bytes.length > 4 * 1024 * 1024) large = bytes;
              await original.putManifest(large === undefined ? bytes : new TextEncoder().encode("{}"), given);
            },
          };
        },
        async openSource(reference, options) {
          const original = await memory.openSource(memory.parse(reference.text), options);
          if (large === undefined) return original;
          const bytes = large;
          return { ...original, manifest: async () => ({ bytes, mediaType: "" }) };
        },
      };
    },
  ),
  destination(
    "takes one blob after the other, but says four",
    "takes as many blobs at a time as it says",
    (original) => {
      let last: Promise<unknown> = Promise.resolve();
      return {
        putBlob(blob, options) {
          const result = last.then(() => original.putBlob(blob, options));
          last = result.catch(() => undefined);
          return result;
        },
      };
    },
  ),
  destination("loses signatures", "keeps signatures", () => ({ putSignatures: async () => undefined })),
  destination(
    "commits when it is closed",
    "leaves an empty place as it was when it is closed without a commit",
    (original) => ({
      async close() {
        await original.commit().catch(() => undefined);
        await original.close();
      },
    }),
  ),
  destination("commits when it has the manifest", "shows nothing before the commit", (original) => ({
    async putManifest(bytes, options) {
      await original.putManifest(bytes, options);
      if (options.instance === undefined) await original.commit();
    },
    commit: async () => undefined,
  })),
  {
    what: "empties the place when it opens it",
    found: "leaves the earlier image as it was when it is closed without a commit",
    spoil: (memory) => ({
      ...(memory as Transport),
      async openDestination(reference, options) {
        const own = memory.parse(reference.text);
        const original = await memory.openDestination(own, options);
        await memory.deleteImage(own).catch(() => undefined);
        return original;
      },
    }),
  },
  destination("verifies nothing", "takes no blob that hashes to something else", (original) => ({
    putBlob: (blob, options) => original.putBlob(unverified(blob), options),
  })),
  destination("verifies no config", "takes no config that hashes to something else", (original) => ({
    putBlob: (blob, options) =>
      original.putBlob(options.kind === "config" ? unverified(blob) : blob, options),
  })),
  destination(
    "stops reading at the size that was said",
    "takes no blob that is longer than was said",
    (original) => ({
      async putBlob(blob, options) {
        const { origin, size = Number.POSITIVE_INFINITY } = blob;
        if (origin.kind !== "stream") return original.putBlob(blob, options);
        async function* cut(): AsyncGenerator<Uint8Array> {
          let left = size;
          if (origin.kind !== "stream") return;
          for await (const chunk of await origin.open({})) {
            yield chunk.subarray(0, left);
            left -= Math.min(left, chunk.length);
          }
        }
        return original.putBlob({ ...blob, origin: { kind: "stream", open: cut } }, options);
      },
    }),
  ),
  destination(
    "takes a stream's end for the blob's",
    "takes no blob that is shorter than was said",
    (original) => ({
      putBlob: (blob, options) => original.putBlob(unverified(blob), options),
    }),
  ),
  destination("takes a broken stream for an ended one", "takes no blob whose stream breaks", (original) => ({
    async putBlob(blob, options) {
      const { origin } = blob;
      if (origin.kind !== "stream") return original.putBlob(blob, options);
      async function* tolerant(): AsyncGenerator<Uint8Array> {
        try {
          if (origin.kind === "stream") yield* await origin.open({});
        } catch {
          // as if it had ended
        }
      }
      return original.putBlob(unverified({ ...blob, origin: { kind: "stream", open: tolerant } }), options);
    },
  })),
  destination(
    "ignores the signal of a blob",
    "stops in the midst of a blob when the signal is aborted",
    (original) => ({
      putBlob: (blob, { signal, ...options }) => original.putBlob(blob, options),
    }),
  ),
  transport(
    "ignores an aborted signal when it opens a destination",
    "stops before it begins when the signal is aborted",
    (memory) => ({
      openDestination: (reference) => memory.openDestination(memory.parse(reference.text)),
    }),
  ),
  destination("cannot be closed twice", "takes a destination being closed twice", (original) => {
    let closed = false;
    return {
      async close() {
        if (closed) throw new Error("closed already");
        closed = true;
        await original.close();
      },
    };
  }),
  transport(
    "replaces nothing, but says so",
    "treats a second image at the same reference as it says",
    (memory) => ({
      async openDestination(reference, options) {
        const own = memory.parse(reference.text);
        const original = await memory.openDestination(own, options);
        return {
          ...original,
          async commit() {
            const exists = memory.places().has(own.place);
            if (!exists) await original.commit();
          },
        };
      },
    }),
  ),
  transport(
    "lets the first of two writers win",
    "lets the last of two writers win, with its image whole",
    (memory) => ({
      async openDestination(reference, options) {
        const own = memory.parse(reference.text);
        const original = await memory.openDestination(own, options);
        const before = memory.places().get(own.place);
        return {
          ...original,
          async commit() {
            await setTimeout(0);
            if (memory.places().get(own.place) === before) await original.commit();
          },
        };
      },
    }),
  ),
  destination("says that it has every blob", "reuses the blobs that it has, and no others", () => ({
    reuseBlob: async ({ size }) => ({ size }),
  })),
  destination("never has a blob", "reuses the blobs that it has, and no others", () => ({
    reuseBlob: async () => undefined,
  })),
  transport(
    "resolves every image to an empty one",
    "resolves an image to what its manifest is",
    (memory) => ({
      async resolveImage(reference, options) {
        const { mediaType } = await memory.resolveImage(memory.parse(reference.text), options);
        return { mediaType, digest: digestBytes(new Uint8Array()), size: 0 };
      },
    }),
  ),
  transport(
    "ignores an aborted signal when it resolves an image",
    "resolves an image to what its manifest is",
    (memory) => ({ resolveImage: (reference) => memory.resolveImage(memory.parse(reference.text)) }),
  ),
  transport("resolves what is not there", "says that an image to resolve is not there", (memory) => ({
    async resolveImage(reference, options) {
      const absent = { mediaType: "", digest: digestBytes(new Uint8Array()), size: 0 };
      return memory.resolveImage(memory.parse(reference.text), options).catch((error: unknown) => {
        if (options?.signal?.aborted) throw error;
        return absent;
      });
    },
  })),
  source("says that nothing refers to anything", "lists what refers to an image, and nothing else", () => ({
    referrers: async () => [],
  })),
  source(
    "says that everything refers to everything",
    "lists what refers to an image, and nothing else",
    (_, memory) => ({
      async referrers() {
        const places = [...memory.places().values()];
        return places.flatMap(({ manifests }) =>
          [...manifests].map(([digest, { bytes, mediaType }]) => ({ digest, mediaType, size: bytes.length })),
        );
      },
    }),
  ),
  {
    what: "takes a blob when it is only asked for it",
    found: "changes nothing when it is only asked for a blob",
    spoil: (memory) => ({
      ...(memory as Transport),
      async openDestination(reference, options) {
        const own = memory.parse(reference.text);
        const original = await memory.openDestination(own, options);
        return {
          ...original,
          async reuseBlob(descriptor, put) {
            const found = await original.reuseBlob?.(descriptor, put);
            if (found !== undefined) await memory.deleteImage(own).catch(() => undefined);
            return found;
          },
        };
      },
    }),
  },
  {
    what: "forgets what it said that it has",
    found: "has at the commit what it said that it has",
    spoil: (memory) => ({
      ...(memory as Transport),
      async openDestination(reference, options) {
        const own = memory.parse(reference.text);
        const original = await memory.openDestination(own, options);
        const looked = await memory.openDestination(own, options);
        return {
          ...original,
          reuseBlob: async (descriptor, put) =>
            (put.lookOnly === true ? looked : original).reuseBlob?.(descriptor, put),
          async commit(given) {
            await memory.deleteImage(own).catch(() => undefined);
            await original.commit(given);
          },
        };
      },
    }),
  },
  transport("deletes nothing", "deletes an image", () => ({ deleteImage: async () => undefined })),
  transport(
    "says nothing when there is nothing to delete",
    "says that there is no image to delete",
    (memory) => ({
      deleteImage: (reference) => memory.deleteImage(memory.parse(reference.text)).catch(() => undefined),
    }),
  ),
  transport("lists nothing", "lists the images at a place", () => ({ listTags: async () => [] })),
  {
    what: "notes what it parses",
    found: "touches nothing when it parses",
    spoil: (memory) => ({
      ...(memory as Transport),
      parse(text) {
        const reference = memory.parse(text);
        parsed.get(memory)?.push(text);
        return reference;
      },
    }),
  },
];

/** What the transport that notes what it parses has noted: part of its fixture's snapshot. */
export const parsed: WeakMap<MemoryTransport, string[]> = new WeakMap();
