import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { type Digest, digestBytes, digestHex } from "@drayage/digest";

/** An image as skopeo's `dir:` transport keeps it. */
export interface DirImage {
  readonly manifest: Uint8Array;
  /** By hex digest: blobs, and manifests of an index. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export function writeDirImage(
  folder: string,
  manifest: Uint8Array,
  blobs: readonly Uint8Array[],
  instances: readonly Uint8Array[] = [],
): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "version"), "Directory Transport Version: 1.1\n");
  writeFileSync(path.join(folder, "manifest.json"), manifest);
  for (const blob of blobs) writeFileSync(path.join(folder, digestHex(digestBytes(blob))), blob);
  for (const bytes of instances) {
    writeFileSync(path.join(folder, `${digestHex(digestBytes(bytes))}.manifest.json`), bytes);
  }
  return folder;
}

export function readDirImage(folder: string): DirImage {
  const files = new Map<string, Uint8Array>();
  for (const name of readdirSync(folder)) files.set(name, readFileSync(path.join(folder, name)));
  return { manifest: files.get("manifest.json") ?? new Uint8Array(), files };
}

/** A tar with one small file, made by hand so that no tar library is needed. */
function tinyTar(name: string, content: string): Uint8Array {
  const tar = Buffer.alloc(512 * 4);
  tar.write(name, 0);
  tar.write("0000644\0", 100);
  tar.write("0000000\0", 108);
  tar.write("0000000\0", 116);
  tar.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  tar.write("00000000000\0", 136);
  tar.write("        ", 148);
  tar.write("0", 156);
  tar.write("ustar\x0000", 257);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  tar.write(content, 512);
  return tar;
}

export interface TinyLayer {
  readonly tar: Uint8Array;
  readonly gzip: Uint8Array;
  readonly diffId: Digest;
  readonly digest: Digest;
  readonly size: number;
}

export function tinyLayer(name: string): TinyLayer {
  const tar = tinyTar(name, `content of ${name}\n`);
  const gzip = gzipSync(tar);
  return { tar, gzip, diffId: digestBytes(tar), digest: digestBytes(gzip), size: gzip.length };
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

export function text(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "(nothing)" : Buffer.from(bytes).toString();
}

/** A digest of nothing that exists. */
export function someDigest(seed: string): Digest {
  return `sha256:${createHash("sha256").update(seed).digest("hex")}` as Digest;
}
