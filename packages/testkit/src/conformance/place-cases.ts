import assert from "node:assert/strict";
import { digestBytes } from "@drayage/digest";
import {
  type ImageDestination,
  type PutBlobOptions,
  type ReusedBlob,
  requireAbility,
} from "@drayage/transport";
import type { SampleBlob, SampleImage } from "../image.ts";
import { readImage } from "../read-image.ts";
import { sampleBlob, writeImage } from "../write-image.ts";
import { assertSame, rejects } from "./assertions.ts";
import type { Cases } from "./case.ts";

export const placeCases: Cases<
  | "treats a second image at the same reference as it says"
  | "lets the last of two writers win, with its image whole"
  | "reuses the blobs that it has, and no others"
  | "changes nothing when it is only asked for a blob"
  | "has at the commit what it said that it has"
  | "deletes an image"
  | "says that there is no image to delete"
  | "lists the images at a place"
> = {
  "treats a second image at the same reference as it says": {
    needs: ["openSource", "openDestination"],
    async run(bench) {
      const { reference, sample } = await bench.written();
      const other = await bench.sample({ seed: "other", layers: 3 });
      const writing = (async () => {
        const destination = await bench.destination(reference);
        await writeImage(destination, other);
        await destination.close();
      })();
      const replaces = bench.traits.overwriting === "replaces";
      if (replaces) await writing;
      else await rejects(writing, "ERR_DRAYAGE_DESTINATION_EXISTS");
      assertSame(await readImage(await bench.source(reference)), replaces ? other : sample, bench);
    },
  },
  "lets the last of two writers win, with its image whole": {
    needs: ["openSource", "openDestination"],
    async run(bench) {
      if (bench.traits.overwriting !== "replaces") return bench.skip("it replaces no image");
      const reference = bench.reference();
      const samples = [await bench.sample(), await bench.sample({ seed: "other", layers: 3 })];
      const destinations = await Promise.all(samples.map(() => bench.destination(reference)));
      await Promise.all(
        destinations.map((destination, index) => {
          const sample = samples[index];
          assert.ok(sample);
          return writeImage(destination, sample, { commit: false });
        }),
      );
      for (const destination of destinations) {
        await destination.commit();
        await destination.close();
      }
      const last = samples.at(-1);
      assert.ok(last);
      assertSame(await readImage(await bench.source(reference)), last, bench);
    },
  },
  "reuses the blobs that it has, and no others": {
    needs: ["openSource", "openDestination"],
    async run(bench) {
      const sample = await bench.sample();
      const reference = bench.reference();
      const destination = await bench.destination(reference);
      if (destination.reuseBlob === undefined) return bench.skip("its destinations reuse no blobs");
      for (const [layerIndex, layer] of sample.layers.entries()) {
        const { descriptor } = layer;
        const options = { kind: "layer", mediaType: descriptor.mediaType, layerIndex } as const;
        assert.equal(await destination.reuseBlob(descriptor, options), undefined, "nothing was put yet");
        await destination.putBlob(sampleBlob(layer), options);
        const reused = await destination.reuseBlob(descriptor, options);
        assert.equal(reused?.size, descriptor.size, "the size of what was put");
        const absent = { ...descriptor, digest: digestBytes(new TextEncoder().encode("absent")) };
        assert.equal(await destination.reuseBlob(absent, options), undefined, "a blob that nobody put");
      }
      await writeImage(destination, { ...sample, layers: [] });
      await destination.close();
      assertSame(await readImage(await bench.source(reference)), sample, bench);
    },
  },
  "changes nothing when it is only asked for a blob": {
    needs: ["openDestination"],
    async run(bench) {
      const { reference, sample } = await bench.written();
      const before = await bench.snapshot();
      const target = bench.traits.overwriting === "replaces" ? reference : bench.reference();
      const destination = await bench.destination(target);
      if (destination.reuseBlob === undefined) return bench.skip("its destinations reuse no blobs");
      const open = await bench.snapshot();
      await lookAtAll(destination, sample);
      assert.deepEqual(await bench.snapshot(), open, "the place while the destination is open");
      await destination.close();
      assert.deepEqual(await bench.snapshot(), before, "the place after the destination was closed");
    },
  },
  "has at the commit what it said that it has": {
    needs: ["openSource", "openDestination"],
    async run(bench) {
      if (bench.traits.overwriting !== "replaces") return bench.skip("it replaces no image");
      const { reference, sample } = await bench.written();
      const destination = await bench.destination(reference);
      if (destination.reuseBlob === undefined) return bench.skip("its destinations reuse no blobs");
      const seen = await lookAtAll(destination, sample);
      for (const { blob, options, found } of seen) {
        const { size } = blob.descriptor;
        // What it would first have to bring is asked for again, and brought by hand if it says no.
        const needed =
          found?.from !== undefined ? await destination.reuseBlob(blob.descriptor, options) : found;
        assert.ok(needed === undefined || needed.size === size, "the size of what it has");
        if (needed === undefined) await destination.putBlob(sampleBlob(blob), options);
      }
      const { bytes, mediaType } = sample.manifest;
      await destination.putManifest(bytes, { mediaType });
      await destination.commit();
      await destination.close();
      assertSame(await readImage(await bench.source(reference)), sample, bench);
    },
  },
  "deletes an image": {
    needs: ["openSource", "openDestination", "deleteImage"],
    async run(bench) {
      const { reference } = await bench.written();
      await requireAbility(bench.transport, "deleteImage").deleteImage(reference);
      await rejects(bench.source(reference), "ERR_DRAYAGE_IMAGE_NOT_FOUND");
      const sample = await bench.sample();
      const destination = await bench.destination(reference);
      await writeImage(destination, sample);
      await destination.close();
      assertSame(await readImage(await bench.source(reference)), sample, bench);
    },
  },
  "says that there is no image to delete": {
    needs: ["deleteImage"],
    async run(bench) {
      const before = await bench.snapshot();
      const { deleteImage } = requireAbility(bench.transport, "deleteImage");
      await rejects(deleteImage.call(bench.transport, bench.reference()), "ERR_DRAYAGE_IMAGE_NOT_FOUND");
      assert.deepEqual(await bench.snapshot(), before);
    },
  },
  "lists the images at a place": {
    needs: ["openDestination", "listTags"],
    async run(bench) {
      const { reference } = await bench.written();
      const tags = await requireAbility(bench.transport, "listTags").listTags(reference);
      assert.ok(tags.length >= 1, "the image that was written is listed");
      assert.equal(new Set(tags).size, tags.length, "no name is listed twice");
    },
  },
};

/** Asks for each blob of a sample without wanting it, and for one that nobody has. */
async function lookAtAll(
  destination: ImageDestination,
  { layers, config }: SampleImage,
): Promise<
  readonly {
    readonly blob: SampleBlob;
    readonly options: PutBlobOptions;
    readonly found: ReusedBlob | undefined;
  }[]
> {
  const asked = [
    ...layers.map((blob, layerIndex) => ({ blob, kind: "layer" as const, layerIndex })),
    { blob: config, kind: "config" as const },
  ];
  const seen = [];
  for (const { blob, ...place } of asked) {
    const { descriptor } = blob;
    const options = { ...place, mediaType: descriptor.mediaType };
    const found = await destination.reuseBlob?.(descriptor, { ...options, lookOnly: true });
    seen.push({ blob, options, found });
    const absent = { ...descriptor, digest: digestBytes(new TextEncoder().encode("absent")) };
    const none = await destination.reuseBlob?.(absent, { ...options, lookOnly: true });
    assert.equal(none, undefined, "a blob that nobody put");
  }
  return seen;
}
