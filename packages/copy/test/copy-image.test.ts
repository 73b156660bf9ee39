import { gunzipSync } from "node:zlib";
import { digestBytes } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { mediaTypes, parseImageIndex, parseImageManifest } from "@drayage/manifest";
import { parseNormalizedNamed } from "@drayage/reference";
import type { ProgressEvent } from "@drayage/transport";
import { describe, expect, it } from "vitest";
import { copyImage, describePlan, planCopy, validateImage } from "../src/index.ts";
import { addArtifact, addImage, addIndex, bytesOf, type TestImage } from "./support/images.ts";
import {
  type MemoryDestinationOptions,
  type MemoryStore,
  memoryDestination,
  memorySource,
  memoryStore,
} from "./support/memory-store.ts";

const plainImage: TestImage = {
  layers: [
    { content: bytesOf(1, 5000), compression: "none" },
    { content: bytesOf(2, 3000), compression: "none" },
  ],
};
const gzipImage: TestImage = { layers: [{ content: bytesOf(1, 5000) }, { content: bytesOf(2, 3000) }] };

function rootManifest(store: MemoryStore): ReturnType<typeof parseImageManifest> {
  const manifest = store.root === undefined ? undefined : store.manifests.get(store.root);
  if (manifest === undefined) throw new Error("the store has no root");
  return parseImageManifest(manifest.bytes, manifest.mediaType);
}

async function copyTo(
  from: MemoryStore,
  options: Parameters<typeof copyImage>[0] extends infer I ? Partial<I> : never,
  destinationOptions: MemoryDestinationOptions = {},
  chunk?: number,
): Promise<{ to: MemoryStore; result: Awaited<ReturnType<typeof copyImage>>; calls: readonly string[] }> {
  const to = memoryStore();
  const destination = memoryDestination(to, destinationOptions);
  const result = await copyImage({ source: memorySource(from, { chunk }), destination, ...options });
  return { to, result, calls: destination.calls };
}

async function errorOf(
  promise: Promise<unknown>,
): Promise<{ code: string; message: string; side?: string; hint?: string }> {
  try {
    await promise;
  } catch (error) {
    if (isDrayageError<string>(error)) return error as never;
    throw error;
  }
  throw new Error("no error was thrown");
}

describe("an image that needs no change", () => {
  it("arrives byte for byte, and validates", async () => {
    const from = memoryStore();
    const image = addImage(from, gzipImage);
    const { to, result } = await copyTo(from, {}, { accepts: { layerCompression: "compress" } }, 1000);
    expect(result.digest).toBe(image.digest);
    expect(to.manifests.get(image.digest)?.bytes).toEqual(from.manifests.get(image.digest)?.bytes);
    expect([...to.blobs.keys()].sort()).toEqual([...from.blobs.keys()].sort());
    expect((await validateImage(memorySource(to))).problems).toEqual([]);
  });

  it("is put in the order layers, config, manifest, commit", async () => {
    const from = memoryStore();
    addImage(from, gzipImage);
    const { calls } = await copyTo(from, {}, { withReuse: false, accepts: { parallelBlobs: 1 } });
    expect(calls.map((call) => call.split(" ").slice(0, 2).join(" "))).toEqual([
      "putBlob layer",
      "putBlob layer",
      "putBlob config",
      `putManifest ${mediaTypes.ociManifest}`,
      "commit",
    ]);
  });

  it("reuses what the destination has, and asks before it moves", async () => {
    const from = memoryStore();
    addImage(from, gzipImage);
    const to = memoryStore();
    await copyImage({ source: memorySource(from), destination: memoryDestination(to) });
    const destination = memoryDestination(to);
    const result = await copyImage({ source: memorySource(from), destination });
    expect(result.blobs.moved.count).toBe(0);
    expect(result.blobs.reused.count).toBe(3);
    expect(destination.calls.filter((call) => call.startsWith("putBlob"))).toEqual([]);
  });

  it("is read once, its config too, also where that is needed before it is moved", async () => {
    for (const accepts of [
      { layerCompression: "decompress", manifestTypes: [mediaTypes.dockerManifest] },
      { manifestTypes: [mediaTypes.dockerManifest] },
      { layerCompression: "compress" },
    ] as const) {
      const from = memoryStore();
      addImage(from, gzipImage);
      const source = memorySource(from, { chunk: 1000 });
      await copyImage({ source, destination: memoryDestination(memoryStore(), { accepts }) });
      const { config } = rootManifest(from);
      expect(source.calls.filter((call) => call === `blob ${config?.digest}`)).toHaveLength(1);
      expect(source.calls.filter((call) => call.startsWith("manifest"))).toEqual(["manifest root"]);
    }
  });

  it("puts identical layers once", async () => {
    const from = memoryStore();
    const layer = { content: bytesOf(3, 4000) };
    addImage(from, { layers: [layer, { content: bytesOf(4, 100) }, layer] });
    for (const withReuse of [true, false]) {
      const { calls, result } = await copyTo(from, {}, { withReuse });
      expect(calls.filter((call) => call.startsWith("putBlob layer"))).toHaveLength(2);
      expect(result.blobs.moved.count).toBe(3);
      expect(result.blobs.reused.count).toBe(1);
    }
  });
});

