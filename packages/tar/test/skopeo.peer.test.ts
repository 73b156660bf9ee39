import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { describeWithPeers, run, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import {
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

/** A layout with one image, whose one layer has the tree of `makeTree`. */
async function makeLayout(umoci: string, folder: string): Promise<string> {
  const tree = path.join(folder, "tree");
  const layout = path.join(folder, "layout");
  mkdirSync(tree);
  makeTree(tree);
  const rootless = process.getuid?.() === 0 ? [] : ["--rootless"];
  await run(umoci, ["init", "--layout", layout]);
  await run(umoci, ["new", "--image", `${layout}:v1`]);
  await run(umoci, ["insert", ...rootless, "--image", `${layout}:v1`, tree, "/"]);
  return layout;
}

describeWithPeers(
  "archives of skopeo and umoci, which Go's archive/tar wrote",
  ["skopeo", "umoci"],
  ({ skopeo, umoci }) => {
    it("a docker-archive is made again byte for byte from names, sizes and contents", async () => {
      const folder = temporaryDirectory();
      const layout = await makeLayout(umoci, folder);
      const file = path.join(folder, "archive.tar");
      await run(skopeo, [
        "--insecure-policy",
        "copy",
        `oci:${layout}:v1`,
        `docker-archive:${file}:example.com/name:v1`,
      ]);
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

    it("the headers of a layer are made again byte for byte from what was read of them", async () => {
      const folder = temporaryDirectory();
      const layout = await makeLayout(umoci, folder);
      const blobs = path.join(layout, "blobs", "sha256");
      const layers = readdirSync(blobs)
        .map((name) => readFileSync(path.join(blobs, name)))
        .filter((bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b)
        .map((bytes) => gunzipSync(bytes));
      expect(layers.length).toBe(1);
      for (const layer of layers) {
        const { entries, bytes } = decode(layer, [65_536]);
        expect(latin(bytes) === latin(layer)).toBe(true);
        expect(new Set(entries.map(({ header }) => header.type))).toEqual(
          new Set(["directory", "file", "link", "symlink", "fifo"]),
        );
        // Names beyond ustar, and a date after 2038 with a part of a second.
        expect(entries.filter(({ rawBlocks }) => rawBlocks.length > 512).length).toBeGreaterThan(3);
        for (const { header, rawBlocks } of entries)
          expect(latin(encodeTarHeader(header))).toBe(latin(rawBlocks));
      }
    });
  },
);
