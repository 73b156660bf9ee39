import { gzipSync } from "node:zlib";
import { type Digest, digestBytes } from "@drayage/digest";
import { emptyLayer, manifestDigest, mediaTypes, parseImageManifest } from "@drayage/manifest";
import { parseNormalizedNamed } from "@drayage/reference";
import { describe, expect, it } from "vitest";
import { copyImage, inspectImage, planCopy, validateImage } from "../src/index.ts";
import { addBlob, addImage, bytesOf } from "./support/images.ts";
import {
  type MemoryDestinationOptions,
  type MemoryStore,
  memoryDestination,
  memorySource,
  memoryStore,
} from "./support/memory-store.ts";

const contents = [bytesOf(1, 3000), bytesOf(2, 2000)];

/** A v2s1 image of two layers and an empty one between them, the first gzipped, the other not. */
function oldImage(): MemoryStore {
  const store = memoryStore();
  const [base, top] = contents;
  if (base === undefined || top === undefined) throw new Error("two layers are expected");
  const empty = emptyLayer();
  const layers: Digest[] = [addBlob(store, top), addBlob(store, empty.bytes), addBlob(store, gzipSync(base))];
  const history = [
    {
      id: "c".repeat(64),
      parent: "b".repeat(64),
      created: "2016-01-03T00:00:00Z",
      os: "linux",
      architecture: "amd64",
      config: { Env: ["A=b"] },
    },
    { id: "b".repeat(64), parent: "a".repeat(64), created: "2016-01-02T00:00:00Z", throwaway: true },
    { id: "a".repeat(64), created: "2016-01-01T00:00:00Z" },
  ];
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 1,
      name: "library/old",
      tag: "1",
      architecture: "amd64",
      fsLayers: layers.map((blobSum) => ({ blobSum })),
      history: history.map((entry) => ({ v1Compatibility: JSON.stringify(entry) })),
    }),
  );
  const digest = manifestDigest(bytes);
  store.manifests.set(digest, { bytes, mediaType: mediaTypes.dockerV1Manifest });
  store.root = digest;
  return store;
}

async function copyTo(
  from: MemoryStore,
  options: MemoryDestinationOptions,
  extra: Partial<Parameters<typeof copyImage>[0]> = {},
): Promise<{ store: MemoryStore; manifest: ReturnType<typeof parseImageManifest> }> {
  const store = memoryStore();
  const destination = memoryDestination(store, options);
  const { manifest, mediaType } = await copyImage({
    source: memorySource(from, { chunk: 700 }),
    destination,
    ...extra,
  });
  return { store, manifest: parseImageManifest(manifest, mediaType) };
}

describe("an image of docker v2s1", () => {
  it.each([
    ["preserve", mediaTypes.ociManifest, [mediaTypes.ociLayerGzip, mediaTypes.ociLayerTar]],
    ["compress", mediaTypes.ociManifest, [mediaTypes.ociLayerGzip, mediaTypes.ociLayerGzip]],
    ["decompress", mediaTypes.dockerManifest, [mediaTypes.dockerLayerTar, mediaTypes.dockerLayerTar]],
  ] as const)(
    "gets a config with the diffIDs of its layers (%s)",
    async (layerCompression, type, layerTypes) => {
      for (const compat of [undefined, "go"] as const) {
        const { store, manifest } = await copyTo(
          oldImage(),
          { accepts: { layerCompression, manifestTypes: [type] } },
          { compat },
        );
        const report = await validateImage(memorySource(store));
        // containers/image calls all layers of v2s1 that it does not compress itself gzip, whatever they are.
        const isMisnamed = compat === "go" && layerCompression === "preserve";
        expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual(
          isMisnamed ? [mediaTypes.ociLayerGzip, mediaTypes.ociLayerGzip] : layerTypes,
        );
        expect(report.problems.map(({ severity }) => severity)).toEqual(isMisnamed ? ["warning"] : []);
        const config = store.blobs.get(manifest.config?.digest ?? ("" as Digest));
        const document = JSON.parse(Buffer.from(config ?? []).toString()) as {
          rootfs: { diff_ids: string[] };
        };
        expect(document.rootfs.diff_ids).toEqual(contents.map((content) => digestBytes(content)));
      }
    },
  );

  it("passes as it is where the destination takes it, unless its name changes", async () => {
    const from = oldImage();
    const { store } = await copyTo(from, {});
    expect(store.root).toBe(from.root);
    const dockerReference = parseNormalizedNamed("example.com/other:2");
    const { manifest } = await copyTo(from, { dockerReference });
    expect(manifest.v1).toMatchObject({ name: "other", tag: "2" });
    await expect(copyTo(from, { dockerReference }, { preserveDigests: true })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
    });
  });

  it("is planned with a reason, and leaves its empty layer behind", async () => {
    const destination = memoryDestination(memoryStore(), {
      accepts: { manifestTypes: [mediaTypes.ociManifest] },
    });
    const plan = await planCopy({ source: memorySource(oldImage()), destination });
    const [image] = plan.documents;
    if (image?.kind !== "image") throw new Error("an image is expected");
    expect(image).toMatchObject({ needsDiffIds: true, config: undefined, target: mediaTypes.ociManifest });
    expect(image.layers.map(({ action }) => action.do)).toEqual(["copy", "skip", "copy"]);
  });

  it("is inspected and validated without a config", async () => {
    const { image } = await inspectImage(memorySource(oldImage()));
    expect(image).toMatchObject({ tag: "1", os: "linux", env: ["A=b"], config: undefined });
    expect((await validateImage(memorySource(oldImage()))).problems).toEqual([]);
  });
});

describe("an image that becomes docker v2s1", () => {
  it("is signed, carries its config, and its layers arrive", async () => {
    const from = memoryStore();
    addImage(from, { layers: contents.map((content) => ({ content })) });
    const { store, manifest } = await copyTo(
      from,
      { dockerReference: parseNormalizedNamed("example.com/x:1") },
      { format: "v2s1" },
    );
    expect(manifest.mediaType).toBe(mediaTypes.dockerV1SignedManifest);
    expect(manifest.v1).toMatchObject({ name: "x", tag: "1", architecture: "amd64" });
    expect((await validateImage(memorySource(store))).problems).toEqual([]);
    const back = await copyTo(store, { accepts: { manifestTypes: [mediaTypes.dockerManifest] } });
    expect((await validateImage(memorySource(back.store))).problems).toEqual([]);
  });
});
