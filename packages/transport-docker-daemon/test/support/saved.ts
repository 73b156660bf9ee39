import { encodeTarHeader, tarEnd, tarPadding } from "@drayage/tar";
import type { SampleImage } from "@drayage/testkit";

interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function tarOf(members: readonly Member[]): Uint8Array {
  const blocks = members.flatMap(({ name, bytes }) => {
    const header = encodeTarHeader({ name, mode: 0o644, size: bytes.length });
    return [header, bytes, tarPadding(bytes.length)];
  });
  return Buffer.concat([...blocks, tarEnd()]);
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** What `docker save` writes of an image. */
export function savedArchive({ layers, config }: SampleImage): Uint8Array {
  const name = config.descriptor.digest.slice("sha256:".length);
  const members = layers.map(({ layer }, index) => ({ name: `${index}/layer.tar`, bytes: layer.tar }));
  const item = { Config: `${name}.json`, RepoTags: ["busybox:1"], Layers: members.map((each) => each.name) };
  return tarOf([
    ...members,
    { name: item.Config, bytes: config.bytes },
    { name: "manifest.json", bytes: json([item]) },
  ]);
}

/** What it writes since docker 25, here of a daemon that keeps layers compressed: an OCI layout with a `manifest.json`. */
export function savedLayout({ layers, config, manifest }: SampleImage): Uint8Array {
  const pathOf = (digest: string): string => `blobs/sha256/${digest.slice("sha256:".length)}`;
  const item = {
    Config: pathOf(config.descriptor.digest),
    RepoTags: ["busybox:1"],
    Layers: layers.map(({ descriptor }) => pathOf(descriptor.digest)),
  };
  const { digest, mediaType, bytes } = manifest;
  const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size: bytes.length }] };
  return tarOf([
    ...[config, ...layers].map((each) => ({ name: pathOf(each.descriptor.digest), bytes: each.bytes })),
    { name: pathOf(digest), bytes },
    { name: "index.json", bytes: json(index) },
    { name: "manifest.json", bytes: json([item]) },
    { name: "oci-layout", bytes: json({ imageLayoutVersion: "1.0.0" }) },
    { name: "repositories", bytes: json({ busybox: { 1: "00" } }) },
  ]);
}
