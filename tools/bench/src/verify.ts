import { closeSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { run } from "@drayage-internal/peers/run";
import { peerCopy, readManifestFile } from "./peer-copy.ts";
import { benchPeer } from "./peers.ts";

export interface VerifyOptions {
  readonly diffIds: readonly string[];
  /** Flags of `skopeo copy`. */
  readonly flags?: readonly string[] | undefined;
  readonly scratch: string;
}

/**
 * Verifies an image by other programs than ours: skopeo reads it and hashes every blob, gzip or zstd inflates every
 * layer, and sha256sum says whether they are the layers that they should be. Throws where they are not.
 */
export async function verifyImage(
  reference: string,
  { diffIds, flags, scratch }: VerifyOptions,
): Promise<void> {
  const folder = path.join(scratch, "verified");
  await peerCopy({ from: reference, to: `dir:${folder}`, flags, scratch });
  const { layers } = readManifestFile(path.join(folder, "manifest.json"));
  const files = layers.map(({ digest }) => path.join(folder, digest.replace("sha256:", "")));
  const found = await Promise.all(files.map(async (file) => `sha256:${await contentHash(file)}`));
  if (found.join() !== diffIds.join()) {
    throw new Error(`${reference} has layers ${found.join(", ")}, and should have ${diffIds.join(", ")}`);
  }
}

/** Throws where the content of a compressed or plain file, as gzip or zstd inflates it, is not that of `plain`. */
export async function verifyContent(file: string, plain: string): Promise<void> {
  const [found, wanted] = await Promise.all([contentHash(file), contentHash(plain)]);
  if (found !== wanted)
    throw new Error(`${file} has content of the hash ${found}, and should have ${wanted}`);
}

/** The SHA-256 of a file's content before compression, in hex. gzip and zstd verify their own checksums meanwhile. */
export async function contentHash(file: string): Promise<string> {
  const script = 'set -o pipefail; "$@" | sha256sum';
  const { stdout } = await run("bash", ["-c", script, "bash", ...inflating(file), file]);
  return stdout.slice(0, 64);
}

function inflating(file: string): readonly string[] {
  const magic = firstBytes(file);
  if (magic.startsWith("1f8b")) return [benchPeer("gzip"), "--decompress", "--stdout"];
  if (magic === "28b52ffd") return [benchPeer("zstd"), "--decompress", "--stdout", "--quiet"];
  return ["cat"];
}

function firstBytes(file: string): string {
  const head = Buffer.alloc(4);
  const fd = openSync(file, "r");
  try {
    return head.subarray(0, readSync(fd, head)).toString("hex");
  } finally {
    closeSync(fd);
  }
}
