import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { inflate } from "@drayage/compression";
import { digestBytes } from "@drayage/digest";
import { expect } from "vitest";

/** The files of a folder, by their path in it. */
export type Tree = ReadonlyMap<string, Buffer>;

export function readTree(folder: string): Tree {
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => fs.lstatSync(path.join(folder, name)).isFile())
    .toSorted();
  return new Map(files.map((name) => [name, fs.readFileSync(path.join(folder, name))]));
}

/** The files of a tar archive, read by the system's tar. */
export function readArchive(archive: string, scratch: string): Tree {
  const folder = fs.mkdtempSync(path.join(scratch, "archive-"));
  execFileSync("tar", ["-xf", archive, "-C", folder]);
  return readTree(folder);
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

interface Document {
  readonly manifests?: readonly Descriptor[];
  readonly layers?: readonly Descriptor[];
  readonly config?: Descriptor;
}

/**
 * Expects two trees of an image to be the same, or, where layers were compressed by another encoder, to be the
 * same but for these layers' digests and sizes, and what follows from them. Returns how many layers differ.
 */
export async function expectSameImage(ours: Tree, theirs: Tree, root: string): Promise<number> {
  const substitution = new Map<string, Descriptor>();
  const start = ours.get(root);
  const goal = theirs.get(root);
  if (start === undefined || goal === undefined) throw new Error(`there is no ${root}`);
  await pairUp(start, goal, { ours, theirs, substitution });
  const layers = new Set([...substitution.values()].map(({ digest }) => hexOf(digest)));
  const names = new Map([...ours.keys()].map((name) => [substituteText(name, substitution), name]));
  expect([...names.keys()].toSorted()).toEqual([...theirs.keys()].toSorted());
  for (const [name, content] of theirs) {
    const own = ours.get(names.get(name) ?? "") ?? Buffer.alloc(0);
    if (own.equals(content)) continue;
    // Compressed bytes of layers differ: what they unpack to was compared when they were paired up.
    if (!isJson(content) && [...layers].some((hex) => name.includes(hex))) continue;
    expect(substituteText(own.toString(), substitution), name).toBe(content.toString());
  }
  const documents = [...substitution.keys()].filter((own) => !own.startsWith("size of "));
  return documents.filter((own) => !isJson(blobOf(ours, own))).length;
}

interface Pairing {
  readonly ours: Tree;
  readonly theirs: Tree;
  readonly substitution: Map<string, Descriptor>;
}

async function pairUp(own: Buffer, their: Buffer, pairing: Pairing): Promise<void> {
  const a = JSON.parse(own.toString()) as Document;
  const b = JSON.parse(their.toString()) as Document;
  const children = (document: Document): readonly Descriptor[] => [
    ...(document.manifests ?? []),
    ...(document.layers ?? []),
  ];
  expect(children(a)).toHaveLength(children(b).length);
  for (const [at, descriptor] of children(a).entries()) {
    const other = children(b)[at];
    if (other === undefined || other.digest === descriptor.digest) continue;
    pairing.substitution.set(descriptor.digest, other);
    pairing.substitution.set(`size of ${descriptor.digest}`, {
      digest: String(descriptor.size),
      size: other.size,
    });
    const ownBlob = blobOf(pairing.ours, descriptor.digest);
    const otherBlob = blobOf(pairing.theirs, other.digest);
    if (isJson(otherBlob)) await pairUp(ownBlob, otherBlob, pairing);
    else expect(await unpackedDigest(ownBlob)).toBe(await unpackedDigest(otherBlob));
  }
}

async function unpackedDigest(blob: Buffer): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of inflate([blob], "gzip")) chunks.push(chunk.slice());
  return digestBytes(Buffer.concat(chunks));
}

function substituteText(text: string, substitution: Pairing["substitution"]): string {
  let result = text;
  for (const [own, other] of substitution) {
    result = own.startsWith("size of ")
      ? result.replaceAll(new RegExp(`"size":${other.digest}(?!\\d)`, "g"), `"size":${other.size}`)
      : result.replaceAll(hexOf(own), hexOf(other.digest));
  }
  return result;
}

function blobOf(tree: Tree, digest: string): Buffer {
  const hex = hexOf(digest);
  const found = [`blobs/sha256/${hex}`, hex, `${hex}.manifest.json`].map((name) => tree.get(name));
  const blob = found.find((bytes) => bytes !== undefined);
  if (blob === undefined) throw new Error(`the tree lacks ${digest}`);
  return blob;
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1);
}

function isJson(bytes: Buffer): boolean {
  return bytes[0] === 0x7b;
}
