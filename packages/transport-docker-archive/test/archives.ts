import { writeFileSync } from "node:fs";
import path from "node:path";
import { readBlob } from "@drayage/blob";
import { type Digest, digestBytes, digestHex } from "@drayage/digest";
import type { Descriptor } from "@drayage/manifest";
import { temporaryDirectory } from "@drayage-internal/peers";
import { type FixtureImage, openSource, type TarMember, tar } from "./fixtures.ts";

const folder = temporaryDirectory();
let count = 0;

/** A path where nothing is yet. */
export function newPath(): string {
  count += 1;
  return path.join(folder, `${count}.tar`);
}

/** A file with these bytes. */
export function newFile(bytes: Uint8Array | string): string {
  const file = newPath();
  writeFileSync(file, bytes);
  return file;
}

/** The members of an archive such as `docker save` of today writes, with the names that are given. */
export function members(of: FixtureImage, names: readonly string[] | null = []): TarMember[] {
  return [
    ...of.layers.map(({ bytes, diffId }) => ({ name: `${digestHex(diffId)}.tar`, data: bytes })),
    { name: "config.json", data: of.config },
    manifestMember([item(of, names)]),
  ];
}

export function item(of: FixtureImage, names: readonly string[] | null = []): object {
  return {
    Config: "config.json",
    RepoTags: names,
    Layers: of.layers.map(({ diffId }) => `${digestHex(diffId)}.tar`),
  };
}

export function manifestMember(items: unknown): TarMember {
  return { name: "manifest.json", data: JSON.stringify(items) };
}

export function archiveOf(list: readonly TarMember[]): string {
  return newFile(tar(list));
}

/** An image, its blobs told by their digests. */
export interface WholeImage {
  readonly manifest: string;
  readonly config: Digest;
  readonly layers: readonly Digest[];
}

const limit = 1 << 24;

/** All of an image, each blob verified against the manifest. */
export async function readWhole(text: string): Promise<WholeImage> {
  await using source = await openSource(text);
  const manifest = Buffer.from((await source.manifest()).bytes).toString();
  const document: { config: Descriptor; layers: Descriptor[] } = JSON.parse(manifest);
  const read = async (descriptor: Descriptor): Promise<Digest> =>
    digestBytes(await readBlob(await source.blob(descriptor), { limit }));
  const layers: Digest[] = [];
  for (const layer of document.layers) layers.push(await read(layer));
  return { manifest, config: await read(document.config), layers };
}

/** What `readWhole` gives for an image. */
export function whole(of: FixtureImage): WholeImage {
  return {
    manifest: Buffer.from(of.manifest).toString(),
    config: of.configDigest,
    layers: of.layers.map(({ diffId }) => diffId),
  };
}
