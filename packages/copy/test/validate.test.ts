import { gzipSync } from "node:zlib";
import { type Digest, digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import type { ProgressEvent } from "@drayage/transport";
import { describe, expect, it } from "vitest";
import { validateImage } from "../src/index.ts";
import { addImage, addIndex, addManifest, bytesOf } from "./support/images.ts";
import { type MemoryStore, memorySource, memoryStore } from "./support/memory-store.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64" };

interface Document {
  config: { digest: Digest; size: number };
  layers: { digest: Digest; size: number; mediaType: string }[];
}

function documentOf(store: MemoryStore, digest: Digest): Document {
  return JSON.parse(Buffer.from(store.manifests.get(digest)?.bytes ?? []).toString()) as Document;
}

/** Replaces an image's manifest by an edited one, which becomes the store's root. */
function editManifest(store: MemoryStore, digest: Digest, edit: (document: Document) => void): Digest {
  const document = documentOf(store, digest);
  edit(document);
  return addManifest(store, Buffer.from(JSON.stringify(document)), mediaTypes.ociManifest);
}

function editConfig(
  store: MemoryStore,
  digest: Digest,
  edit: (config: Record<string, unknown>) => void,
): Digest {
  return editManifest(store, digest, (document) => {
    const config = JSON.parse(
      Buffer.from(store.blobs.get(document.config.digest) ?? []).toString(),
    ) as Record<string, unknown>;
    edit(config);
    const bytes = Buffer.from(JSON.stringify(config));
    document.config = { ...document.config, digest: digestBytes(bytes), size: bytes.length };
    store.blobs.set(document.config.digest, bytes);
  });
}

const twoLayers = {
  layers: [{ content: bytesOf(1, 5000) }, { content: bytesOf(2, 300), compression: "none" as const }],
};

describe("a sound image", () => {
  it("has no problem, and all of it was read", async () => {
    const store = memoryStore();
    const one = addImage(store, { ...twoLayers, platform: amd64 });
    const two = addImage(store, { ...twoLayers, platform: arm64 });
    const index = addIndex(store, [one, addIndex(store, [two])]);
    const events: ProgressEvent[] = [];
    const report = await validateImage(memorySource(store, { chunk: 100 }), {
      onProgress: (event) => events.push(event),
    });
    expect(report).toMatchObject({
      valid: true,
      problems: [],
      digest: index.digest,
      mediaType: mediaTypes.ociIndex,
    });
    expect(report.checked).toMatchObject({ indexes: 2, manifests: 2, configs: 2, layers: 2 });
    const sizes = documentOf(store, one.digest).layers.map(({ size }) => size);
    const configs = [one, two].map(({ digest }) => documentOf(store, digest).config.size);
    expect(report.checked.bytes).toBe([...sizes, ...configs].reduce((sum, size) => sum + size, 0));
    expect(events.filter((event) => event.type === "blob" && event.state === "done")).toHaveLength(2);
  });

  it("may name its layers' contents by other algorithms than its blobs", async () => {
    const store = memoryStore();
    const image = addImage(store, twoLayers);
    const contents = twoLayers.layers.map(({ content }) => content);
    editConfig(store, image.digest, (config) => {
      config.rootfs = { type: "layers", diff_ids: contents.map((bytes) => digestBytes(bytes, "sha512")) };
    });
    expect((await validateImage(memorySource(store))).problems).toEqual([]);
    editConfig(store, image.digest, (config) => {
      config.rootfs = {
        type: "layers",
        diff_ids: [...contents].reverse().map((b) => digestBytes(b, "sha512")),
      };
    });
    const { problems } = await validateImage(memorySource(store));
    expect(problems.map(({ code, place }) => [code, place.layer])).toEqual([
      ["ERR_DRAYAGE_DIGEST_MISMATCH", 0],
      ["ERR_DRAYAGE_DIGEST_MISMATCH", 1],
    ]);
    expect(problems[0]?.message).toContain(digestBytes(contents[0] ?? new Uint8Array(), "sha512"));
  });

  it("is checked for one platform, or for some, where that is asked for", async () => {
    const store = memoryStore();
    const one = addImage(store, { ...twoLayers, platform: amd64 });
    const two = addImage(store, { layers: [{ content: bytesOf(3, 10) }], platform: arm64 });
    addIndex(store, [one, two]);
    for (const layer of documentOf(store, two.digest).layers) store.blobs.delete(layer.digest);
    expect((await validateImage(memorySource(store), { platforms: amd64 })).problems).toEqual([]);
    expect((await validateImage(memorySource(store), { platforms: ["linux/amd64"] })).problems).toEqual([]);
    expect((await validateImage(memorySource(store))).problems).toHaveLength(1);
    const report = await validateImage(memorySource(store), { platforms: ["linux/s390x"] });
    expect(report.problems.map(({ code }) => code)).toEqual(["ERR_DRAYAGE_PLATFORM_NOT_FOUND"]);
  });
});

