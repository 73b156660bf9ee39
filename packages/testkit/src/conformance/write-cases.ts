import assert from "node:assert/strict";
import { streamBlob } from "@drayage/blob";
import { mediaTypes } from "@drayage/manifest";
import { randomIndex, type SampleBlob, type SampleFormat, type SampleIndex } from "../image.ts";
import { randomLayer } from "../layer.ts";
import { readImage } from "../read-image.ts";
import { sampleBlob, writeImage } from "../write-image.ts";
import { assertSame, rejects } from "./assertions.ts";
import { type Bench, takes } from "./bench.ts";
import type { Cases } from "./case.ts";
import { meetingStreams, pieces } from "./streams.ts";

export const writeCases: Cases<
  | "keeps an OCI image byte for byte"
  | "keeps a docker image byte for byte"
  | "keeps an OCI index of two platforms byte for byte"
  | "keeps a docker manifest list of two platforms byte for byte"
  | "keeps an image without layers"
  | "keeps an image that has the same layer twice"
  | "keeps an empty layer"
  | "keeps layers of many chunks"
  | "takes the config before the layers"
  | "takes blobs that arrive in a stream"
  | "takes blobs whose digest and size nobody knows beforehand"
  | "says what it stored"
  | "tells how much of a blob was read"
  | "refuses types of manifests that it does not list"
  | "refuses a manifest of more than 4 MiB when it is written or read"
  | "takes as many blobs at a time as it says"
  | "keeps signatures"
> = {
  "keeps an OCI image byte for byte": { needs: both(), run: (bench) => roundTripOf(bench, "oci") },
  "keeps a docker image byte for byte": { needs: both(), run: (bench) => roundTripOf(bench, "docker") },
  "keeps an OCI index of two platforms byte for byte": {
    needs: both(),
    run: (bench) => indexRoundTrip(bench, "oci"),
  },
  "keeps a docker manifest list of two platforms byte for byte": {
    needs: both(),
    run: (bench) => indexRoundTrip(bench, "docker"),
  },
  "keeps an image without layers": {
    needs: both(),
    run: async (bench) => roundTrip(bench, await bench.sample({ layers: 0 })),
  },
  "keeps an image that has the same layer twice": {
    needs: both(),
    async run(bench) {
      const { layers } = await bench.sample();
      const [layer, other] = layers.map((each) => each.layer);
      assert.ok(layer && other);
      await roundTrip(bench, await bench.sample({ layers: [layer, other, layer] }));
    },
  },
  "keeps an empty layer": {
    needs: both(),
    async run(bench) {
      const [first] = (await bench.sample()).layers;
      assert.ok(first);
      const empty = await randomLayer({ seed: 1, files: 0, compression: first.layer.compression });
      await roundTrip(bench, await bench.sample({ layers: [empty, first.layer] }));
    },
  },
  "keeps layers of many chunks": {
    needs: both(),
    async run(bench) {
      const [first] = (await bench.sample()).layers;
      const compression = first?.layer.compression;
      const large = await randomLayer({ seed: "large", files: 2, fileSize: 700_000, compression });
      await roundTrip(bench, await bench.sample({ layers: [large] }));
    },
  },
  "takes the config before the layers": {
    needs: both(),
    async run(bench) {
      const sample = await bench.sample();
      const reference = bench.reference();
      const destination = await bench.destination(reference);
      const { config, layers, manifest } = sample;
      await destination.putBlob(sampleBlob(config), {
        kind: "config",
        mediaType: config.descriptor.mediaType,
      });
      for (const [layerIndex, layer] of layers.entries()) {
        const { mediaType } = layer.descriptor;
        await destination.putBlob(sampleBlob(layer), { kind: "layer", mediaType, layerIndex });
      }
      await destination.putManifest(manifest.bytes, { mediaType: manifest.mediaType });
      await destination.commit();
      await destination.close();
      assertSame(await readImage(await bench.source(reference)), sample, bench);
    },
  },
  "takes blobs that arrive in a stream": {
    needs: both(),
    run: async (bench) =>
      roundTrip(bench, await bench.sample(), ({ bytes, descriptor }) =>
        streamBlob(() => pieces(bytes, 333), { digest: descriptor.digest, size: descriptor.size }),
      ),
  },
  "takes blobs whose digest and size nobody knows beforehand": {
    needs: both(),
    run: async (bench) =>
      roundTrip(bench, await bench.sample(), ({ bytes }) => streamBlob(() => pieces(bytes, 1000))),
  },
  "says what it stored": {
    needs: both(),
    async run(bench) {
      const { layers, config } = await bench.sample();
      const destination = await bench.destination(bench.reference());
      for (const [kind, sample] of [
        ...layers.map((each) => ["layer", each] as const),
        ["config", config] as const,
      ]) {
        const { digest, size, mediaType } = sample.descriptor;
        const unknown = streamBlob(() => pieces(sample.bytes, 1000));
        const result = await destination.putBlob(unknown, { kind, mediaType, layerIndex: 0 });
        assert.equal(result.digest, digest, "the digest");
        assert.equal(result.size, size, "the size");
        assert.deepEqual(result.stages[0], { digest, size }, "the first stage, which is the origin's bytes");
      }
    },
  },
  "tells how much of a blob was read": {
    needs: both(),
    async run(bench) {
      const large = await randomLayer({ seed: 2, files: 2, fileSize: 600_000, compression: "none" });
      const [layer] = (await bench.sample({ layers: [large] })).layers;
      assert.ok(layer);
      const totals: number[] = [];
      const destination = await bench.destination(bench.reference());
      await destination.putBlob(sampleBlob(layer), {
        kind: "layer",
        mediaType: layer.descriptor.mediaType,
        layerIndex: 0,
        onBytes: (total) => totals.push(total),
      });
      assert.deepEqual(
        [...totals].sort((a, b) => a - b),
        totals,
        "the totals rise",
      );
      assert.equal(totals.at(-1), layer.bytes.length, "the last total is the whole blob");
    },
  },
  "refuses types of manifests that it does not list": {
    needs: both(),
    async run(bench) {
      const { manifestTypes } = await bench.accepts();
      if (manifestTypes.length === 0) return bench.skip("it takes manifests of every type");
      const unlisted = [mediaTypes.dockerV1Manifest, "application/x-unheard-of"].find(
        (mediaType) => !takes(manifestTypes, mediaType),
      );
      assert.ok(unlisted);
      const before = await bench.snapshot();
      const destination = await bench.destination(bench.reference());
      const bytes = new TextEncoder().encode('{"schemaVersion":1}');
      await rejects(
        destination.putManifest(bytes, { mediaType: unlisted }),
        "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
      );
      await destination.close();
      assert.deepEqual(await bench.snapshot(), before);
    },
  },
  "refuses a manifest of more than 4 MiB when it is written or read": {
    needs: both(),
    async run(bench) {
      const { manifest, ...sample } = await bench.sample();
      const text = new TextDecoder().decode(manifest.bytes);
      const long = text.replace("{", `{"annotations":{"long":"${"x".repeat(4 * 1024 * 1024)}"},`);
      const bytes = new TextEncoder().encode(long);
      const reference = bench.reference();
      const writing = (async () => {
        const destination = await bench.destination(reference);
        await writeImage(destination, { ...sample, manifest: { ...manifest, bytes } });
        await destination.close();
        const source = await bench.source(reference);
        await source.manifest();
      })();
      await rejects(writing, "ERR_DRAYAGE_LIMIT_EXCEEDED");
    },
  },
  "takes as many blobs at a time as it says": {
    needs: both(),
    async run(bench) {
      const { parallelBlobs } = await bench.accepts();
      assert.ok(Number.isInteger(parallelBlobs) && parallelBlobs >= 1, "parallelBlobs is a count");
      if (parallelBlobs === 1) return bench.skip("it takes one blob after the other: parallelBlobs is 1");
      const sample = await bench.sample({ layers: Math.min(parallelBlobs, 4) });
      const reference = bench.reference();
      const destination = await bench.destination(reference);
      const streams = meetingStreams(sample.layers.map(({ bytes }) => bytes));
      const all = Promise.all(
        sample.layers.map(async ({ descriptor }, layerIndex) => {
          const { mediaType, digest, size } = descriptor;
          const open = streams[layerIndex];
          assert.ok(open);
          await destination.putBlob(streamBlob(open, { digest, size }), {
            kind: "layer",
            mediaType,
            layerIndex,
          });
        }),
      );
      await bench.soon(all);
      await writeImage(destination, { ...sample, layers: [] });
      await destination.close();
      assertSame(await readImage(await bench.source(reference)), sample, bench);
    },
  },
  "keeps signatures": {
    needs: both(),
    async run(bench) {
      const sample = await bench.sample();
      const reference = bench.reference();
      const destination = await bench.destination(reference);
      if (destination.putSignatures === undefined) return bench.skip("its destinations take no signatures");
      const signatures = ["one", "another"].map((text) => ({
        format: "simple-signing",
        bytes: new TextEncoder().encode(text),
      }));
      await writeImage(destination, sample, { commit: false });
      await destination.putSignatures(signatures);
      await destination.commit();
      await destination.close();
      const source = await bench.source(reference);
      assert.ok(source.signatures, "a transport that takes signatures gives them back");
      const read = await source.signatures();
      assert.deepEqual(
        read.map(({ format, bytes }) => ({ format, bytes: new Uint8Array(bytes) })),
        signatures,
      );
    },
  },
};

