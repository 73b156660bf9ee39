import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { drain } from "@drayage/blob";
import { type Digest, digestBytes, digestHex } from "@drayage/digest";
import {
  type Descriptor,
  isIndexMediaType,
  mediaTypes,
  parseImageIndex,
  parseImageManifest,
} from "@drayage/manifest";
import type { ImageDestination, ImageSource } from "@drayage/transport";

export type Entry = Record<string, unknown> & { digest: Digest; mediaType: string; size: number };

/** An OCI layout that is written by hand, file by file. */
export class HandMadeLayout {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    mkdirSync(join(path, "blobs", "sha256"), { recursive: true });
    writeFileSync(join(path, "oci-layout"), '{"imageLayoutVersion": "1.0.0"}');
    this.index([]);
  }

  blob(value: unknown): { digest: Digest; size: number } {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const bytes = new TextEncoder().encode(text);
    const digest = digestBytes(bytes);
    writeFileSync(join(this.path, "blobs", "sha256", digestHex(digest)), bytes);
    return { digest, size: bytes.length };
  }

  /** An image whose layers have these contents. */
  image(layers: readonly string[], fields: Record<string, unknown> = {}): Entry {
    const diffs = layers.map((layer) => `sha256:${createHash("sha256").update(layer).digest("hex")}`);
    const config = this.blob({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: diffs },
    });
    const manifest = this.blob({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: mediaTypes.ociConfig, ...config },
      layers: layers.map((layer) => ({ mediaType: mediaTypes.ociLayerTar, ...this.blob(layer) })),
    });
    return { mediaType: mediaTypes.ociManifest, ...manifest, ...fields };
  }

  /** An image index of these images. */
  images(manifests: readonly Entry[], fields: Record<string, unknown> = {}): Entry {
    const index = this.blob({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
    return { mediaType: mediaTypes.ociIndex, ...index, ...fields };
  }

  index(manifests: readonly unknown[], fields: Record<string, unknown> = {}): void {
    writeFileSync(join(this.path, "index.json"), JSON.stringify({ schemaVersion: 2, manifests, ...fields }));
  }
}

export function named(name: string): Record<string, unknown> {
  return { annotations: { "org.opencontainers.image.ref.name": name } };
}

/** Copies an image with all its members, reusing what is there, as a copy engine does. Does not commit. */
export async function putImage(
  source: ImageSource,
  destination: ImageDestination,
  instance?: Digest,
): Promise<void> {
  const { bytes, mediaType } = await source.manifest(instance);
  const parts: Descriptor[] = [];
  if (isIndexMediaType(mediaType)) {
    for (const { digest } of parseImageIndex(bytes, mediaType).manifests) {
      await putImage(source, destination, digest);
    }
  } else {
    const { layers, config } = parseImageManifest(bytes, mediaType);
    parts.push(...layers, ...(config === undefined ? [] : [config]));
  }
  await Promise.all(
    parts.map(async (part) => {
      const options = { kind: "layer", mediaType: part.mediaType } as const;
      if ((await destination.reuseBlob?.(part, options)) !== undefined) return;
      await destination.putBlob(await source.blob(part), options);
    }),
  );
  await destination.putManifest(bytes, { mediaType, instance });
}

/** Every file and folder below `path` with its mode and content, for comparison. */
export function treeOf(path: string): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    const mode = (statSync(full).mode & 0o777).toString(8);
    tree[relative(path, full)] = entry.isDirectory()
      ? `folder ${mode}`
      : `${mode} ${readFileSync(full, "latin1")}`;
  }
  return tree;
}

export async function textOf(source: ImageSource, descriptor: Descriptor): Promise<string> {
  const chunks: Buffer[] = [];
  const write = (chunk: Uint8Array): void => void chunks.push(Buffer.from(chunk));
  await drain(await source.blob(descriptor), { kind: "writer", write });
  return Buffer.concat(chunks).toString();
}
