import assert from "node:assert/strict";
import { readBlob } from "@drayage/blob";
import { type Digest, digestBytes } from "@drayage/digest";
import { manifestDigest, mediaTypes, parseManifest } from "@drayage/manifest";
import { layersOf } from "@drayage/transport";
import { encodeJson } from "../bytes.ts";
import { randomIndex, type SampleIndex, type SampleManifest } from "../image.ts";
import { readImage } from "../read-image.ts";
import { writeImage } from "../write-image.ts";
import { assertBytes, rejects, rejectsAborted } from "./assertions.ts";
import { type Bench, takes } from "./bench.ts";
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
  | "resolves an image to what its manifest is"
  | "says that an image to resolve is not there"
  | "lists what refers to an image, and nothing else"
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
      const [layer] = await layersOf(source, parsed);
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
      const descriptor = parsed.config ?? (await layersOf(source, parsed))[0];
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
  "resolves an image to what its manifest is": {
    needs: ["openSource"],
    async run(bench) {
      const { transport } = bench;
      if (transport.resolveImage === undefined) return bench.skip("it has no resolveImage");
      const reference = await bench.present();
      const source = await bench.source(reference);
      const { bytes, mediaType } = await source.manifest();
      const { digest, size, mediaType: resolvedType } = await transport.resolveImage(reference);
      assert.deepEqual(
        { digest, size, mediaType: resolvedType },
        { digest: manifestDigest(bytes), size: bytes.length, mediaType },
      );
      const aborted = transport.resolveImage(reference, { signal: AbortSignal.abort() });
      await rejectsAborted(aborted, "resolveImage");
    },
  },
  "says that an image to resolve is not there": {
    async run(bench) {
      const { transport } = bench;
      if (transport.resolveImage === undefined) return bench.skip("it has no resolveImage");
      const before = await bench.snapshot();
      await rejects(transport.resolveImage(bench.reference()), "ERR_DRAYAGE_IMAGE_NOT_FOUND");
      assert.deepEqual(await bench.snapshot(), before);
    },
  },
  "lists what refers to an image, and nothing else": {
    needs: ["openSource", "openDestination"],
    async run(bench) {
      const reference = bench.reference();
      const { multipleImages } = await bench.accepts();
      if (!multipleImages) return bench.skip("it keeps one image: multipleImages is false");
      const { index, subject, other, referrer } = await referredIndex(bench);
      const destination = await bench.destination(reference);
      await writeImage(destination, index);
      await destination.close();
      const source = await bench.source(reference);
      if (source.referrers === undefined) return bench.skip("its sources have no referrers");
      const found = await source.referrers(subject);
      assert.deepEqual(
        found.map(({ digest, size, artifactType }) => ({ digest, size, artifactType })),
        [
          {
            digest: referrer.digest,
            size: referrer.bytes.length,
            artifactType: "application/vnd.example.sbom",
          },
        ],
      );
      assertBytes((await source.manifest(referrer.digest)).bytes, referrer.bytes, "the referrer's manifest");
      assert.deepEqual(await source.referrers(other), [], "nothing refers to the other image");
      await rejectsAborted(source.referrers(subject, { signal: AbortSignal.abort() }), "referrers");
    },
  },
};

/** An index of two images, of which the second is an artifact about the first. */
async function referredIndex(bench: Bench): Promise<{
  readonly index: SampleIndex;
  readonly subject: Digest;
  readonly other: Digest;
  readonly referrer: SampleManifest;
}> {
  const { manifestTypes, layerCompression } = await bench.accepts();
  const format = [mediaTypes.ociIndex, mediaTypes.ociManifest].every((type) => takes(manifestTypes, type));
  if (!format) return bench.skip("it takes no OCI indexes, and referrers are OCI's");
  const compression = layerCompression === "decompress" ? "none" : "gzip";
  const { images, manifest } = await randomIndex({ seed: "referred", compression });
  const [first, second] = images;
  assert.ok(first && second);
  const document = JSON.parse(new TextDecoder().decode(second.manifest.bytes));
  const { bytes: firstBytes, digest: subject, mediaType } = first.manifest;
  const bytes = encodeJson({
    ...document,
    artifactType: "application/vnd.example.sbom",
    subject: { mediaType, digest: subject, size: firstBytes.length },
  });
  const referrer = { bytes, mediaType, digest: digestBytes(bytes) };
  const manifests = [first.manifest, referrer].map((member) => ({
    mediaType: member.mediaType,
    digest: member.digest,
    size: member.bytes.length,
  }));
  const indexBytes = encodeJson({ schemaVersion: 2, mediaType: manifest.mediaType, manifests });
  const index: SampleIndex = {
    kind: "index",
    manifest: { ...manifest, bytes: indexBytes, digest: digestBytes(indexBytes) },
    images: [first, { ...second, manifest: referrer }],
  };
  return { index, subject, other: referrer.digest, referrer };
}
