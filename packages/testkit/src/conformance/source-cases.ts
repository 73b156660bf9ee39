import assert from "node:assert/strict";
import { readBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { parseManifest } from "@drayage/manifest";
import { readImage } from "../read-image.ts";
import { assertBytes, rejects, rejectsAborted } from "./assertions.ts";
import type { Cases } from "./case.ts";

const limit = 64 * 1024 * 1024;
const unknownDigest = digestBytes(new TextEncoder().encode("a blob that no image has"));

export const sourceCases: Cases<
  | "reads an image whose digests all hold"
  | "reads the same bytes each time"
  | "says that an image is not there"
  | "says that a blob is not there"
  | "gives blobs that are verified by what the descriptor says"
  | "reads nothing once the signal is aborted"
  | "takes a source being closed twice"
> = {
  "reads an image whose digests all hold": {
    needs: ["openSource"],
    async run(bench) {
      const source = await bench.source(await bench.present());
      const read = await readImage(source);
      assert.ok(read.manifest.mediaType.length > 0, "the manifest has a media type");
    },
  },
  "reads the same bytes each time": {
    needs: ["openSource"],
    async run(bench) {
      const reference = await bench.present();
      const first = await readImage(await bench.source(reference));
      const source = await bench.source(reference);
      for (let time = 0; time < 2; time++) {
        const again = await readImage(source);
        assertBytes(again.manifest.bytes, first.manifest.bytes, "the manifest");
      }
    },
  },
  "says that an image is not there": {
    needs: ["openSource"],
    async run(bench) {
      const before = await bench.snapshot();
      await rejects(bench.source(bench.reference()), "ERR_DRAYAGE_IMAGE_NOT_FOUND");
      assert.deepEqual(await bench.snapshot(), before);
    },
  },
  "says that a blob is not there": {
    needs: ["openSource"],
    async run(bench) {
      const source = await bench.source(await bench.present());
      const descriptor = { mediaType: "application/octet-stream", digest: unknownDigest, size: 24 };
      await rejects(source.blob(descriptor), "ERR_DRAYAGE_BLOB_NOT_FOUND");
    },
  },
  "gives blobs that are verified by what the descriptor says": {
    needs: ["openSource"],
    async run(bench) {
      const source = await bench.source(await bench.present());
      const { bytes, mediaType } = await source.manifest();
      const parsed = parseManifest(bytes, mediaType);
      if (parsed.kind === "index") return bench.skip("the image is an index");
      const [layer] = parsed.layers;
      if (layer === undefined || layer.size < 0) return bench.skip("the image has no layer of known size");
      const blob = await source.blob(layer);
      assert.equal(blob.digest, layer.digest, "the blob's digest is the descriptor's");
      assert.equal(blob.size, layer.size, "the blob's size is the descriptor's");
      const lying = source
        .blob({ ...layer, size: layer.size + 1 })
        .then((wrong) => readBlob(wrong, { limit }));
      await rejects(lying);
    },
  },
  "reads nothing once the signal is aborted": {
    needs: ["openSource"],
    async run(bench) {
      const reference = await bench.present();
      const signal = AbortSignal.abort();
      await rejectsAborted(bench.source(reference, { signal }), "openSource");
      const source = await bench.source(reference);
      await rejectsAborted(source.manifest(undefined, { signal }), "manifest");
      const { bytes, mediaType } = await source.manifest();
      const parsed = parseManifest(bytes, mediaType);
      if (parsed.kind === "index") return bench.skip("the image is an index");
      const descriptor = parsed.config ?? parsed.layers[0];
      assert.ok(descriptor, "the image has a config or a layer");
      const reading = source.blob(descriptor, { signal }).then((blob) => readBlob(blob, { limit, signal }));
      await rejectsAborted(reading, "blob, and reading it,");
    },
  },
  "takes a source being closed twice": {
    needs: ["openSource"],
    async run(bench) {
      const source = await bench.source(await bench.present());
      await source.close();
      await source.close();
      await source[Symbol.asyncDispose]();
    },
  },
};
