import { bytesBlob, inflated, readBlob } from "@drayage/blob";
import { memoryBlobInfoCache } from "@drayage/blob-info-cache";
import { digestBytes } from "@drayage/digest";
import { type Descriptor, mediaTypes, parseImageIndex, parseImageManifest } from "@drayage/manifest";
import { describe, expect, it } from "vitest";
import { type CopyOptions, copyImage, describePlan, planCopy, validateImage } from "../src/index.ts";
import { addArtifact, addImage, addIndex, bytesOf, type TestDescriptor } from "./support/images.ts";
import { type MemoryStore, memoryDestination, memorySource, memoryStore } from "./support/memory-store.ts";

const zstd = { "io.github.containers.compression.zstd": "true" };
const accepts = { layerCompression: "compress" } as const;
const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64", variant: "v8", "os.features": ["b", "a"] };

function images(store: MemoryStore, format: "oci" | "v2s2" = "oci"): readonly TestDescriptor[] {
  return [amd64, arm64].map((platform, at) =>
    addImage(store, {
      format,
      platform,
      layers: [{ content: bytesOf(at, 4000) }, { content: bytesOf(9, 3000) }],
    }),
  );
}

async function copied(
  from: MemoryStore,
  options: CopyOptions,
  to: MemoryStore = memoryStore(),
): Promise<{
  to: MemoryStore;
  entries: readonly Descriptor[];
  result: Awaited<ReturnType<typeof copyImage>>;
}> {
  const destination = memoryDestination(to, { accepts });
  const result = await copyImage({
    source: memorySource(from),
    destination,
    platforms: "all",
    ...options,
  });
  return { to, result, entries: parseImageIndex(result.manifest, result.mediaType).manifests };
}

const layersOf = (store: MemoryStore, { digest, mediaType }: Descriptor) =>
  parseImageManifest(store.manifests.get(digest)?.bytes ?? new Uint8Array(), mediaType).layers;

