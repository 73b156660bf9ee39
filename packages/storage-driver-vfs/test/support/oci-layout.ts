import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Digest, digestBytes, digestHex } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";

export interface LayoutLayer {
  /** The gzipped tar. */
  readonly path: string;
  readonly diffId: Digest;
  readonly digest: Digest;
}

export interface Layout {
  readonly layers: readonly LayoutLayer[];
  readonly config: Uint8Array;
  readonly manifest: Uint8Array;
}

/** Writes an OCI layout of one image, `test`, with these tars for layers. */
export function writeLayout(folder: string, tars: readonly Uint8Array[]): Layout {
  const blobs = join(folder, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (bytes: Uint8Array): { digest: Digest; size: number } => {
    const digest = digestBytes(bytes);
    writeFileSync(join(blobs, digestHex(digest)), bytes);
    return { digest, size: bytes.length };
  };
  const layers = tars.map((tar) => ({ ...put(gzipSync(tar)), diffId: digestBytes(tar) }));
  const config = json({
    created: "2024-01-02T03:04:05Z",
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created_by: "test" })),
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, ...put(config) },
    layers: layers.map(({ digest, size }) => ({ mediaType: mediaTypes.ociLayerGzip, digest, size })),
  });
  const entry = {
    mediaType: mediaTypes.ociManifest,
    ...put(manifest),
    annotations: { "org.opencontainers.image.ref.name": "test" },
  };
  writeFileSync(join(folder, "index.json"), json({ schemaVersion: 2, manifests: [entry] }));
  writeFileSync(join(folder, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
  return {
    config,
    manifest,
    layers: layers.map(({ digest, diffId }) => ({ digest, diffId, path: join(blobs, digestHex(digest)) })),
  };
}

/** The layers of the first image of an OCI layout. */
export function readLayout(folder: string): Layout {
  const blob = (digest: Digest): string => join(folder, "blobs", ...digest.split(":"));
  const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
  const index = read(join(folder, "index.json")) as { manifests: { digest: Digest }[] };
  const manifest = readFileSync(blob(index.manifests[0]?.digest ?? digestBytes(new Uint8Array())));
  const { config, layers } = JSON.parse(manifest.toString()) as {
    config: { digest: Digest };
    layers: { digest: Digest }[];
  };
  const bytes = readFileSync(blob(config.digest));
  const { rootfs } = JSON.parse(bytes.toString()) as { rootfs: { diff_ids: Digest[] } };
  return {
    manifest,
    config: bytes,
    layers: layers.map(({ digest }, place) => ({
      digest,
      path: blob(digest),
      diffId: rootfs.diff_ids[place] ?? digest,
    })),
  };
}

function json(document: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(document));
}
