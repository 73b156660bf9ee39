import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { type Blob, bytesBlob, inflated, streamBlob } from "@drayage/blob";
import { type Digest, digestBytes, digestHex } from "@drayage/digest";
import { encodeTarHeader, type TarEntryType, tarEnd, tarPadding } from "@drayage/tar";
import {
  type DestinationOptions,
  type ImageDestination,
  type ImageSource,
  requireAbility,
  type SourceOptions,
} from "@drayage/transport";
import { dockerArchive } from "../src/index.ts";

const epoch = { seconds: 0, nanoseconds: 0 };

export interface TarMember {
  readonly name: string;
  readonly data?: string | Uint8Array | undefined;
  readonly type?: TarEntryType | undefined;
  readonly linkname?: string | undefined;
}

/** A tar archive of these members. */
export function tar(members: readonly TarMember[]): Uint8Array {
  const blocks = members.flatMap(({ name, data = "", type = "file", linkname = "" }) => {
    const bytes = Buffer.from(data);
    const header = encodeTarHeader({ name, type, linkname, mode: 0o644, size: bytes.length, mtime: epoch });
    return [header, bytes, tarPadding(bytes.length)];
  });
  return Buffer.concat([...blocks, tarEnd()]);
}

export interface FixtureImage {
  readonly layers: readonly { readonly bytes: Uint8Array; readonly diffId: Digest }[];
  readonly config: Uint8Array;
  readonly configDigest: Digest;
  readonly manifest: Uint8Array;
}

export const v2s2 = "application/vnd.docker.distribution.manifest.v2+json";
const configType = "application/vnd.docker.container.image.v1+json";
export const layerType = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/** An image of these layers, with the manifest that containers/image makes of an archive. */
export function image(layers: readonly Uint8Array[], over: object = {}): FixtureImage {
  const known = layers.map((bytes) => ({ bytes, diffId: digestBytes(bytes) }));
  const config = Buffer.from(
    JSON.stringify({
      created: "2024-01-02T03:04:05Z",
      architecture: "amd64",
      os: "linux",
      config: { Env: ["PATH=/bin"], Cmd: ["sh", "-c", "a < b && c > d"] },
      rootfs: { type: "layers", diff_ids: known.map(({ diffId }) => diffId) },
      history: known.map(() => ({ created: "2024-01-02T03:04:05Z", created_by: "test" })),
      ...over,
    }),
  );
  const configDigest = digestBytes(config);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: v2s2,
      config: { mediaType: configType, size: config.length, digest: configDigest },
      layers: known.map(({ bytes, diffId }) => ({
        mediaType: layerType,
        size: bytes.length,
        digest: diffId,
      })),
    }),
  );
  return { layers: known, config, configDigest, manifest };
}

export const layerA: Uint8Array = tar([{ name: "a.txt", data: "hello" }]);
export const layerB: Uint8Array = tar([{ name: "b.txt", data: "world".repeat(1000) }]);
export const layerC: Uint8Array = tar([{ name: "c.txt", data: "!".repeat(300_000) }]);
export const emptyLayer: Uint8Array = tar([]);

export const transport: ReturnType<typeof dockerArchive> = dockerArchive();

/** The destination of a reference. */
export function open(text: string, options?: DestinationOptions): Promise<ImageDestination> {
  return requireAbility(transport, "openDestination").openDestination(transport.parse(text), options);
}

/** The source of a reference. */
export function openSource(text: string, options?: SourceOptions): Promise<ImageSource> {
  return requireAbility(transport, "openSource").openSource(transport.parse(text), options);
}

/** The names that the archive has. */
export function listTags(file: string): Promise<readonly string[]> {
  return requireAbility(transport, "listTags").listTags(transport.parse(file));
}

/** How much is known of a layer's bytes before they flow. */
export type Knowledge = "all" | "nothing" | "compressed";

function layerBlob({ bytes, diffId }: FixtureImage["layers"][number], known: Knowledge): Blob {
  if (known === "all") return bytesBlob(bytes, { digest: diffId });
  if (known === "compressed") return inflated(bytesBlob(gzipSync(bytes)), { algorithm: "gzip" });
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
  }
  return streamBlob(chunks);
}

/** Puts a whole image, without the commit. */
export async function put(
  destination: ImageDestination,
  of: FixtureImage,
  known: Knowledge = "all",
): Promise<void> {
  for (const [layerIndex, layer] of of.layers.entries()) {
    const descriptor = { mediaType: layerType, digest: layer.diffId, size: layer.bytes.length };
    const options = { kind: "layer", mediaType: layerType, layerIndex } as const;
    if (known === "all" && (await destination.reuseBlob?.(descriptor, options)) !== undefined) continue;
    await destination.putBlob(layerBlob(layer, known), options);
  }
  await destination.putBlob(bytesBlob(of.config, { digest: of.configDigest }), {
    kind: "config",
    mediaType: configType,
  });
  await destination.putManifest(of.manifest, { mediaType: v2s2 });
}

/** Writes the image as an OCI layout, which skopeo copies from. */
export function writeLayout(folder: string, of: FixtureImage, compress = false): void {
  const blobs = path.join(folder, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const write = (bytes: Uint8Array, mediaType: string): object => {
    const digest = digestBytes(bytes);
    writeFileSync(path.join(blobs, digestHex(digest)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const oci = "application/vnd.oci.image";
  const layers = of.layers.map(({ bytes }) =>
    compress ? write(gzipSync(bytes), `${oci}.layer.v1.tar+gzip`) : write(bytes, `${oci}.layer.v1.tar`),
  );
  const config = write(of.config, `${oci}.config.v1+json`);
  const manifest = { schemaVersion: 2, mediaType: `${oci}.manifest.v1+json`, config, layers };
  const entry = write(Buffer.from(JSON.stringify(manifest)), manifest.mediaType);
  writeFileSync(path.join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(path.join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
}
