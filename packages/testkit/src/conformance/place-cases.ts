import assert from "node:assert/strict";
import { digestBytes } from "@drayage/digest";
import { requireAbility } from "@drayage/transport";
import { readImage } from "../read-image.ts";
import { sampleBlob, writeImage } from "../write-image.ts";
import { assertSame, rejects } from "./assertions.ts";
import type { Cases } from "./case.ts";

export const placeCases: Cases<
  | "treats a second image at the same reference as it says"
  | "lets the last of two writers win, with its image whole"
  | "reuses the blobs that it has, and no others"
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
