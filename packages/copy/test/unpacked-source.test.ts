import { bytesBlob, readBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { mediaTypes, parseImageManifest } from "@drayage/manifest";
import {
  type MemoryTransport,
  memoryTransport,
  randomImage,
  randomIndex,
  readImage,
  type SampleImage,
  writeImage,
} from "@drayage/testkit";
import { createRegistry, type DestinationAccepts, type Location, type Transport } from "@drayage/transport";
import { describe, expect, it } from "vitest";
import {
  type CopyLocationsOptions,
  type CopyResult,
  copy,
  describePlan,
  planCopy,
  withEnds,
} from "../src/index.ts";

/** A place that gives images with their manifests as they came, and of their layers only the tars. */
function unpackedPlace(): {
  readonly transport: Transport;
  keep(name: string, image: SampleImage): Promise<void>;
} {
  const memory = memoryTransport({ scheme: "unpacked" });
  const layers: SampleImage["layers"][number][] = [];
  const transport: Transport = {
    ...(memory as Transport),
    async openSource(reference, options) {
      const source = await memory.openSource(memory.parse(reference.text), options);
      return {
        ...source,
        layers: async (manifest) =>
          manifest.layers.map(({ digest }) => {
            const found = layers.find(({ descriptor }) => descriptor.digest === digest);
            if (found === undefined) throw new Error(`no layer ${digest}`);
            const { diffId, tar } = found.layer;
            return { mediaType: mediaTypes.ociLayerTar, digest: diffId, size: tar.length };
          }),
        async blob(descriptor, asked) {
          const { digest } = descriptor;
          const tar = layers.find(({ layer }) => layer.diffId === digest)?.layer.tar;
          if (tar !== undefined) return bytesBlob(tar, { digest });
          expect(layers.map((layer) => layer.descriptor.digest)).not.toContain(digest);
          return source.blob(descriptor, asked);
        },
      };
    },
  };
  return {
    transport,
    async keep(name, image) {
      layers.push(...image.layers);
      await using destination = await memory.openDestination(memory.parse(name));
      await writeImage(destination, image);
    },
  };
}

interface World {
  readonly hub: MemoryTransport;
  keep(name: string, image: SampleImage): Promise<void>;
  run(options?: CopyLocationsOptions): Promise<CopyResult>;
  plan(): Promise<readonly string[]>;
}

function world(accepts: Partial<DestinationAccepts> = {}): World {
  const { transport, keep } = unpackedPlace();
  const hub = memoryTransport({ scheme: "hub", accepts });
  const registry = createRegistry([transport, hub]);
  const from = (): Promise<Location> => registry.resolve("unpacked:image");
  const to = (): Promise<Location> => registry.resolve("hub:image");
  return {
    hub,
    keep,
    run: async (options) => copy(await from(), await to(), options),
    plan: async () =>
      withEnds(await from(), await to(), {}, async (ends) => describePlan(await planCopy(ends))),
  };
}

describe("a source that only has its layers unpacked", () => {
  it("gives a destination that takes anything uncompressed layers, and the manifest names them", async () => {
    const { keep, run, hub } = world();
    const image = await randomImage({ seed: "a", compression: "gzip" });
    await keep("image", image);
    await run();
    await using source = await hub.openSource(hub.parse("image"));
    const manifest = await source.manifest();
    const parsed = parseImageManifest(manifest.bytes, manifest.mediaType);
    expect(parsed.layers).toEqual(
      image.layers.map(({ layer }) => ({
        mediaType: mediaTypes.ociLayerTar,
        digest: layer.diffId,
        size: layer.tar.length,
      })),
    );
    expect(parsed.config).toEqual(image.config.descriptor);
    await readImage(source);
  });

  it("gives compressed layers to one that wants them compressed", async () => {
    const { keep, run, hub } = world({ layerCompression: "compress" });
    const image = await randomImage({ seed: "a", compression: "gzip" });
    await keep("image", image);
    await run();
    await using source = await hub.openSource(hub.parse("image"));
    const manifest = await source.manifest();
    const { layers } = parseImageManifest(manifest.bytes, manifest.mediaType);
    for (const [index, layer] of layers.entries()) {
      expect(layer.mediaType).toBe(mediaTypes.ociLayerGzip);
      const blob = await source.blob(layer);
      const tar = await readBlob(
        { ...blob, digest: undefined, size: undefined, steps: [{ do: "inflate" }] },
        { limit: 1 << 20 },
      );
      expect(digestBytes(tar)).toBe(image.layers[index]?.layer.diffId);
    }
  });

  it("keeps the image as it is where the destination has the compressed layers already", async () => {
    const { keep, run, plan, hub } = world({ layerCompression: "compress" });
    const image = await randomImage({ seed: "a", compression: "gzip" });
    await keep("image", image);
    {
      await using destination = await hub.openDestination(hub.parse("image"));
      await writeImage(destination, image);
    }
    expect(
      (await plan()).filter((line) => line.includes("layer")).every((line) => line.includes("reused")),
    ).toBe(true);
    const result = await run();
    expect(result.digest).toBe(image.manifest.digest);
    expect(result.blobs.moved.count).toBe(0);
  });

  it("is refused where the digests are to be preserved and the destination lacks the compressed layers", async () => {
    const { keep, run } = world();
    await keep("image", await randomImage({ seed: "a", compression: "gzip" }));
    const failure = await run({ preserveDigests: true }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isDrayageError(failure, "ERR_DRAYAGE_CONVERSION_UNSUPPORTED")).toBe(true);
    expect((failure as Error).message).toMatch(
      /^the source only has the layer sha256:.* as sha256:.*, but it may not change/,
    );
  });
});

it("a destination is told of the index that its image was chosen from", async () => {
  const index = await randomIndex({ seed: "i" });
  const memory = memoryTransport({ scheme: "from" });
  {
    await using destination = await memory.openDestination(memory.parse("image"));
    await writeImage(destination, index);
  }
  const hub = memoryTransport({ scheme: "hub" });
  const told: unknown[] = [];
  const transport: Transport = {
    ...(hub as Transport),
    async openDestination(reference, options) {
      const opened = await hub.openDestination(hub.parse(reference.text), options);
      return {
        ...opened,
        async commit(o) {
          told.push(o?.origin);
          await opened.commit(o);
        },
      };
    },
  };
  const registry = createRegistry([memory, transport]);
  const ends = [await registry.resolve("from:image"), await registry.resolve("hub:image")] as const;
  await copy(...ends, { platforms: { architecture: "arm64", os: "linux" } });
  await copy(...ends, { platforms: "all" });
  const { bytes, mediaType } = index.manifest;
  expect(told).toEqual([{ bytes, mediaType }, undefined]);
});