describe("images that are added to an index, compressed otherwise", () => {
  it("stand last, with the annotation, the same platform and the same contents", async () => {
    const from = memoryStore();
    const [first, second] = images(from);
    if (first === undefined || second === undefined) throw new Error("two images");
    addIndex(from, [{ ...first, urls: ["https://example.com/x"], annotations: { a: "b" } } as never, second]);
    const { to, result, entries } = await copied(from, { addCompression: ["zstd", "gzip"] });
    expect(
      entries.map(({ digest, platform, annotations, urls }) => [digest, platform, annotations, urls]),
    ).toEqual([
      [first.digest, amd64, { a: "b" }, ["https://example.com/x"]],
      [second.digest, arm64, undefined, undefined],
      [entries[2]?.digest, amd64, { a: "b", ...zstd }, undefined],
      [entries[3]?.digest, arm64, zstd, undefined],
    ]);
    expect((await validateImage(memorySource(to))).problems).toEqual([]);
    for (const [at, entry] of entries.slice(2).entries()) {
      const layers = layersOf(to, entry);
      expect(layers.map(({ mediaType }) => mediaType)).toEqual([
        mediaTypes.ociLayerZstd,
        mediaTypes.ociLayerZstd,
      ]);
      const contents = await Promise.all(
        layers.map(({ digest }) => {
          const stored = bytesBlob(to.blobs.get(digest) ?? new Uint8Array());
          return readBlob(inflated(stored, { algorithm: "zstd" }), { limit: 10_000 });
        }),
      );
      expect(contents.map((content) => digestBytes(content))).toEqual(
        [bytesOf(at, 4000), bytesOf(9, 3000)].map((content) => digestBytes(content)),
      );
    }
    // The layer that both have is compressed once.
    expect(layersOf(to, entries[2] as Descriptor)[1]?.digest).toBe(
      layersOf(to, entries[3] as Descriptor)[1]?.digest,
    );
    expect(result.documents.map(({ source, variant }) => [source, variant])).toEqual([
      [first.digest, undefined],
      [second.digest, undefined],
      [first.digest, "zstd"],
      [second.digest, "zstd"],
      [from.root, undefined],
    ]);
  });

  it("are those that a platform lacks, one for each", async () => {
    const from = memoryStore();
    const [first, second] = images(from);
    const other = addImage(from, {
      platform: amd64,
      labels: { other: "image" },
      layers: [{ content: bytesOf(5, 900) }],
    });
    const featured = addImage(from, { labels: { x: "y" }, layers: [{ content: bytesOf(6, 900) }] });
    addIndex(from, [
      first as TestDescriptor,
      { ...second, annotations: zstd } as never,
      other,
      // The order of features says nothing.
      { ...featured, platform: { ...arm64, "os.features": ["a", "b"] } },
      {
        ...featured,
        digest: other.digest,
        size: other.size,
        platform: { ...arm64, "os.version": "1" },
      },
    ]);
    const { entries } = await copied(from, { addCompression: ["zstd"] });
    expect(entries.slice(0, 4).map(({ digest }) => digest)).toEqual([
      first?.digest,
      other.digest,
      featured.digest,
      other.digest,
    ]);
    expect(entries.slice(4).map(({ platform, annotations }) => [platform, annotations])).toEqual([
      [arm64, zstd],
      [amd64, zstd],
      [{ ...arm64, "os.version": "1" }, zstd],
    ]);
    expect(entries[4]?.digest).toBe(second?.digest);
  });

  it("make an OCI index of docker's list, and OCI images of docker's", async () => {
    const from = memoryStore();
    addIndex(from, images(from, "v2s2"), { format: "v2s2" });
    const { result, entries } = await copied(from, { addCompression: ["zstd"] });
    expect(result.mediaType).toBe(mediaTypes.ociIndex);
    expect(entries.map(({ mediaType }) => mediaType)).toEqual([
      mediaTypes.dockerManifest,
      mediaTypes.dockerManifest,
      mediaTypes.ociManifest,
      mediaTypes.ociManifest,
    ]);
    await expect(copied(from, { addCompression: ["zstd"], format: "v2s2" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
    });
    const plain = await copied(from, { addCompression: ["gzip"] });
    expect(plain.result.digest).toBe(from.root);
  });

  it("are made with gzip where the others are forced to be zstd's, or say that they are", async () => {
    const from = memoryStore();
    addIndex(from, images(from));
    const forced = await copied(from, {
      compression: { format: "zstd", force: true, level: 19 },
      addCompression: ["gzip"],
    });
    const types = forced.entries.map((entry) => layersOf(forced.to, entry)[0]?.mediaType);
    const { ociLayerZstd, ociLayerGzip } = mediaTypes;
    expect(types).toEqual([ociLayerZstd, ociLayerZstd, ociLayerGzip, ociLayerGzip]);
    const annotated = memoryStore();
    for (const [digest, blob] of forced.to.blobs) annotated.blobs.set(digest, blob);
    for (const [digest, manifest] of forced.to.manifests) annotated.manifests.set(digest, manifest);
    addIndex(
      annotated,
      forced.entries.slice(0, 2).map((entry) => ({ ...entry, annotations: { ...zstd, a: "b" } }) as never),
    );
    const { entries } = await copied(annotated, { addCompression: ["gzip"] });
    expect(entries.map(({ annotations }) => annotations)).toEqual([
      { a: "b" },
      { a: "b" },
      { ...zstd, a: "b" },
      { ...zstd, a: "b" },
    ]);
  });

  it("are not made of artifacts, and are made of the images of lists in the list", async () => {
    const from = memoryStore();
    const [first, second] = images(from);
    const artifact = addArtifact(from, bytesOf(3, 100));
    const inner = addIndex(from, [first as TestDescriptor]);
    addIndex(from, [second as TestDescriptor, artifact, inner]);
    const { to, entries } = await copied(from, { addCompression: ["zstd"] });
    expect(entries.map(({ annotations }) => annotations)).toEqual([undefined, undefined, undefined, zstd]);
    expect(entries[1]?.digest).toBe(artifact.digest);
    const nested = to.manifests.get(entries[2]?.digest as never);
    expect(
      parseImageIndex(nested?.bytes ?? new Uint8Array()).manifests.map(({ annotations }) => annotations),
    ).toEqual([undefined, zstd]);
  });

  it("are the same when they are copied again, and nothing is compressed for them", async () => {
    const from = memoryStore();
    addIndex(from, images(from));
    const options = { addCompression: ["zstd"], blobInfoCache: memoryBlobInfoCache() } as const;
    const first = await copied(from, options);
    const again = await copied(from, options, first.to);
    expect(again.result.digest).toBe(first.result.digest);
    expect(again.result.blobs.moved.count).toBe(0);
    // What was added is there: it is added once.
    const third = await copied(first.to, { addCompression: ["zstd"] });
    expect(third.result.digest).toBe(first.result.digest);
  });

  it("are told of with what they are compressed with", async () => {
    const from = memoryStore();
    addIndex(from, images(from));
    const told = new Set<string>();
    await copied(from, {
      addCompression: ["zstd"],
      onProgress(event) {
        if (event.type === "image") told.add(`${event.platform} ${event.variant ?? "itself"}`);
      },
    });
    expect(told).toEqual(
      new Set(["linux/amd64 itself", "linux/amd64 zstd", "linux/arm64/v8 itself", "linux/arm64/v8 zstd"]),
    );
  });

  it("are told of in the plan", async () => {
    const from = memoryStore();
    const [first] = images(from);
    addIndex(from, [first as TestDescriptor]);
    const destination = memoryDestination(memoryStore(), { accepts });
    const plan = await planCopy({
      source: memorySource(from),
      destination,
      platforms: "all",
      addCompression: ["zstd"],
    });
    const lines = describePlan(plan).join("\n");
    expect(lines).toContain(`image ${first?.digest} for linux/amd64, once more with zstd`);
    expect(lines).toContain(`${first?.digest}: added once more, compressed with zstd`);
    expect(lines).not.toContain("it stays as it is");
  });

  it("are refused, with a reason, where there can be none", async () => {
    const from = memoryStore();
    const [first] = images(from);
    const usage = { code: "ERR_DRAYAGE_USAGE" };
    const addCompression = ["zstd"] as const;
    // The root is an image.
    await expect(copied(from, { addCompression })).rejects.toMatchObject(usage);
    addIndex(from, [first as TestDescriptor]);
    for (const platforms of ["system", [], ["linux/amd64"]] as const) {
      await expect(copied(from, { addCompression, platforms })).rejects.toMatchObject(usage);
    }
    await expect(copied(from, { addCompression, preserveDigests: true })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
      message: expect.stringContaining("digests are to be preserved"),
    });
    from.signatures.set(first?.digest as never, [{ format: "simple", bytes: bytesOf(1, 10) }] as never);
    const signed = memoryDestination(memoryStore(), { accepts, withSignatures: true });
    await expect(
      copyImage({ source: memorySource(from), destination: signed, platforms: "all", addCompression }),
    ).rejects.toMatchObject({
      message: expect.stringContaining("its signatures would no longer hold"),
    });
    const destination = memoryDestination(memoryStore(), { accepts: { layerCompression: "preserve" } });
    await expect(
      copyImage({
        source: memorySource(from),
        destination,
        platforms: "all",
        addCompression,
        removeSignatures: true,
      }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_DESTINATION_REFUSED" });
  });
});