function both(): readonly ["openSource", "openDestination"] {
  return ["openSource", "openDestination"];
}

const formats = {
  oci: { image: mediaTypes.ociManifest, index: mediaTypes.ociIndex },
  docker: { image: mediaTypes.dockerManifest, index: mediaTypes.dockerManifestList },
} as const;

async function roundTripOf(bench: Bench, format: SampleFormat): Promise<void> {
  const { manifestTypes } = await bench.accepts();
  const mediaType = formats[format].image;
  if (!takes(manifestTypes, mediaType)) return bench.skip(`it takes no manifests of the type ${mediaType}`);
  await roundTrip(bench, await bench.sample({ format }));
}

async function indexRoundTrip(bench: Bench, format: SampleFormat): Promise<void> {
  const { manifestTypes, multipleImages, layerCompression } = await bench.accepts();
  if (!multipleImages) return bench.skip("it keeps one image: multipleImages is false");
  const mediaType = formats[format].index;
  if (!takes(manifestTypes, mediaType)) return bench.skip(`it takes no manifests of the type ${mediaType}`);
  const compression = layerCompression === "decompress" ? "none" : "gzip";
  await roundTrip(bench, await randomIndex({ seed: "index", format, compression }));
}

async function roundTrip(
  bench: Bench,
  sample: Awaited<ReturnType<Bench["sample"]>> | SampleIndex,
  blobOf?: (sample: SampleBlob) => ReturnType<typeof sampleBlob>,
): Promise<void> {
  const reference = bench.reference();
  const destination = await bench.destination(reference);
  await writeImage(destination, sample, { blobOf });
  await destination.close();
  assertSame(await readImage(await bench.source(reference)), sample, bench);
}
