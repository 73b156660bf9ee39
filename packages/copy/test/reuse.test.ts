import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { memoryBlobInfoCache } from "@drayage/blob-info-cache";
import { isDrayageError } from "@drayage/errors";
import { mediaTypes, parseImageManifest } from "@drayage/manifest";
import {
  type MemoryTransport,
  memoryTransport,
  randomImage,
  readImage,
  type SampleImage,
  sampleBlob,
  snapshotTree,
  writeImage,
} from "@drayage/testkit";
import { type BlobInfoCache, createRegistry, type Transport } from "@drayage/transport";
import { dir } from "@drayage/transport-dir";
import { dockerArchive } from "@drayage/transport-docker-archive";
import { ociArchive } from "@drayage/transport-oci-archive";
import { ociDir } from "@drayage/transport-oci-dir";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CopyLocationsOptions,
  type CopyResult,
  copy,
  describePlan,
  executePlan,
  planCopy,
  withEnds,
} from "../src/index.ts";

let scratch: string;
beforeEach(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "drayage-"));
});
afterEach(() => fs.rmSync(scratch, { recursive: true, force: true }));
const at = (name: string): string => path.join(scratch, name);

/** Places like the repositories of one registry, and what is asked of them. */
function repositories(): {
  readonly memory: MemoryTransport;
  readonly calls: string[];
  transport: Transport;
} {
  const memory = memoryTransport({
    scheme: "hub",
    mounts: true,
    accepts: { layerCompression: "compress", foreignLayerUrls: true },
  });
  const calls: string[] = [];
  const transport: Transport = {
    ...(memory as Transport),
    async openDestination(reference, options) {
      const original = await memory.openDestination(memory.parse(reference.text), options);
      return {
        ...original,
        async putBlob(blob, put) {
          calls.push(`put ${put.kind}`);
          return original.putBlob(blob, put);
        },
        async reuseBlob(descriptor, asked) {
          const found = await original.reuseBlob?.(descriptor, asked);
          const from = found?.from === undefined ? "" : ` from ${found.from}`;
          const answer = found === undefined ? "absent" : `there${from}`;
          calls.push(`${asked.lookOnly === true ? "look for" : "want"} ${asked.kind}: ${answer}`);
          return found;
        },
      };
    },
  };
  return { memory, calls, transport };
}

type Repositories = ReturnType<typeof repositories>;

async function put(hub: Repositories, text: string, image: SampleImage): Promise<void> {
  await using destination = await hub.memory.openDestination(hub.memory.parse(text));
  await writeImage(destination, image);
}

function registryOf(hub: Repositories): ReturnType<typeof createRegistry> {
  return createRegistry([hub.transport, dir(), ociDir(), ociArchive(), dockerArchive()]);
}

async function run(
  hub: Repositories,
  from: string,
  to: string,
  options: CopyLocationsOptions = {},
): Promise<CopyResult> {
  hub.calls.length = 0;
  const registry = registryOf(hub);
  return copy(await registry.resolve(from), await registry.resolve(to), options);
}

describe("a blob that the destination can take from elsewhere", () => {
  it("is planned with where it comes from, and wanted when the plan is carried out", async () => {
    const hub = repositories();
    const image = await randomImage({ seed: 1, layers: 2 });
    await put(hub, "first", image);
    const registry = registryOf(hub);
    const ends = [await registry.resolve("hub:first"), await registry.resolve("hub:second")] as const;
    await withEnds(...ends, {}, async (open) => {
      const plan = await planCopy(open);
      const [document] = plan.documents;
      if (document?.kind !== "image") throw new Error("it is an image");
      expect(document.layers.map(({ action }) => action)).toEqual(
        image.layers.map(({ descriptor }) => ({
          do: "reuse",
          as: descriptor.digest,
          size: descriptor.size,
          from: "first",
          reason: "the destination takes it from first",
        })),
      );
      expect(describePlan(plan).filter((line) => line.includes("reused"))).toHaveLength(2);
      expect(hub.calls).toEqual(["look for layer: there from first", "look for layer: there from first"]);
    });
    expect(hub.memory.places().has("second")).toBe(false);
    const result = await run(hub, "hub:first", "hub:second");
    expect(result.blobs.moved.count).toBe(0);
    expect(result.blobs.reused.count).toBe(3);
    expect(hub.calls).toEqual([
      "look for layer: there from first",
      "look for layer: there from first",
      "want layer: there from first",
      "want layer: there from first",
      "want config: there from first",
    ]);
    await using source = await hub.memory.openSource(hub.memory.parse("second"));
    expect(Buffer.from((await readImage(source)).manifest.bytes).equals(image.manifest.bytes)).toBe(true);
  });

  it("is copied where the destination then does not get it", async () => {
    const hub = repositories();
    const image = await randomImage({ seed: 1, layers: 2 });
    await put(hub, "first", image);
    const { openDestination } = hub.transport;
    hub.transport = {
      ...hub.transport,
      async openDestination(reference, options) {
        const original = await openDestination?.(reference, options);
        if (original === undefined) throw new Error("it writes");
        const reuseBlob: typeof original.reuseBlob = async (descriptor, asked) =>
          asked.lookOnly === true ? original.reuseBlob?.(descriptor, asked) : undefined;
        return { ...original, reuseBlob };
      },
    };
    const result = await run(hub, "hub:first", "hub:second");
    expect(result.digest).toBe(image.manifest.digest);
    expect(result.blobs.moved.count).toBe(3);
  });

  it("is not asked for again where the destination has it already", async () => {
    const hub = repositories();
    await put(hub, "first", await randomImage({ seed: 1, layers: 2 }));
    await run(hub, "hub:first", "hub:second");
    await run(hub, "hub:first", "hub:second:again");
    expect(hub.calls).toEqual(["look for layer: there", "look for layer: there", "want config: there"]);
  });
});

