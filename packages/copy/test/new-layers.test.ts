import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesBlob, readBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { memoryTransport } from "@drayage/testkit";
import type { ImageDestination, NewLayerProgress } from "@drayage/transport";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compressionFor, layerMediaType, putNewLayers, spoolLayer } from "../src/index.ts";

let temporaryDir: string;
beforeEach(() => {
  temporaryDir = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(temporaryDir, { recursive: true }));

const tar = new Uint8Array(4096).map((_, index) => (index * 7) % 11);
const diffId = digestBytes(tar);
const options = { manifestType: mediaTypes.ociManifest, below: 1 } as const;

function open(accepts: Partial<ImageDestination["accepts"]> = {}): Promise<ImageDestination> {
  const transport = memoryTransport();
  return transport
    .openDestination(transport.parse("image"))
    .then((destination) => ({ ...destination, accepts: { ...destination.accepts, ...accepts } }));
}

describe("compressionFor", () => {
  it.each([
    ["decompress", { format: "zstd" }, { format: "none" }],
    ["decompress", undefined, { format: "none" }],
    ["compress", undefined, { format: "gzip" }],
    ["compress", { format: "none" }, { format: "gzip" }],
    ["compress", { format: "zstd", level: 3 }, { format: "zstd", level: 3 }],
    ["preserve", undefined, { format: "none" }],
    ["preserve", { format: "gzip" }, { format: "gzip" }],
  ] as const)("where the destination says %s, and %o is wished", (layerCompression, wish, expected) => {
    expect(compressionFor({ layerCompression }, wish)).toEqual(expected);
  });
});

describe("layerMediaType", () => {
  it("has a type for each compression that the manifest knows", () => {
    expect(layerMediaType(mediaTypes.ociManifest, "zstd")).toBe(mediaTypes.ociLayerZstd);
    expect(layerMediaType(mediaTypes.dockerManifest, "gzip")).toBe(mediaTypes.dockerLayerGzip);
    expect(() => layerMediaType(mediaTypes.dockerManifest, "zstd")).toThrow(
      "media type for zstd-compressed layers is not defined",
    );
  });
});

describe("putNewLayers", () => {
  it.each(["none", "gzip", "zstd"] as const)(
    "puts a layer with %s, and gives what it can be named by",
    async (format) => {
      await using destination = await open({ layerCompression: "preserve" });
      const wish = { ...options, compression: { format } };
      await using placed = await putNewLayers(destination, [{ tar: bytesBlob(tar) }], wish);
      const [layer] = placed.layers;
      if (layer === undefined) throw new Error("it was placed");
      expect(layer).toMatchObject({ diffId, tarSize: tar.length, compression: format, how: "put" });
      const bytes = await readBlob(layer.blob, { limit: 10_000 });
      expect(digestBytes(bytes)).toBe(layer.digest);
      const { digest, size } = layer;
      const found = await destination.reuseBlob?.(
        { mediaType: "x", digest, size },
        { kind: "layer", mediaType: "x" },
      );
      expect(found).toMatchObject({ size });
    },
  );

  it("tells of a layer while it is made, and of none that is found", async () => {
    await using destination = await open({ layerCompression: "preserve" });
    const events: NewLayerProgress[] = [];
    const onProgress = (event: NewLayerProgress): void => void events.push(event);
    await using placed = await putNewLayers(destination, [{ tar: bytesBlob(tar) }], {
      ...options,
      onProgress,
    });
    const known = placed.layers.map(({ digest, size }) => ({ digest, size }))[0];
    const about = { type: "newLayer", layerIndex: 1 };
    expect(events[0]).toEqual({ ...about, state: "start" });
    expect(events.slice(1, -1)).toContainEqual({ ...about, state: "bytes", bytes: tar.length });
    expect(events.at(-1)).toEqual({ ...about, state: "done", bytes: tar.length, stored: known });
    events.length = 0;
    const again = { tar: bytesBlob(tar), known: { diffId, tarSize: tar.length, blobs: [] } };
    await using found = await putNewLayers(destination, [again], { ...options, onProgress });
    expect(found.layers[0]?.how).toBe("found");
    expect(events).toEqual([]);
  });

  it("waits in a temporary file where layers of a base come first", async () => {
    await using destination = await open({ layerCompression: "decompress", keepsOrder: true });
    const placed = await putNewLayers(destination, [{ tar: bytesBlob(tar) }], { ...options, temporaryDir });
    const [layer] = placed.layers;
    if (layer === undefined) throw new Error("it was placed");
    expect(layer).toMatchObject({ digest: diffId, size: tar.length, how: "kept" });
    expect(await readBlob(layer.blob, { limit: 10_000 })).toEqual(tar);
    await placed[Symbol.asyncDispose]();
    expect(readdirSync(temporaryDir)).toEqual([]);
  });
});

describe("spoolLayer", () => {
  it("leaves nothing where the layer cannot be read", async () => {
    const broken = bytesBlob(tar, { digest: digestBytes(new Uint8Array()) });
    const spooling = spoolLayer(broken, { compression: { format: "none" }, temporaryDir });
    await expect(spooling).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    expect(readdirSync(temporaryDir)).toEqual([]);
  });
});
