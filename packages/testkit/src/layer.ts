import { deflate } from "@drayage/compression";
import { type Digest, digestBytes } from "@drayage/digest";
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";
import { concat } from "./bytes.ts";
import { createRandom, type Random } from "./random.ts";

/** How the layers of a sample are compressed. */
export type LayerCompression = "none" | "gzip" | "zstd";

export interface LayerOptions {
  /** The same seed and options give the same bytes. */
  readonly seed: number | string;
  /** How many files it has; 3 where absent. With 0 it is an archive of nothing. */
  readonly files?: number | undefined;
  /** About how large each file is, in bytes; 2000 where absent. */
  readonly fileSize?: number | undefined;
  /** gzip where absent. */
  readonly compression?: LayerCompression | undefined;
}

/** One layer of a sample image. */
export interface SampleLayer {
  /** As the manifest names it. */
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly compression: LayerCompression;
  /** The tar archive itself. */
  readonly tar: Uint8Array;
  /** The digest of the tar archive. */
  readonly diffId: Digest;
}

/** A layer of a few files that are half text and half noise, a folder, links and a whiteout. */
export async function randomLayer(options: LayerOptions): Promise<SampleLayer> {
  const { seed, files = 3, fileSize = 2000, compression = "gzip" } = options;
  const tar = archive(createRandom(seed), files, fileSize);
  const bytes = await compress(tar, compression);
  return { bytes, digest: digestBytes(bytes), compression, tar, diffId: digestBytes(tar) };
}

function archive(random: Random, files: number, fileSize: number): Uint8Array {
  const parts: Uint8Array[] = [];
  const folder = `folder-${random.below(1_000_000)}`;
  const mtime = { seconds: 1_700_000_000 + random.below(10_000_000), nanoseconds: 0 };
  function add(entry: TarEntryInput, content: Uint8Array = new Uint8Array()): void {
    parts.push(
      encodeTarHeader({ ...entry, mtime, size: content.length }),
      content,
      tarPadding(content.length),
    );
  }
  if (files > 0) {
    add({ name: `${folder}/`, mode: 0o755 });
    for (let index = 0; index < files; index++) {
      const size = Math.floor(fileSize / 2) + random.below(Math.max(fileSize, 1));
      const content = index % 2 === 0 ? text(random, size) : random.bytes(size);
      add(
        { name: `${folder}/file-${index}`, mode: index % 3 === 0 ? 0o755 : 0o644, uid: 1000, gid: 1000 },
        content,
      );
    }
    add({ name: `${folder}/symbolic`, type: "symlink", linkname: "file-0", mode: 0o777 });
    add({ name: `${folder}/hard`, type: "link", linkname: `${folder}/file-0`, mode: 0o755 });
    add({ name: `${folder}/.wh.gone`, mode: 0o600 });
  }
  parts.push(tarEnd());
  return concat(parts);
}

const words = ["haul", "ship", "train", "crate", "dock", "yard", "crane", "ledger", "manifest", "\n"];

function text(random: Random, size: number): Uint8Array {
  let written = "";
  while (written.length < size) written += `${words[random.below(words.length)]} `;
  return new TextEncoder().encode(written.slice(0, size));
}

async function compress(tar: Uint8Array, compression: LayerCompression): Promise<Uint8Array> {
  if (compression === "none") return tar;
  const chunks: Uint8Array[] = [];
  for await (const chunk of deflate([tar], { algorithm: compression })) chunks.push(chunk.slice());
  return concat(chunks);
}