describe("compression", () => {
  it("compresses plain layers for a destination that wants them compressed", async () => {
    const from = memoryStore();
    addImage(from, plainImage);
    const { to, result } = await copyTo(from, {}, { accepts: { layerCompression: "compress" } });
    const { layers, mediaType } = rootManifest(to);
    expect(mediaType).toBe(mediaTypes.ociManifest);
    expect(layers.map((layer) => layer.mediaType)).toEqual([
      mediaTypes.ociLayerGzip,
      mediaTypes.ociLayerGzip,
    ]);
    expect(layers.map(({ digest }) => gunzipSync(to.blobs.get(digest) ?? new Uint8Array()).length)).toEqual([
      5000, 3000,
    ]);
    expect(result.digest).not.toBe(from.root);
    expect((await validateImage(memorySource(to))).problems).toEqual([]);
  });

  it("tells a layer's compression by its bytes where its media type lies, also in a stream", async () => {
    const from = memoryStore();
    addImage(from, plainImage);
    const root = rootManifest(from);
    const lying = Buffer.from(
      Buffer.from(root.bytes).toString().replaceAll(mediaTypes.ociLayerTar, mediaTypes.ociLayerGzip),
    );
    const digest = digestBytes(lying);
    from.manifests.set(digest, { bytes: lying, mediaType: mediaTypes.ociManifest });
    from.root = digest;
    for (const chunk of [undefined, 700]) {
      const { to } = await copyTo(from, {}, { accepts: { layerCompression: "compress" } }, chunk);
      expect((await validateImage(memorySource(to))).problems).toEqual([]);
      expect(rootManifest(to).layers.map((layer) => layer.digest)).not.toEqual(
        root.layers.map((layer) => layer.digest),
      );
    }
  });

  it("decompresses layers for a destination that keeps them unpacked, as v2s2 with the config's bytes", async () => {
    const from = memoryStore();
    addImage(from, gzipImage);
    const accepts = {
      layerCompression: "decompress",
      manifestTypes: [mediaTypes.dockerManifest],
      multipleImages: false,
      parallelBlobs: 1,
    } as const;
    const { to } = await copyTo(from, {}, { accepts }, 900);
    const { layers, mediaType, config } = rootManifest(to);
    expect(mediaType).toBe(mediaTypes.dockerManifest);
    expect(layers.map((layer) => layer.digest)).toEqual(
      gzipImage.layers.map(({ content }) => digestBytes(content)),
    );
    expect(layers.map((layer) => layer.mediaType)).toEqual([
      mediaTypes.dockerLayerTar,
      mediaTypes.dockerLayerTar,
    ]);
    expect(config?.digest).toBe(rootManifest(from).config?.digest);
    expect((await validateImage(memorySource(to))).problems).toEqual([]);
  });

  it("reuses a layer by its diffID where the destination keeps layers unpacked", async () => {
    const from = memoryStore();
    addImage(from, gzipImage);
    const accepts = { layerCompression: "decompress", manifestTypes: [mediaTypes.dockerManifest] } as const;
    const to = memoryStore();
    await copyImage({ source: memorySource(from), destination: memoryDestination(to, { accepts }) });
    const result = await copyImage({
      source: memorySource(from),
      destination: memoryDestination(to, { accepts }),
    });
    expect(result.blobs.moved.count).toBe(0);
    expect(rootManifest(to).layers.map((layer) => layer.mediaType)).toEqual([
      mediaTypes.dockerLayerTar,
      mediaTypes.dockerLayerTar,
    ]);
  });

  it("recompresses with zstd where asked, only in OCI manifests", async () => {
    const from = memoryStore();
    addImage(from, { ...gzipImage, format: "v2s2" });
    const accepts = {
      layerCompression: "compress",
      manifestTypes: [mediaTypes.dockerManifest, mediaTypes.ociManifest],
    } as const;
    const { to } = await copyTo(from, { compression: { format: "zstd", level: 3 } }, { accepts });
    const { layers, mediaType } = rootManifest(to);
    expect(mediaType).toBe(mediaTypes.ociManifest);
    expect(layers.map((layer) => layer.mediaType)).toEqual([
      mediaTypes.ociLayerZstd,
      mediaTypes.ociLayerZstd,
    ]);
    expect((await validateImage(memorySource(to))).problems).toEqual([]);

    const back = await copyTo(to, { format: "v2s2" }, {});
    expect(rootManifest(back.to).layers.map((layer) => layer.mediaType)).toEqual([
      mediaTypes.dockerLayerGzip,
      mediaTypes.dockerLayerGzip,
    ]);
    expect((await validateImage(memorySource(back.to))).problems).toEqual([]);
    const error = await errorOf(copyTo(to, { format: "v2s2", compat: "go" }, {}));
    expect(error.code).toBe("ERR_DRAYAGE_CONVERSION_UNSUPPORTED");
    const docker = await errorOf(
      copyTo(
        from,
        { compression: { format: "zstd" } },
        { accepts: { ...accepts, manifestTypes: [mediaTypes.dockerManifest] } },
      ),
    );
    expect(docker.message).toMatch(/none of them can hold layers compressed with zstd/);
  });

  it("leaves the layers of artifacts alone", async () => {
    const from = memoryStore();
    const image = addImage(from, gzipImage);
    const artifact = addArtifact(from, bytesOf(9, 500), image);
    const { to, result } = await copyTo(from, {}, { accepts: { layerCompression: "compress" } });
    expect(result.digest).toBe(artifact.digest);
    expect(rootManifest(to).subject?.digest).toBe(image.digest);
    const refused = await errorOf(
      copyTo(from, {}, { accepts: { manifestTypes: [mediaTypes.dockerManifest] } }),
    );
    expect(refused.code).toBe("ERR_DRAYAGE_CONVERSION_UNSUPPORTED");
    expect(refused.hint).toMatch(/artifacts stay OCI manifests/);
  });
});

