import { bytesBlob, openBlob, readBlob } from "@drayage/blob";
import { deflate } from "@drayage/compression";
import { type Digest, digestBytes } from "@drayage/digest";
import {
  type Descriptor,
  type ImageManifest,
  mediaTypes,
  type Platform,
  parseConfig,
  parseImageIndex,
  parseImageManifest,
} from "@drayage/manifest";
import { readTar, type TarWriteEntry, writeTar } from "@drayage/tar";
import { derivedSource, type ImageSource, type RawManifest } from "@drayage/transport";

export type Compression = "none" | "gzip" | "zstd";

export interface TestLayer {
  readonly tar: Uint8Array;
  readonly bytes: Uint8Array;
  readonly diffId: Digest;
  readonly digest: Digest;
  readonly compression: Compression;
}

/** A file of this content; a folder where the name ends in a slash; `-> target` a link; `=> target` a hard link. */
export type Files = Readonly<Record<string, string>>;

export function entriesOf(files: Files, seconds = 1_600_000_000): TarWriteEntry[] {
  return Object.entries(files).map(([name, content]) => {
    const common = { name, mode: name.endsWith("/") ? 0o755 : 0o644, mtime: { seconds, nanoseconds: 0 } };
    if (content.startsWith("-> "))
      return { header: { ...common, type: "symlink", linkname: content.slice(3) } };
    if (content.startsWith("=> ")) return { header: { ...common, type: "link", linkname: content.slice(3) } };
    return { header: common, body: Buffer.from(content) };
  });
}

export async function tarOf(entries: readonly TarWriteEntry[]): Promise<Uint8Array> {
  return collect(writeTar(entries));
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk.slice());
  return new Uint8Array(Buffer.concat(parts));
}

export async function layerOf(
  files: Files | readonly TarWriteEntry[],
  compression: Compression = "gzip",
): Promise<TestLayer> {
  const tar = await tarOf(
    Array.isArray(files) ? (files as readonly TarWriteEntry[]) : entriesOf(files as Files),
  );
  const bytes = compression === "none" ? tar : await collect(deflate([tar], { algorithm: compression }));
  return { tar, bytes, diffId: digestBytes(tar), digest: digestBytes(bytes), compression };
}