describe("all problems are found, each with its place", () => {
  it("blobs that are missing, damaged, too short, or of other content", async () => {
    const store = memoryStore();
    const contents = [1, 2, 3, 4].map((seed) => bytesOf(seed, 1000 * seed));
    const image = addImage(store, { layers: contents.map((content) => ({ content })), platform: amd64 });
    const { layers } = documentOf(store, image.digest);
    const [missing, damaged, short, other] = layers.map(({ digest }) => digest);
    if (!missing || !damaged || !short || !other) throw new Error("four layers are expected");
    store.blobs.delete(missing);
    const bytes = Buffer.from(store.blobs.get(damaged) ?? []);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
    store.blobs.set(damaged, bytes);
    store.blobs.set(short, (store.blobs.get(short) ?? new Uint8Array()).subarray(0, 500));
    store.blobs.set(other, gzipSync(bytesOf(9, 50)));
    const report = await validateImage(memorySource(store));
    expect(report.valid).toBe(false);
    const found = report.problems.map(({ code, place }) => [place.what, place.layer, code]);
    expect(found).toContainEqual(["layer", 0, "ERR_DRAYAGE_BLOB_NOT_FOUND"]);
    expect(found).toContainEqual(["layer", 1, "ERR_DRAYAGE_DIGEST_MISMATCH"]);
    expect(found).toContainEqual(["layer", 2, "ERR_DRAYAGE_SIZE_MISMATCH"]);
    expect(found).toContainEqual(["layer", 3, "ERR_DRAYAGE_SIZE_MISMATCH"]);
    for (const { place, message } of report.problems) {
      expect(place.document).toBe(image.digest);
      expect(place.digest).toBe(layers[place.layer ?? -1]?.digest);
      expect(message).not.toMatch(/\n/);
    }
  });

  it("sizes in descriptors that are wrong", async () => {
    const store = memoryStore();
    const image = addImage(store, twoLayers);
    editManifest(store, image.digest, (document) => {
      for (const layer of document.layers) layer.size += 1;
      document.config.size -= 1;
    });
    const report = await validateImage(memorySource(store));
    expect(report.problems.map(({ code, place }) => `${code} ${place.what}`)).toEqual([
      "ERR_DRAYAGE_SIZE_MISMATCH config",
      "ERR_DRAYAGE_SIZE_MISMATCH layer",
      "ERR_DRAYAGE_SIZE_MISMATCH layer",
    ]);
  });

  it("configs that do not agree with the layers", async () => {
    const store = memoryStore();
    const image = addImage(store, twoLayers);
    const other = digestBytes(bytesOf(1, 1));
    editConfig(store, image.digest, (config) => {
      config.rootfs = { type: "layers", diff_ids: [other, digestBytes(bytesOf(2, 300)), other] };
      config.history = [{ created_by: "x" }, { created_by: "y", empty_layer: true }];
      config.os = "";
    });
    const report = await validateImage(memorySource(store));
    expect(report.problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      "error: the config lists 3 diffIDs, the manifest 2 layers",
      "error: the config's history tells of 1 layers, the manifest has 2",
      "warning: the config does not say its platform",
      `error: layer 1 unpacks to ${digestBytes(bytesOf(1, 5000))}, the config says ${other}`,
    ]);
  });

  it("a config that is no config", async () => {
    const store = memoryStore();
    const image = addImage(store, twoLayers);
    editManifest(store, image.digest, (document) => {
      const bytes = Buffer.from("[]");
      document.config = { ...document.config, digest: digestBytes(bytes), size: 2 };
      store.blobs.set(document.config.digest, bytes);
    });
    const report = await validateImage(memorySource(store));
    expect(report.problems.map(({ code, place }) => [code, place.what])).toEqual([
      ["ERR_DRAYAGE_CONFIG_INVALID", "config"],
    ]);
    expect(report.checked.layers).toBe(2);
  });

  it("layers whose media type is not what they are, as a warning", async () => {
    const store = memoryStore();
    const image = addImage(store, twoLayers);
    editManifest(store, image.digest, (document) => {
      for (const layer of document.layers) {
        layer.mediaType =
          layer.mediaType === mediaTypes.ociLayerTar ? mediaTypes.ociLayerGzip : mediaTypes.ociLayerTar;
      }
    });
    const report = await validateImage(memorySource(store));
    expect(report.valid).toBe(true);
    expect(report.problems.map(({ severity, place }) => [severity, place.layer])).toEqual([
      ["warning", 0],
      ["warning", 1],
    ]);
  });

  it("members of an index that are missing, of another size or type, or for another platform", async () => {
    const store = memoryStore();
    const one = addImage(store, { ...twoLayers, platform: amd64 });
    const missing = { ...one, digest: digestBytes(bytesOf(8, 8)), platform: arm64 };
    addIndex(store, [
      { ...one, size: one.size + 1, platform: { os: "linux", architecture: "s390x" } },
      missing,
      { ...one, mediaType: mediaTypes.dockerManifest },
    ]);
    const report = await validateImage(memorySource(store));
    expect(report.problems.map(({ code, place }) => [code, place.what])).toEqual([
      ["ERR_DRAYAGE_SIZE_MISMATCH", "manifest"],
      ["ERR_DRAYAGE_CONFIG_INVALID", "config"],
      ["ERR_DRAYAGE_IMAGE_NOT_FOUND", "manifest"],
      ["ERR_DRAYAGE_MANIFEST_INVALID", "manifest"],
    ]);
  });

  it("a manifest that cannot be read", async () => {
    const report = await validateImage(memorySource(memoryStore()));
    expect(report).toMatchObject({ valid: false, digest: undefined });
    expect(report.problems.map(({ code }) => code)).toEqual(["ERR_DRAYAGE_IMAGE_NOT_FOUND"]);
  });
});

it("an abort is thrown, and ends the reading", async () => {
  const store = memoryStore();
  addImage(store, twoLayers);
  const controller = new AbortController();
  const reading = validateImage(memorySource(store, { chunk: 10, onChunk: () => controller.abort() }), {
    signal: controller.signal,
  });
  await expect(reading).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
});

describe("an index that names one index very often", () => {
  it("is checked by reading each document once", async () => {
    const store = memoryStore();
    const image = addImage(store, { ...twoLayers, platform: amd64 });
    const inner = addIndex(
      store,
      Array.from({ length: 200 }, () => image),
    );
    addIndex(
      store,
      Array.from({ length: 200 }, () => inner),
    );
    const source = memorySource(store, { chunk: 100 });
    let reads = 0;
    const counting = Object.assign(Object.create(source) as typeof source, {
      manifest: (...args: Parameters<typeof source.manifest>) => {
        reads += 1;
        return source.manifest(...args);
      },
    });
    const report = await validateImage(counting);
    expect(report).toMatchObject({ valid: true, checked: { indexes: 2, manifests: 1 } });
    expect(reads).toBe(3);
  });
});
