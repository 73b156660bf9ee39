import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { digestBytes, digestHex } from "@drayage/digest";
import type { SampleImage } from "./store-samples.ts";

/** Writes an OCI layout with an image for each tag. */
export function writeSampleLayout(folder: string, images: ReadonlyMap<string, SampleImage>): void {
  const blobs = path.join(folder, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (bytes: Uint8Array): void =>
    writeFileSync(path.join(blobs, digestHex(digestBytes(bytes))), bytes);
  const manifests = [...images].map(([tag, { config, manifest, layers }]) => {
    for (const bytes of [config, manifest, ...layers.map((layer) => layer.bytes)]) put(bytes);
    return {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: digestBytes(manifest),
      size: manifest.length,
      annotations: { "org.opencontainers.image.ref.name": tag },
    };
  });
  writeFileSync(path.join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(path.join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
}