export interface TestImage {
  readonly manifest: RawManifest;
  readonly digest: Digest;
  readonly platform: Platform;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

export interface ImageInput {
  readonly layers?: readonly TestLayer[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly history?: readonly object[] | undefined;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly format?: "oci" | "docker";
  /** Further members of the config document. */
  readonly more?: Readonly<Record<string, unknown>>;
}

const layerTypes = {
  oci: { none: mediaTypes.ociLayerTar, gzip: mediaTypes.ociLayerGzip, zstd: mediaTypes.ociLayerZstd },
  docker: { none: mediaTypes.dockerLayerTar, gzip: mediaTypes.dockerLayerGzip, zstd: "none" },
} as const;

export function imageOf(input: ImageInput): TestImage {
  const { layers = [], config = {}, annotations, format = "oci", more = {} } = input;
  const { platform = { architecture: "amd64", os: "linux" } } = input;
  const history =
    input.history ?? layers.map((_, at) => ({ created: "2024-01-01T00:00:00Z", created_by: `layer ${at}` }));
  const configBytes = json({
    created: "2024-05-06T07:08:09Z",
    ...platform,
    config,
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    ...(history.length > 0 && { history }),
    ...more,
  });
  const blobs = new Map<Digest, Uint8Array>([[digestBytes(configBytes), configBytes]]);
  for (const { digest, bytes } of layers) blobs.set(digest, bytes);
  const isOci = format === "oci";
  const mediaType = isOci ? mediaTypes.ociManifest : mediaTypes.dockerManifest;
  const manifest = json({
    schemaVersion: 2,
    mediaType,
    config: describe(isOci ? mediaTypes.ociConfig : mediaTypes.dockerConfig, configBytes),
    layers: layers.map(({ bytes, compression }) => describe(layerTypes[format][compression], bytes)),
    ...(annotations && { annotations }),
  });
  return { manifest: { bytes: manifest, mediaType }, digest: digestBytes(manifest), platform, blobs };
}

export function indexOf(
  images: readonly TestImage[],
  more: {
    readonly manifests?: readonly object[];
    readonly annotations?: Readonly<Record<string, string>>;
  } = {},
): RawManifest {
  const own = images.map(({ manifest, platform }) => ({
    ...describe(manifest.mediaType, manifest.bytes),
    platform,
  }));
  const { manifests = [], ...rest } = more;
  const mediaType = mediaTypes.ociIndex;
  return {
    bytes: json({ schemaVersion: 2, mediaType, manifests: [...own, ...manifests], ...rest }),
    mediaType,
  };
}

export interface RecordedSource extends ImageSource {
  /** The digests of the blobs that were opened. */
  readonly opened: Digest[];
}

export function sourceOf(images: TestImage | readonly TestImage[], index?: RawManifest): RecordedSource {
  const all = Array.isArray(images) ? (images as readonly TestImage[]) : [images as TestImage];
  const blobs = new Map(
    all.flatMap((image) =>
      [...image.blobs].map(([digest, bytes]) => [digest, bytesBlob(bytes, { digest })] as const),
    ),
  );
  const instances = new Map(all.map((image) => [image.digest, image.manifest]));
  const [first] = all;
  if (first === undefined) throw new Error("no image");
  const inner = derivedSource({
    reference: { text: "test" },
    manifest: index ?? first.manifest,
    instances,
    blobs,
  });
  const opened: Digest[] = [];
  return {
    ...inner,
    opened,
    blob(descriptor, options) {
      opened.push(descriptor.digest);
      return inner.blob(descriptor, options);
    },
  };
}

export function json(value: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify(value)));
}

export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestBytes(bytes), size: bytes.length };
}

export interface ReadBack {
  readonly manifest: ImageManifest;
  readonly document: Record<string, unknown> & { readonly config: Record<string, unknown> };
  readonly history: readonly { readonly created_by?: string; readonly empty_layer?: boolean }[];
  readonly diffIds: readonly string[];
}

/** An image of a source as it would be copied: its config, parsed, checked. */
export async function readBack(source: ImageSource, digest?: Digest): Promise<ReadBack> {
  const { bytes, mediaType } = await source.manifest(digest);
  const manifest = parseImageManifest(bytes, mediaType);
  if (manifest.config === undefined) throw new Error("no config");
  const config = await readBlob(await source.blob(manifest.config), { limit: 1e6 });
  parseConfig(config);
  const document = JSON.parse(Buffer.from(config).toString()) as ReadBack["document"] & {
    history?: ReadBack["history"];
    rootfs: { diff_ids: string[] };
  };
  return { manifest, document, history: document.history ?? [], diffIds: document.rootfs.diff_ids };
}

export async function membersOf(source: ImageSource): Promise<readonly Descriptor[]> {
  const { bytes, mediaType } = await source.manifest();
  return parseImageIndex(bytes, mediaType).manifests;
}

/** The entries of a layer of a source, in their order: `name` or `name=content` or `name->target`. */
export async function entriesIn(source: ImageSource, layer: Descriptor): Promise<readonly string[]> {
  const { inflated } = await import("@drayage/blob");
  const blob = inflated(await source.blob(layer));
  const tar = await collect(openBlob(blob));
  const entries: string[] = [];
  for await (const { header, body } of readTar([tar])) {
    const content = Buffer.from(await collect(body)).toString();
    if (header.type === "symlink") entries.push(`${header.name}->${header.linkname}`);
    else if (header.type === "link") entries.push(`${header.name}=>${header.linkname}`);
    else if (header.type === "file" && content !== "") entries.push(`${header.name}=${content}`);
    else entries.push(header.name);
  }
  return entries;
}
