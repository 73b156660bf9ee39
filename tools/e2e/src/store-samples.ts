import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bytesBlob, inflated } from "@drayage/blob";
import { digestBytes, digestHex } from "@drayage/digest";
import type { Hold, ImageRecord, NewImage, Store } from "@drayage/storage";
import { randomLayer, type SampleLayer } from "@drayage/testkit";

/** An image of small layers, as its maker knows it. */
export interface SampleImage {
  readonly id: string;
  readonly config: Uint8Array;
  readonly manifest: Uint8Array;
  readonly layers: readonly SampleLayer[];
}

export interface SampleImageOptions {
  /** 2 where absent. */
  readonly layers?: number | undefined;
  /** What the lowest layer is made of: images with the same share it. */
  readonly base?: string | undefined;
}

/** The same seed and options give the same image. */
export async function sampleImage(
  seed: string,
  { layers = 2, base = `${seed} base` }: SampleImageOptions = {},
): Promise<SampleImage> {
  const seeds = Array.from({ length: layers }, (_, index) => (index === 0 ? base : `${seed} ${index}`));
  const made = await Promise.all(seeds.map((one) => randomLayer({ seed: one, files: 4 })));
  const config = Buffer.from(
    JSON.stringify({
      created: "2024-05-06T07:08:09.123456789Z",
      architecture: "amd64",
      os: "linux",
      config: { Cmd: ["/bin/true"], Labels: { seed } },
      rootfs: { type: "layers", diff_ids: made.map(({ diffId }) => diffId) },
      history: made.map((_, index) => ({ created: "2024-05-06T07:08:09Z", created_by: `step ${index}` })),
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: {
        mediaType: "application/vnd.oci.image.config.v1+json",
        digest: digestBytes(config),
        size: config.length,
      },
      layers: made.map(({ bytes, digest }) => ({
        mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
        digest,
        size: bytes.length,
      })),
    }),
  );
  return { id: digestHex(digestBytes(config)), config, manifest, layers: made };
}

/** Stores an image as a pull does, layer by layer where the driver needs that. */
export async function putImage(
  store: Store,
  image: SampleImage,
  names: readonly string[],
  { metadata, bigData = [] }: Pick<NewImage, "bigData" | "metadata"> = {},
): Promise<ImageRecord> {
  const ids: string[] = [];
  await using hold: Hold = await store.hold([], { why: "a test" });
  for (const layer of image.layers) {
    await using stage = await store.stageLayer({ parent: ids.at(-1) });
    await stage.unpack(inflated(bytesBlob(layer.bytes, { digest: layer.digest }), { digest: layer.diffId }));
    const [record] = await store.commitLayers([stage]);
    if (record === undefined) throw new Error("a layer was committed");
    await hold.add([record.id]);
    ids.push(record.id);
  }
  return await store.commitImage({
    id: image.id,
    layers: ids,
    names,
    created: "2024-05-06T07:08:09.123456789Z",
    metadata,
    bigData: [
      { key: digestBytes(image.config), bytes: image.config },
      { key: `manifest-${digestBytes(image.manifest)}`, bytes: image.manifest },
      { key: "manifest", bytes: image.manifest },
      ...bigData,
    ],
  });
}

/** The image as an OCI layout, called `x`. */
export function writeLayout(folder: string, image: SampleImage): void {
  const blobs = path.join(folder, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  for (const bytes of [image.config, image.manifest, ...image.layers.map((layer) => layer.bytes)]) {
    writeFileSync(path.join(blobs, digestHex(digestBytes(bytes))), bytes);
  }
  const manifest = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: digestBytes(image.manifest),
    size: image.manifest.length,
    annotations: { "org.opencontainers.image.ref.name": "x" },
  };
  writeFileSync(path.join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(path.join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
}