describe("indexes", () => {
  const amd64 = { os: "linux", architecture: "amd64" };
  const arm64 = { os: "linux", architecture: "arm64", variant: "v8" };
  const s390x = { os: "linux", architecture: "s390x" };
  const shared = { content: bytesOf(7, 4000) };

  function threePlatforms(format?: "v2s2"): MemoryStore {
    const store = memoryStore();
    const members = [amd64, arm64, s390x].map((platform, index) =>
      addImage(store, { format, platform, layers: [shared, { content: bytesOf(20 + index, 2000) }] }),
    );
    addIndex(store, members, format === undefined ? {} : { format });
    return store;
  }

  it("copies all images and the index as they are, shared layers once", async () => {
    const from = threePlatforms();
    const { to, result, calls } = await copyTo(from, { platforms: "all" });
    expect(to.manifests.size).toBe(4);
    expect(result.digest).toBe(from.root);
    expect(calls.filter((call) => call.startsWith("putBlob layer"))).toHaveLength(4);
    expect(calls.at(-2)).toBe(`putManifest ${mediaTypes.ociIndex} root`);
    expect((await validateImage(memorySource(to))).problems).toEqual([]);
  });

  it("copies the one image of the wanted platform", async () => {
    const from = threePlatforms();
    const { to, result } = await copyTo(from, { platforms: { architecture: "s390x" } });
    expect(to.manifests.size).toBe(1);
    expect(result.documents).toEqual([expect.objectContaining({ kind: "image", platform: "linux/s390x" })]);
    const error = await errorOf(copyTo(from, { platforms: { architecture: "riscv64" } }));
    expect(error.code).toBe("ERR_DRAYAGE_PLATFORM_NOT_FOUND");
    expect(error.message).toMatch(/linux\/amd64, linux\/arm64\/v8, linux\/s390x/);
  });

  it("keeps or strips what a list of platforms leaves out", async () => {
    const from = threePlatforms();
    const sparse = await copyTo(from, { platforms: ["linux/amd64", "linux/arm64"] });
    expect(sparse.result.digest).toBe(from.root);
    expect(sparse.to.manifests.size).toBe(3);
    const stripped = await copyTo(from, { platforms: ["linux/amd64", "linux/arm64"], sparse: "strip" });
    const index = parseImageIndex(stripped.result.manifest, stripped.result.mediaType);
    expect(index.manifests.map(({ platform }) => platform?.architecture)).toEqual(["amd64", "arm64"]);
    expect((await validateImage(memorySource(stripped.to))).problems).toEqual([]);
    const error = await errorOf(copyTo(from, { platforms: ["linux/riscv64", "linux/amd64"] }));
    expect(error.message).toBe("the index has no image for linux/riscv64");
    const digest = index.manifests[1]?.digest ?? "";
    const byDigest = await copyTo(from, { platforms: [digest] });
    expect(byDigest.to.manifests.size).toBe(2);
  });

  it("is what platforms are asked of: an image that is no index is copied whatever they are", async () => {
    const from = memoryStore();
    const image = addImage(from, gzipImage);
    for (const platforms of ["all", [], ["linux/riscv64"], { architecture: "riscv64" }] as const) {
      expect((await copyTo(from, { platforms })).result.digest).toBe(image.digest);
      expect((await validateImage(memorySource(from), { platforms })).problems).toEqual([]);
    }
  });

  it("is copied alone where no platform is wanted, unless what is left out is stripped", async () => {
    const from = threePlatforms();
    const { to, result } = await copyTo(from, { platforms: [] });
    expect(result.digest).toBe(from.root);
    expect([...to.manifests.keys()]).toEqual([from.root]);
    expect(to.blobs.size).toBe(0);
    const error = await errorOf(copyTo(from, { platforms: [], sparse: "strip" }));
    expect(error.code).toBe("ERR_DRAYAGE_PLATFORM_NOT_FOUND");
  });

  it("becomes a list or index of the other kind where the destination takes only that", async () => {
    const docker = threePlatforms("v2s2");
    const accepts = { manifestTypes: [mediaTypes.ociManifest, mediaTypes.ociIndex] };
    const { to, result } = await copyTo(docker, { platforms: "all" }, { accepts });
    expect(result.mediaType).toBe(mediaTypes.ociIndex);
    const index = parseImageIndex(result.manifest, result.mediaType);
    expect(index.manifests.map(({ mediaType }) => mediaType)).toEqual(Array(3).fill(mediaTypes.ociManifest));
    expect(index.manifests.map(({ platform }) => platform?.architecture)).toEqual([
      "amd64",
      "arm64",
      "s390x",
    ]);
    expect((await validateImage(memorySource(to))).problems).toEqual([]);
    const back = await copyTo(to, { platforms: "all", format: "v2s2" });
    expect(back.result.mediaType).toBe(mediaTypes.dockerManifestList);
    expect(back.result.digest).not.toBe(result.digest);
    expect((await validateImage(memorySource(back.to))).problems).toEqual([]);
  });

  it("is refused as a whole by a destination of one image", async () => {
    const accepts = { manifestTypes: [mediaTypes.dockerManifest], multipleImages: false };
    const error = await errorOf(copyTo(threePlatforms(), { platforms: "all" }, { accepts }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_DESTINATION_REFUSED", side: "destination" });
    const { result } = await copyTo(
      threePlatforms(),
      { platforms: { architecture: "amd64", os: "linux" } },
      { accepts },
    );
    expect(result.mediaType).toBe(mediaTypes.dockerManifest);
  });

  it("copies an index within an index, an artifact in it and what it does not know", async () => {
    const from = memoryStore();
    const one = addImage(from, { platform: amd64, layers: [shared] });
    const two = addImage(from, { platform: arm64, layers: [shared] });
    const inner = addIndex(from, [two]);
    const artifact = addArtifact(from, bytesOf(5, 50), one);
    const odd = bytesOf(6, 77);
    const digest = digestBytes(odd);
    from.blobs.set(digest, odd);
    addIndex(from, [one, inner, artifact, { mediaType: "application/x-odd", digest, size: 77 }, one]);
    const { to, result } = await copyTo(from, { platforms: "all" });
    expect(result.digest).toBe(from.root);
    expect(result.documents.map(({ kind }) => kind)).toEqual([
      "image",
      "image",
      "index",
      "image",
      "opaque",
      "index",
    ]);
    expect(to.blobs.get(digest)).toEqual(Buffer.from(odd));
    expect((await validateImage(memorySource(to))).problems).toEqual([]);
    const chosen = await copyTo(from, { platforms: { os: "linux", architecture: "arm64" } });
    expect(chosen.result.digest).toBe(two.digest);
    const only = await copyTo(from, { platforms: ["linux/arm64"], sparse: "strip" });
    expect(only.result.documents.map(({ digest: there }) => there)).toEqual([
      two.digest,
      inner.digest,
      only.result.digest,
    ]);
  });

  it("takes no artifact for an image, whatever platform it is for", async () => {
    const from = memoryStore();
    const one = addImage(from, { platform: arm64, layers: [shared] });
    const two = addImage(from, { platform: amd64, layers: [shared] });
    const sbom = { ...addArtifact(from, bytesOf(5, 50), two), artifactType: "application/spdx+json" };
    const [forAmd64, forS390x] = [amd64, s390x].map((platform) => ({ ...sbom, platform }));
    if (forAmd64 === undefined || forS390x === undefined) throw new Error("there are two");
    const inner = addIndex(from, [two]);
    addIndex(from, [one, forAmd64, forS390x, inner]);
    const chosen = await copyTo(from, { platforms: { os: "linux", architecture: "amd64" } });
    expect(chosen.result.digest).toBe(two.digest);
    const wish = { os: "linux", architecture: "s390x" };
    expect(await errorOf(copyTo(from, { platforms: wish }))).toMatchObject({
      code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
      message:
        "the index has no image for linux/s390x; it has linux/arm64/v8, an artifact for linux/amd64, an artifact for linux/s390x",
    });
    // An index of artifacts is one to choose from, also within another one.
    const artifacts = addIndex(from, [forAmd64, forS390x]);
    expect((await copyTo(from, { platforms: wish })).result.digest).toBe(sbom.digest);
    addIndex(from, [artifacts]);
    expect((await copyTo(from, { platforms: wish })).result.digest).toBe(sbom.digest);
    // But none that may take the place of an image.
    addIndex(from, [one, artifacts]);
    expect(await errorOf(copyTo(from, { platforms: wish }))).toMatchObject({
      code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
    });
  });

  it("copies an empty index", async () => {
    const from = memoryStore();
    const index = addIndex(from, []);
    const { result } = await copyTo(from, { platforms: "all" });
    expect(result.digest).toBe(index.digest);
    expect((await errorOf(copyTo(from, {}))).code).toBe("ERR_DRAYAGE_PLATFORM_NOT_FOUND");
  });
});

describe("what may not change", () => {
  it("keeps digests, or says why it cannot", async () => {
    const from = memoryStore();
    const image = addImage(from, plainImage);
    const kept = await copyTo(from, { preserveDigests: true }, { accepts: { layerCompression: "compress" } });
    expect(kept.result.digest).toBe(image.digest);
    const refused = await errorOf(copyTo(from, { preserveDigests: true, format: "v2s2" }));
    expect(refused.code).toBe("ERR_DRAYAGE_CONVERSION_UNSUPPORTED");
    expect(refused.message).toMatch(/digests are to be preserved/);
    const rejected = await errorOf(
      copyTo(from, { preserveDigests: true }, { rejects: [mediaTypes.ociManifest] }),
    );
    expect(rejected.message).toMatch(
      /^the destination rejects .*, but it may not change: digests are to be preserved$/,
    );
  });

  it("keeps what is signed, unless the signatures stay behind", async () => {
    const from = memoryStore();
    const image = addImage(from, plainImage);
    from.signatures.set(image.digest, [{ format: "simple-signing", bytes: bytesOf(1, 10) }]);
    const accepts = { layerCompression: "compress" } as const;
    const refused = await errorOf(copyTo(from, {}, { accepts }));
    expect(refused).toMatchObject({ code: "ERR_DRAYAGE_DESTINATION_REFUSED", side: "destination" });
    expect(refused.hint).toMatch(/--remove-signatures/);
    const signed = await copyTo(from, {}, { accepts, withSignatures: true });
    expect(signed.result.digest).toBe(image.digest);
    expect(signed.to.signatures.get(image.digest)).toHaveLength(1);
    const removed = await copyTo(from, { removeSignatures: true }, { accepts, withSignatures: true });
    expect(removed.result.digest).not.toBe(image.digest);
    expect(removed.to.signatures.size).toBe(0);
  });

  it("gives a destination named by digest that image only", async () => {
    const from = memoryStore();
    const image = addImage(from, plainImage);
    const accepts = { layerCompression: "compress" } as const;
    const dockerReference = parseNormalizedNamed(`example.com/a@${image.digest}`);
    const { result } = await copyTo(from, {}, { accepts, dockerReference });
    expect(result.digest).toBe(image.digest);
    const other = parseNormalizedNamed(`example.com/a@${digestBytes(bytesOf(1, 1))}`);
    const error = await errorOf(copyTo(from, {}, { accepts, dockerReference: other }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH", side: "destination" });
  });

  it("checks the digest that the source is expected to have", async () => {
    const from = memoryStore();
    const image = addImage(from, plainImage);
    await copyTo(from, { expectedDigest: image.digest });
    const error = await errorOf(copyTo(from, { expectedDigest: digestBytes(bytesOf(1, 1)) }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH", side: "source" });
  });
});

describe("a destination that rejects a type", () => {
  it("is given the next one", async () => {
    const from = memoryStore();
    addImage(from, gzipImage);
    const { to, calls } = await copyTo(from, {}, { rejects: [mediaTypes.ociManifest] });
    expect(rootManifest(to).mediaType).toBe(mediaTypes.dockerManifest);
    expect(calls.filter((call) => call.startsWith("putManifest"))).toHaveLength(2);
  });

  it("is told all attempts when it rejects them all", async () => {
    const from = memoryStore();
    addImage(from, gzipImage);
    const types = [mediaTypes.ociManifest, mediaTypes.dockerManifest];
    const error = await errorOf(copyTo(from, {}, { rejects: types, accepts: { manifestTypes: types } }));
    expect(error.code).toBe("ERR_DRAYAGE_MANIFEST_UNSUPPORTED");
    expect(error.message).toBe(
      `the destination takes none of the formats attempted: ${types.map((type) => `${type} (${type} is not taken)`).join(", ")}`,
    );
  });
});

describe("foreign layers", () => {
  const image: TestImage = {
    layers: [{ content: bytesOf(1, 100), urls: ["https://example.com/base"] }, { content: bytesOf(2, 200) }],
  };

  it("stay where they are for a destination that takes their URLs", async () => {
    const from = memoryStore();
    const { digest } = addImage(from, image);
    const skipped = await copyTo(from, {}, { accepts: { foreignLayerUrls: true } });
    expect(skipped.result.blobs.skipped.count).toBe(1);
    expect(skipped.result.blobs.moved.count).toBe(2);
    expect(skipped.result.digest).toBe(digest);
    const fetched = await copyTo(
      from,
      { downloadForeignLayers: true },
      { accepts: { foreignLayerUrls: true } },
    );
    expect(fetched.result.blobs.moved.count).toBe(3);
    const other = await copyTo(from, {}, { accepts: { foreignLayerUrls: false } });
    expect(other.result.blobs.moved.count).toBe(3);
  });
});

describe("an image that is there already", () => {
  it("is skipped where that is asked for", async () => {
    const from = memoryStore();
    addImage(from, gzipImage);
    const { to } = await copyTo(from, {});
    const destination = memoryDestination(to);
    const result = await copyImage({
      source: memorySource(from),
      destination,
      existing: memorySource(to),
      ifPresent: "skip",
    });
    expect(result).toMatchObject({ present: true, digest: from.root, documents: [] });
    expect(destination.calls.filter((call) => !call.startsWith("reuseBlob"))).toEqual([]);
    const elsewhere = memoryDestination(memoryStore());
    const copied = await copyImage({
      source: memorySource(from),
      destination: elsewhere,
      existing: memorySource(memoryStore()),
      ifPresent: "skip",
    });
    expect(copied.present).toBe(false);
  });
});

describe("plans", () => {
  it("tells what will happen, and can be cloned and carried out", async () => {
    const from = memoryStore();
    addImage(from, plainImage);
    const destination = memoryDestination(memoryStore(), { accepts: { layerCompression: "compress" } });
    const plan = await planCopy({ source: memorySource(from), destination });
    expect(describePlan(plan)).toEqual([
      `image ${from.root}`,
      `  manifest kept as ${mediaTypes.ociManifest}: the destination takes it as it is; if it is rejected, ${mediaTypes.dockerManifest}, then ${mediaTypes.dockerV1SignedManifest}, then ${mediaTypes.dockerV1Manifest}`,
      expect.stringMatching(/^ {2}config sha256:\w+, \d+ B: kept: nothing changes it$/),
      expect.stringMatching(
        /^ {2}layer 1 sha256:\w+, 4.9 KiB: compressed with gzip: the destination wants layers compressed$/,
      ),
      expect.stringMatching(
        /^ {2}layer 2 sha256:\w+, 2.9 KiB: compressed with gzip: the destination wants layers compressed$/,
      ),
    ]);
    expect(destination.calls.filter((call) => !call.startsWith("reuseBlob"))).toEqual([]);
    expect(structuredClone(plan)).toEqual(plan);
  });
});

describe("progress", () => {
  it("warns of what a conversion loses, unless Go's bytes are asked for", async () => {
    const from = memoryStore();
    addImage(from, { layers: [{ content: bytesOf(1, 10), annotations: { a: "b" } }] });
    for (const [compat, expected] of [
      [undefined, [`${from.root}: ${mediaTypes.dockerManifest} has no place for layers[0].annotations["a"]`]],
      ["go", []],
    ] as const) {
      const warnings: string[] = [];
      const onProgress = (event: ProgressEvent): void => {
        if (event.type === "warning") warnings.push(event.message);
      };
      await copyTo(from, { format: "v2s2", compat, onProgress });
      expect(warnings).toEqual(expected);
    }
  });

  it("tells of each blob from start to end, in order", async () => {
    const from = memoryStore();
    addImage(from, {
      layers: [{ content: bytesOf(1, 200_000), compression: "none" }, { content: bytesOf(2, 10) }],
    });
    const events: ProgressEvent[] = [];
    await copyTo(from, { onProgress: (event) => events.push(event) }, {}, 10_000);
    expect(events[0]).toEqual({ type: "images", total: 1, of: 1 });
    const perBlob = new Map<string, string[]>();
    const bytes = new Map<string, number>();
    for (const event of events) {
      if (event.type !== "blob") continue;
      const states = perBlob.get(event.digest) ?? [];
      if (states.at(-1) !== event.state) states.push(event.state);
      perBlob.set(event.digest, states);
      if (event.bytes !== undefined) {
        expect(event.bytes).toBeGreaterThanOrEqual(bytes.get(event.digest) ?? 0);
        bytes.set(event.digest, event.bytes);
      }
    }
    expect(perBlob.size).toBe(3);
    for (const states of perBlob.values()) expect(states).toEqual(["start", "bytes", "done"]);
    expect(Math.max(...bytes.values())).toBe(200_000);
    expect(events.at(-1)).toMatchObject({ type: "image", state: "done" });
  });
});
