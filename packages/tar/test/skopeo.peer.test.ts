import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { describeWithPeers, run, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import {
  cleanEntryName,
  encodeTarHeader,
  scanTar,
  type TarEntryInput,
  type TarLocation,
  tarEnd,
  tarPadding,
} from "../src/index.ts";
import { concat, latin } from "./support/archive.ts";
import { decode } from "./support/decode.ts";
import { makeTree } from "./support/tree.ts";

function scan(archive: Uint8Array): TarLocation[] {
  const read = (position: number, length: number): Uint8Array =>
    archive.subarray(position, position + length);
  return [...scanTar({ size: archive.length, read })];
}

/** A layout with one image, whose one layer has what is in `tree`. */
async function makeLayout(umoci: string, folder: string, tree: string): Promise<string> {
  const layout = path.join(folder, "layout");
  const rootless = process.getuid?.() === 0 ? [] : ["--rootless"];
  await run(umoci, ["init", "--layout", layout]);
  await run(umoci, ["new", "--image", `${layout}:v1`]);
  await run(umoci, ["insert", ...rootless, "--image", `${layout}:v1`, tree, "/"]);
  return layout;
}

async function makeLayer(umoci: string, folder: string, tree: string): Promise<Uint8Array> {
  const blobs = path.join(await makeLayout(umoci, folder, tree), "blobs", "sha256");
  const [layer, ...others] = readdirSync(blobs)
    .map((name) => readFileSync(path.join(blobs, name)))
    .filter((bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b);
  if (layer === undefined || others.length > 0) throw new Error("the image has not one layer");
  return gunzipSync(layer);
}

function makeSample(folder: string): string {
  const tree = path.join(folder, "tree");
  mkdirSync(tree);
  makeTree(tree);
  return tree;
}

describeWithPeers("archives that Go's archive/tar wrote", ["skopeo", "umoci"], ({ skopeo, umoci }) => {
  it("a docker-archive of skopeo's is made again byte for byte from names, sizes and contents", async () => {
    const folder = temporaryDirectory();
    const layout = await makeLayout(umoci, folder, makeSample(folder));
    const file = path.join(folder, "archive.tar");
    const destination = `docker-archive:${file}:example.com/name:v1`;
    await run(skopeo, ["--insecure-policy", "copy", `oci:${layout}:v1`, destination]);
    const archive = readFileSync(file);
    const mtime = { seconds: 0, nanoseconds: 0 };
    const parts: Uint8Array[] = [];
    for (const { header, dataOffset } of scan(archive)) {
      const { name, size, type, linkname } = header;
      const entry: TarEntryInput =
        type === "symlink" ? { name, type, linkname, mtime } : { name, size, mode: 0o444, mtime };
      parts.push(encodeTarHeader(entry), archive.subarray(dataOffset, dataOffset + size), tarPadding(size));
    }
    parts.push(tarEnd());
    expect(parts.length).toBeGreaterThan(15);
    expect(latin(concat(...parts)) === latin(archive)).toBe(true);
  });

  it("the headers of a layer of umoci's are made again byte for byte from what was read of them", async () => {
    const folder = temporaryDirectory();
    const layer = await makeLayer(umoci, folder, makeSample(folder));
    const { entries, bytes } = decode(layer, [65_536]);
    expect(latin(bytes) === latin(layer)).toBe(true);
    expect(new Set(entries.map(({ header }) => header.type))).toEqual(
      new Set(["directory", "file", "link", "symlink", "fifo"]),
    );
    // Names beyond ustar, and a date after 2038 with a part of a second.
    expect(entries.filter(({ rawBlocks }) => rawBlocks.length > 512).length).toBeGreaterThan(3);
    for (const { header, rawBlocks } of entries) {
      expect(latin(encodeTarHeader(header))).toBe(latin(rawBlocks));
    }
  });
});

describeWithPeers("extended attributes in a layer of umoci's", ["umoci", "tar", "root"], ({ umoci, tar }) => {
  it("are read as the bytes that GNU tar set, and written as Go wrote them", async (context) => {
    const folder = temporaryDirectory();
    // Version 2 of the kernel's format: cap_net_raw, permitted and effective.
    const capability = new Uint8Array(20);
    capability.set([1, 0, 0, 2, 0, 0x20]);
    const xattrs = new Map([["security.capability", capability]]);
    const archive = concat(encodeTarHeader({ name: "ping", mode: 0o755, xattrs }), tarEnd());
    const tree = path.join(folder, "tree");
    mkdirSync(tree);
    const attributes = ["--xattrs", "--xattrs-include=*"];
    await run(tar, [...attributes, "-xf", "-", "-C", tree], { input: archive });
    const { bytes } = await run(tar, [...attributes, "--format=pax", "-cf", "-", "-C", tree, "ping"]);
    const [kept] = scan(bytes);
    if (kept?.header.xattrs.size === 0) context.skip("this file system keeps no extended attributes");
    expect(kept?.header.xattrs.get("security.capability")).toEqual(capability);
    const entry = scan(await makeLayer(umoci, folder, tree)).find(
      ({ header }) => cleanEntryName(header.name) === "ping",
    );
    if (entry === undefined) throw new Error("the layer has no such file");
    expect(entry.header.xattrs.get("security.capability")).toEqual(capability);
    expect(latin(encodeTarHeader(entry.header))).toBe(latin(entry.rawBlocks));
  });
});
