import { digestBytes } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { mediaTypes } from "@drayage/manifest";
import {
  hostileManifests,
  memoryTransport,
  randomImage,
  randomIndex,
  readImage,
  writeImage,
} from "@drayage/testkit";
import { createRegistry, type Location } from "@drayage/transport";
import { describe, expect, it } from "vitest";
import { copy, inspectImage, planCopy, validateImage } from "../src/index.ts";
import { memoryDestination, memorySource, memoryStore } from "./support/memory-store.ts";

const transport = memoryTransport();
const docker = memoryTransport({
  scheme: "docker-only",
  accepts: {
    manifestTypes: [mediaTypes.dockerManifest],
    layerCompression: "decompress",
    multipleImages: false,
    parallelBlobs: 1,
    foreignLayerUrls: false,
  },
});
const registry = createRegistry([transport, docker]);

async function written(text: string, sample: Parameters<typeof writeImage>[1]): Promise<Location> {
  const location = await registry.resolve(text);
  const destination = await transport.openDestination(transport.parse(location.reference.text));
  try {
    await writeImage(destination, sample);
  } finally {
    await destination.close();
  }
  return location;
}

describe("samples of the testkit", () => {
  it.each([
    ["oci", "gzip"],
    ["oci", "zstd"],
    ["oci", "none"],
    ["docker", "gzip"],
    ["docker", "none"],
  ] as const)(
    "%s in %s arrives where everything is taken, and as docker's where only that is",
    async (format, compression) => {
      const sample = await randomImage({ seed: `${format} ${compression}`, layers: 3, format, compression });
      const from = await written(`memory:a-${format}-${compression}`, sample);
      const to = await registry.resolve(`memory:b-${format}-${compression}`);
      const result = await copy(from, to);
      expect(result.digest).toBe(sample.manifest.digest);
      const unpacked = await registry.resolve(`docker-only:${format}-${compression}`);
      const second = await copy(from, unpacked);
      expect(second.mediaType).toBe(mediaTypes.dockerManifest);
      for (const place of [to, unpacked]) {
        await using source = await place.transport.openSource?.(place.reference);
        if (source === undefined) throw new Error("memory can be read");
        expect((await validateImage(source)).problems).toEqual([]);
      }
    },
  );

  it("an index arrives whole", async () => {
    const sample = await randomIndex({ seed: "index" });
    const from = await written("memory:c", sample);
    const to = await registry.resolve("memory:d");
    expect((await copy(from, to, { platforms: "all" })).digest).toBe(sample.manifest.digest);
    await using source = await transport.openSource(transport.parse("d"));
    expect(await readImage(source)).toMatchObject({ kind: "index" });
  });
});

describe("hostile manifests", () => {
  it.each(hostileManifests())("$name: a typed error of one line, and nothing is put", async (hostile) => {
    const from = memoryStore();
    const digest = digestBytes(hostile.bytes);
    from.manifests.set(digest, { bytes: hostile.bytes, mediaType: hostile.mediaType });
    from.root = digest;
    for (const platforms of ["system", "all"] as const) {
      const destination = memoryDestination(memoryStore());
      const error = await planCopy({ source: memorySource(from), destination, platforms }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(isDrayageError(error) && !error.message.includes("\n")).toBe(true);
      expect(destination.calls.filter((call) => !call.startsWith("reuseBlob"))).toEqual([]);
    }
    await expect(inspectImage(memorySource(from))).rejects.toSatisfy((error) => isDrayageError(error));
    expect((await validateImage(memorySource(from))).valid).toBe(false);
  });
});