describe("a layer that is compressed on its way", () => {
  async function archive(): Promise<void> {
    const image = await randomImage({ seed: 1, layers: 2, format: "docker", compression: "none" });
    const elsewhere = repositories();
    await put(elsewhere, "plain", image);
    await run(elsewhere, "hub:plain", `docker-archive:${at("app.tar")}:app:latest`);
  }

  it("is neither compressed nor sent a second time, nor to another repository", async () => {
    const hub = repositories();
    await archive();
    const options = { blobInfoCache: memoryBlobInfoCache() };
    const from = `docker-archive:${at("app.tar")}`;
    const first = await run(hub, from, "hub:a:one", options);
    expect(first.blobs.moved.count).toBe(3);
    const again = await run(hub, from, "hub:a:two", options);
    expect(hub.calls.filter((call) => call.startsWith("put"))).toEqual([]);
    expect(again.blobs.moved).toEqual({ count: 0, bytesRead: 0, bytesStored: 0 });
    expect(again.digest).toBe(first.digest);
    const other = await run(hub, from, "hub:b", options);
    expect(hub.calls.filter((call) => call.startsWith("put"))).toEqual([]);
    expect(hub.calls).toContain("want layer: there from a");
    expect(other.digest).toBe(first.digest);
    const { layers } = parseImageManifest(other.manifest, other.mediaType);
    expect(layers.map(({ mediaType }) => mediaType)).toEqual([
      mediaTypes.dockerLayerGzip,
      mediaTypes.dockerLayerGzip,
    ]);
  });

  it("is reused only in the format that is asked for", async () => {
    const hub = repositories();
    await archive();
    const options = { blobInfoCache: memoryBlobInfoCache() };
    const from = `docker-archive:${at("app.tar")}`;
    const gzip = await run(hub, from, "hub:a:gzip", options);
    for (const force of [true, false]) {
      const zstd = { ...options, compression: { format: "zstd", force } as const };
      const result = await run(hub, from, "hub:a:zstd", zstd);
      const { layers } = parseImageManifest(result.manifest, result.mediaType);
      expect(layers.map(({ mediaType }) => mediaType)).toEqual([
        mediaTypes.ociLayerZstd,
        mediaTypes.ociLayerZstd,
      ]);
      expect(hub.calls.filter((call) => call === "put layer")).toHaveLength(force ? 2 : 0);
    }
    const back = await run(hub, from, "hub:a:back", { ...options, compression: { format: "gzip" } });
    expect(back.digest).toBe(gzip.digest);
    expect(hub.calls).not.toContain("put layer");
  });

  it("is compressed after all where the destination has lost what was planned", async () => {
    const hub = repositories();
    await archive();
    const blobInfoCache = memoryBlobInfoCache();
    const from = `docker-archive:${at("app.tar")}`;
    const first = await run(hub, from, "hub:a", { blobInfoCache });
    const registry = registryOf(hub);
    const ends = [await registry.resolve(from), await registry.resolve("hub:a")] as const;
    const plan = await withEnds(...ends, { blobInfoCache }, (open) => planCopy({ ...open, blobInfoCache }));
    const [document] = plan.documents;
    if (document?.kind !== "image") throw new Error("it is an image");
    expect(document.layers.map(({ action }) => action)).toMatchObject(
      [0, 1].map(() => ({
        do: "reuse",
        compression: "gzip",
        otherwise: { do: "compress", algorithm: "gzip" },
      })),
    );
    await hub.memory.deleteImage(hub.memory.parse("a"));
    const result = await withEnds(...ends, {}, (open) => executePlan({ ...open, plan }));
    expect(result.digest).toBe(first.digest);
    expect(result.blobs.moved.count).toBe(3);
  });

  it("is recompressed once: what comes of it is known for both", async () => {
    const hub = repositories();
    await put(hub, "gzip", await randomImage({ seed: 3, layers: 2 }));
    const options = {
      blobInfoCache: memoryBlobInfoCache(),
      compression: { format: "zstd", force: true } as const,
    };
    const first = await run(hub, "hub:gzip", "hub:zstd:one", options);
    expect(hub.calls.filter((call) => call === "put layer")).toHaveLength(2);
    const second = await run(hub, "hub:gzip", "hub:zstd:two", options);
    expect(hub.calls).not.toContain("put layer");
    expect(second.digest).toBe(first.digest);
  });

  it("that passes as it is keeps its digest, whatever else is known of its content", async () => {
    const hub = repositories();
    const image = await randomImage({ seed: 3, layers: 1 });
    const [layer] = image.layers;
    if (layer === undefined) throw new Error("it has a layer");
    await put(hub, "a", image);
    const source = memoryTransport({ scheme: "elsewhere" });
    const destination = await source.openDestination(source.parse("x"));
    const other = await randomImage({ seed: 4, layers: 1 });
    await writeImage(destination, other);
    const blobInfoCache = memoryBlobInfoCache();
    const uncompressed = layer.layer.diffId;
    const described = other.layers[0]?.descriptor;
    if (described === undefined) throw new Error("it has a layer");
    for (const { digest } of [layer.descriptor, described]) {
      blobInfoCache.recordVariant(uncompressed, { digest, compression: "gzip" });
    }
    const registry = createRegistry([hub.transport, source]);
    const result = await copy(await registry.resolve("elsewhere:x"), await registry.resolve("hub:a:x"), {
      blobInfoCache,
    });
    expect(result.digest).toBe(other.manifest.digest);
  });
});

