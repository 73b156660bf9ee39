import { createHash } from "node:crypto";
import type { FileOrigin } from "@drayage/blob";
import { type Digest, digestBytes } from "@drayage/digest";
import { indexFile, type LayoutFiles, layoutFile, layoutFileBytes } from "../src/index.ts";

export const ociManifest = "application/vnd.oci.image.manifest.v1+json";
export const ociIndex = "application/vnd.oci.image.index.v1+json";

export function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

export function sha256(text: string): Digest {
  return `sha256:${createHash("sha256").update(text).digest("hex")}` as Digest;
}

/** A layout in memory. Blobs are added by their bytes. */
export class MemoryLayout implements LayoutFiles {
  readonly label = '"memory"';
  readonly files = new Map<string, Uint8Array>([[layoutFile, layoutFileBytes()]]);
  readonly blobs = new Map<string, Uint8Array>();
  closed = 0;

  add(value: unknown): { digest: Digest; size: number } {
    const bytes = encode(value);
    const digest = digestBytes(bytes);
    this.blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  }

  /** An image with one layer, and its descriptor. */
  image(text: string, fields: Record<string, unknown> = {}): Record<string, unknown> & { digest: Digest } {
    const config = {
      mediaType: "application/vnd.oci.image.config.v1+json",
      ...this.add(`{"config":"${text}"}`),
    };
    const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar", ...this.add(`layer ${text}`) };
    const manifest = this.add({ schemaVersion: 2, mediaType: ociManifest, config, layers: [layer] });
    return { mediaType: ociManifest, ...manifest, ...fields };
  }

  index(manifests: readonly unknown[], fields: Record<string, unknown> = {}): void {
    this.files.set(indexFile, encode({ schemaVersion: 2, manifests, ...fields }));
  }

  async readFile(name: string): Promise<Uint8Array | undefined> {
    return this.files.get(name);
  }

  async locate(digest: Digest): Promise<FileOrigin | undefined> {
    const bytes = this.blobs.get(digest);
    return bytes && { kind: "file", path: digest, offset: 0, length: bytes.length };
  }

  async readRange(range: FileOrigin): Promise<Uint8Array> {
    return this.blobs.get(range.path) ?? new Uint8Array();
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

export function named(name: string): Record<string, unknown> {
  return { annotations: { "org.opencontainers.image.ref.name": name } };
}
