import { deflate } from "@drayage/compression";
import { digestBytes } from "@drayage/digest";
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";
import { randomImage, type SampleImage, type SampleLayer } from "@drayage/testkit";

type Entry = TarEntryInput & { readonly content?: string };

const mtime = { seconds: 1_600_000_000, nanoseconds: 0 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const base: readonly Entry[] = [
  { name: "bin/", mode: 0o755 },
  { name: "bin/su", mode: 0o4755, content: "#!/bin/sh\n" },
  { name: "bin/sh", mode: 0o755, content: "a shell".repeat(5000) },
  { name: "bin/bash", type: "link", linkname: "bin/sh", mode: 0o755 },
  { name: "etc/", mode: 0o750, uid: 3, gid: 4 },
  { name: "etc/shadow", mode: 0o600, uid: 0, gid: 42, content: "root:*:\n" },
  {
    name: "etc/ns",
    mode: 0o644,
    content: "x",
    mtime: { seconds: 1_600_000_001, nanoseconds: 987_654_321 },
    format: "pax",
  },
  { name: "tmp/", mode: 0o1777 },
  { name: "lib", type: "symlink", linkname: "usr/lib", mode: 0o777, uid: 5, gid: 6 },
  { name: "usr/lib/", mode: 0o755 },
  { name: "usr/lib/gone", mode: 0o644, content: "to be removed" },
  { name: "usr/lib/hidden/", mode: 0o755 },
  { name: "usr/lib/hidden/below", mode: 0o644, content: "to be hidden" },
  { name: "run/fifo", type: "fifo", mode: 0o640 },
  { name: `long/${"a-name-of-many-letters/".repeat(8)}`, mode: 0o755 },
  { name: "empty", mode: 0o444 },
];

const second: readonly Entry[] = [
  { name: "usr/lib/", mode: 0o711 },
  { name: "usr/lib/.wh.gone", mode: 0o644 },
  { name: "usr/lib/hidden/", mode: 0o700 },
  { name: "usr/lib/hidden/.wh..wh..opq", mode: 0o644 },
  { name: "usr/lib/hidden/new", mode: 0o644, content: "instead" },
  { name: "etc/", mode: 0o750, uid: 3, gid: 4 },
  { name: "etc/shadow", mode: 0o640, uid: 7, gid: 8, content: "root:!:\n" },
];

const third: readonly Entry[] = [
  { name: "added", mode: 0o644, content: "at the top", uid: 1_000_000, gid: 65_534 },
];

function tarOf(entries: readonly Entry[]): Uint8Array {
  const parts = entries.flatMap(({ content = "", ...entry }) => {
    const body = bytes(content);
    return [encodeTarHeader({ mtime, ...entry, size: body.length }), body, tarPadding(body.length)];
  });
  return Buffer.concat([...parts, tarEnd()]);
}

async function layerOf(
  entries: readonly Entry[],
  compression: SampleLayer["compression"],
): Promise<SampleLayer> {
  const tar = tarOf(entries);
  const chunks: Uint8Array[] = [];
  if (compression !== "none")
    for await (const chunk of deflate([tar], { algorithm: compression })) chunks.push(chunk);
  const packed = compression === "none" ? tar : Buffer.concat(chunks);
  return { bytes: packed, digest: digestBytes(packed), compression, tar, diffId: digestBytes(tar) };
}

/** An image with most of what layers have: set-id files, links, owners, times, fifos, whiteouts; in gzip, zstd and not compressed. */
export async function richImage(): Promise<SampleImage> {
  const layers = [await layerOf(base, "gzip"), await layerOf(second, "zstd"), await layerOf(third, "none")];
  return randomImage({ seed: "rich", layers });
}