it("a zstd layer is not reused where the manifest cannot name it", async () => {
  const image = await randomImage({ seed: 10, layers: 1, compression: "zstd" });
  const docker = memoryTransport({
    scheme: "docker-only",
    accepts: { manifestTypes: [mediaTypes.dockerManifest] },
  });
  const hub = repositories();
  await put(hub, "from", image);
  await using earlier = await docker.openDestination(docker.parse("to"));
  const [layer] = image.layers;
  if (layer === undefined) throw new Error("it has a layer");
  const other = await randomImage({ seed: 11, format: "docker" });
  const { mediaType } = layer.descriptor;
  await earlier.putBlob(sampleBlob(layer), { kind: "layer", mediaType, layerIndex: 0 });
  await writeImage(earlier, other);
  const registry = createRegistry([hub.transport, docker]);
  const result = await copy(await registry.resolve("hub:from"), await registry.resolve("docker-only:to"));
  const { layers } = parseImageManifest(result.manifest, result.mediaType);
  expect(layers.map((each) => each.mediaType)).toEqual([mediaTypes.dockerLayerGzip]);
});

describe("what a copy tells the cache", () => {
  function noting(): { readonly cache: BlobInfoCache; readonly noted: string[] } {
    const cache = memoryBlobInfoCache();
    const noted: string[] = [];
    return {
      noted,
      cache: {
        ...cache,
        recordVariant(uncompressed, variant) {
          noted.push(`${variant.digest} ${variant.compression ?? "none"} ${uncompressed}`);
        },
      },
    };
  }

  async function notedBy(
    image: SampleImage,
    to: (hub: Repositories) => string,
    options: CopyLocationsOptions = {},
  ): Promise<readonly string[]> {
    const hub = repositories();
    await put(hub, "from", image);
    const { cache, noted } = noting();
    await run(hub, "hub:from", to(hub), { ...options, blobInfoCache: cache });
    return [...noted].sort();
  }

  const one = async (
    compression: "none" | "gzip",
  ): Promise<{ image: SampleImage; layer: string; plain: string }> => {
    const image = await randomImage({ seed: 5, layers: 1, compression });
    const [layer] = image.layers;
    if (layer === undefined) throw new Error("it has a layer");
    return { image, layer: layer.descriptor.digest, plain: layer.layer.diffId };
  };

  it("is both blobs of a decompression", async () => {
    const { image, layer, plain } = await one("gzip");
    const noted = await notedBy(image, () => `docker-archive:${at("x.tar")}`);
    expect(noted).toEqual([`${layer} gzip ${plain}`, `${plain} none ${plain}`].sort());
  });

  it("is both blobs of a compression, and all of a recompression", async () => {
    const { image, layer } = await one("none");
    const noted = await notedBy(image, () => `oci-dir:${at("compressed")}`);
    expect(noted).toHaveLength(2);
    expect(noted).toContain(`${layer} none ${layer}`);
    expect(noted.filter((line) => line.endsWith(` gzip ${layer}`))).toHaveLength(1);
    const packed = await one("gzip");
    const zstd = { compression: { format: "zstd", force: true } as const };
    const both = await notedBy(packed.image, () => `oci-dir:${at("recompressed")}`, zstd);
    expect(both).toHaveLength(2);
    expect(both).toContain(`${packed.layer} gzip ${packed.plain}`);
    expect(both.filter((line) => line.endsWith(` zstd ${packed.plain}`))).toHaveLength(1);
  });

  it("is an uncompressed blob that was seen to be one, and nothing of what was not looked at", async () => {
    const { image, layer } = await one("none");
    const unpacked = await notedBy(image, () => `docker-archive:${at("y.tar")}`);
    expect(unpacked).toEqual([`${layer} none ${layer}`]);
    expect(await notedBy(image, () => `dir:${at("as-it-is")}`)).toEqual([]);
    expect(await notedBy((await one("gzip")).image, () => `oci-dir:${at("kept")}`)).toEqual([]);
  });
});

describe("a plan", () => {
  it("writes nothing anywhere, and what is there is planned to be reused", async () => {
    const hub = repositories();
    const image = await randomImage({ seed: 6, layers: 2 });
    await put(hub, "from", image);
    const there = [
      `dir:${at("dir")}`,
      `oci-dir:${at("layout")}:app`,
      `oci-archive:${at("oci.tar")}:app`,
      `docker-archive:${at("docker.tar")}:app:latest`,
    ];
    for (const text of there) await run(hub, "hub:from", text);
    const absent = [
      `dir:${at("new-dir")}`,
      `oci-dir:${at("new-layout")}:app`,
      `oci-archive:${at("new-oci.tar")}:app`,
      `docker-archive:${at("new-docker.tar")}:app:latest`,
    ];
    const before = await snapshotTree(scratch);
    const registry = registryOf(hub);
    const reused: Record<string, number> = {};
    for (const text of [...there, ...absent]) {
      const append = text.includes("archive");
      const ends = [await registry.resolve("hub:from"), await registry.resolve(text)] as const;
      const options = { destinationOptions: { append } };
      const plan = await withEnds(...ends, options, (open) => planCopy(open));
      expect(await snapshotTree(scratch), text).toEqual(before);
      const actions = plan.documents.flatMap((document) =>
        document.kind === "image" ? document.layers : [],
      );
      reused[path.basename(text)] = actions.filter(({ action }) => action.do === "reuse").length;
    }
    expect(reused).toEqual({
      dir: 2,
      "layout:app": 2,
      "oci.tar:app": 2,
      "docker.tar:app:latest": 2,
      "new-dir": 0,
      "new-layout:app": 0,
      "new-oci.tar:app": 0,
      "new-docker.tar:app:latest": 0,
    });
  });

  it("opens no blob of a remote source", async () => {
    const hub = repositories();
    await put(hub, "from", await randomImage({ seed: 7, layers: 2 }));
    const opened: string[] = [];
    const source = await hub.memory.openSource(hub.memory.parse("from"));
    const registry = registryOf(hub);
    const to = await registry.resolve(`oci-dir:${at("layout")}`);
    await using destination = await to.transport.openDestination?.(to.reference);
    if (destination === undefined) throw new Error("it writes");
    const remote = {
      ...source,
      remote: true,
      blob: async (...given: Parameters<typeof source.blob>) => {
        opened.push(given[0].digest);
        return source.blob(...given);
      },
    };
    const plan = await planCopy({ source: remote, destination });
    expect(opened).toEqual([]);
    await executePlan({ plan, source: remote, destination });
    expect(new Set(opened).size).toBe(3);
    expect(opened).toHaveLength(3);
  });
});

describe("an image that is there", () => {
  interface Watched {
    readonly hub: Repositories;
    readonly opened: string[];
  }

  async function watched(image: SampleImage): Promise<Watched> {
    const hub = repositories();
    await put(hub, "from", image);
    await put(hub, "to", image);
    const opened: string[] = [];
    const { openDestination, openSource, resolveImage } = hub.transport;
    hub.transport = {
      ...hub.transport,
      openSource: async (reference, options) => {
        opened.push(`read ${reference.text}`);
        if (openSource === undefined) throw new Error("it reads");
        return openSource(reference, options);
      },
      openDestination: async (reference, options) => {
        opened.push(`write ${reference.text}`);
        if (openDestination === undefined) throw new Error("it writes");
        return openDestination(reference, options);
      },
      resolveImage: async (reference, options) => {
        opened.push(`resolve ${reference.text}`);
        if (resolveImage === undefined) throw new Error("it resolves");
        return resolveImage(reference, options);
      },
    };
    return { hub, opened };
  }

  it("is told by its digest: the destination is not opened at all", async () => {
    const image = await randomImage({ seed: 8 });
    const { hub, opened } = await watched(image);
    const result = await run(hub, "hub:from", "hub:to", { ifPresent: "skip" });
    expect(opened).toEqual(["resolve to:latest", "read from:latest"]);
    expect(result).toMatchObject({
      present: true,
      digest: image.manifest.digest,
      mediaType: image.manifest.mediaType,
    });
    expect(Buffer.from(result.manifest).equals(image.manifest.bytes)).toBe(true);
  });

  it("is not looked for where nobody asked to skip it", async () => {
    const { hub, opened } = await watched(await randomImage({ seed: 8 }));
    expect((await run(hub, "hub:from", "hub:to")).present).toBe(false);
    expect(opened).toEqual(["read from:latest", "write to:latest"]);
  });

  it("is copied where another is there, or none, which is then not read", async () => {
    const image = await randomImage({ seed: 8 });
    const { hub, opened } = await watched(image);
    await put(hub, "to", await randomImage({ seed: 9 }));
    expect((await run(hub, "hub:from", "hub:to", { ifPresent: "skip" })).present).toBe(false);
    opened.length = 0;
    expect((await run(hub, "hub:from", "hub:new", { ifPresent: "skip" })).digest).toBe(image.manifest.digest);
    expect(opened).toEqual(["resolve new:latest", "read from:latest", "write new:latest"]);
  });

  it("is asked about once, and refused if it is not admitted", async () => {
    const { hub } = await watched(await randomImage({ seed: 8 }));
    await put(hub, "other", await randomImage({ seed: 9 }));
    for (const to of ["hub:to", "hub:other", "hub:new"]) {
      const asked: string[] = [];
      await run(hub, "hub:from", to, { ifPresent: "skip", admit: ({ digest }) => void asked.push(digest) });
      expect(asked).toHaveLength(1);
    }
    const admit = (): void => {
      throw new Error("no");
    };
    await expect(run(hub, "hub:from", "hub:to", { ifPresent: "skip", admit })).rejects.toThrow("no");
  });

  it("is no reason to skip what should be another digest, another format or signed", async () => {
    const image = await randomImage({ seed: 8 });
    const { hub } = await watched(image);
    const { digest } = (await randomImage({ seed: 9 })).manifest;
    const mismatch = run(hub, "hub:from", "hub:to", { ifPresent: "skip", expectedDigest: digest });
    const error = await mismatch.catch((reason: unknown) => reason);
    expect(isDrayageError(error, "ERR_DRAYAGE_DIGEST_MISMATCH")).toBe(true);
    const converted = await run(hub, "hub:from", "hub:to", { ifPresent: "skip", format: "v2s2" });
    expect(converted).toMatchObject({ present: false, mediaType: mediaTypes.dockerManifest });
    await put(hub, "to", image);
    await using signing = await hub.memory.openDestination(hub.memory.parse("from"));
    await writeImage(signing, image, { commit: false });
    await signing.putSignatures?.([{ format: "simple-signing", bytes: new Uint8Array([1]) }]);
    await signing.commit();
    expect((await run(hub, "hub:from", "hub:to", { ifPresent: "skip" })).present).toBe(false);
    const bare = { ifPresent: "skip", removeSignatures: true } as const;
    expect((await run(hub, "hub:from", "hub:to", bare)).present).toBe(true);
  });
});
