import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { smallImage, smallImageNeeds } from "@drayage-internal/fixtures";
import { describeWithPeers, run, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { scanTar } from "../src/index.ts";
import { reassembleTar } from "../src/tar-split.ts";
import { type ArchiveEntry, concat, extended, latin, record, text, wholeArchive } from "./support/archive.ts";
import { type GoStore, goStore } from "./support/go-store.ts";
import { packed } from "./support/tar-split.ts";
import { makeTree } from "./support/tree.ts";

/** What Go stored is what we would have stored, we give it back, and Go gives back what is ours. */
async function expectSame(store: GoStore, archive: Uint8Array): Promise<void> {
  const id = await store.importLayer(archive);
  const json = store.tarSplit(id);
  const ours = packed(archive);
  // What follows the archive's end it cuts elsewhere, and before 0.12 it told of nothing there too.
  const withoutEnd = (lines: string): string => lines.slice(0, lines.lastIndexOf('"type":1'));
  const theirs = Buffer.from(json).toString();
  expect(withoutEnd(ours) === withoutEnd(theirs)).toBe(true);
  expect(withoutEnd(ours).length).toBeGreaterThan(500);
  const chunks: Uint8Array[] = [];
  for await (const chunk of reassembleTar([json], (file) => store.open(id, file))) chunks.push(chunk);
  expect(latin(concat(...chunks)) === latin(archive)).toBe(true);
  store.replaceTarSplit(id, ours);
  expect(latin(await store.diff(id)) === latin(archive)).toBe(true);
}

/** The layers of a docker-archive. */
function layersOf(archive: Uint8Array): Uint8Array[] {
  const files = new Map<string, Uint8Array>();
  const read = (position: number, length: number): Uint8Array =>
    archive.subarray(position, position + length);
  for (const { header, dataOffset } of scanTar({ size: archive.length, read })) {
    files.set(header.name, archive.subarray(dataOffset, dataOffset + header.size));
  }
  const manifest = Buffer.from(files.get("manifest.json") ?? "").toString();
  const [{ Layers: names }] = JSON.parse(manifest) as [{ Layers: string[] }];
  return names.map((name) => files.get(name) as Uint8Array);
}

describeWithPeers("the tar-split of containers/storage", ["containers-storage", "tar", "root"], (peers) => {
  const newStore = (): GoStore => goStore(peers["containers-storage"], temporaryDirectory());

  it.each(["gnu", "pax", "ustar"])("is ours, for a tree in GNU tar's format %s", async (format) => {
    const folder = temporaryDirectory();
    const tree = path.join(folder, "tree");
    mkdirSync(tree);
    makeTree(tree, { short: format === "ustar" });
    const { bytes } = await run(peers.tar, [`--format=${format}`, "-cf", "-", "-C", tree, "."]);
    await expectSame(newStore(), bytes);
  });

  it("is ours, for what is rare but right: names that are no UTF-8, a global header, whiteouts, no end, more after it", async () => {
    const store = newStore();
    const entries: ArchiveEntry[] = [
      { header: { name: "<a>&b\u2028\u0001" }, data: text("escaped") },
      { header: { rawName: Uint8Array.of(0x64, 0xff), format: "gnu" }, data: text("bytes") },
      { header: { name: ".wh.gone" } },
      { header: { name: "d/.wh..wh..opq" } },
      { header: { name: "d/e/../f" }, data: text("dots") },
      { header: { name: "hard", type: "link", linkname: "d/f" } },
      { header: { name: "size", type: "symlink", linkname: "d/f" } },
    ];
    const whole = concat(extended("g", record("comment", "x")), wholeArchive(...entries));
    await expectSame(store, whole);
    await expectSame(store, whole.subarray(0, -1024));
    await expectSame(store, whole.subarray(0, -512));
    await expectSame(store, concat(whole, new Uint8Array(9000)));
    await expectSame(store, concat(whole, text("garbage")));
  });

  it("lets Go give back what it could not store itself", async () => {
    const store = newStore();
    const id = await store.importLayer(wholeArchive({ header: { name: "kept" }, data: text("kept") }));
    const sparse =
      record("GNU.sparse.size", "9") + record("GNU.sparse.numblocks", "1") + record("GNU.sparse.map", "0,1");
    const archive = concat(
      extended("x", sparse),
      wholeArchive(
        { header: { name: "sparse" }, data: text("s") },
        { header: { name: "kept" }, data: text("kept") },
        { header: { name: "./kept" }, data: text("kept") },
        { header: { name: "../../outside" }, data: text("outside") },
        { header: { name: "absolute", type: "symlink", linkname: "/etc" } },
        { header: { name: "absolute/hostname" }, data: text("not the host's") },
        { header: { name: ".wh.gone" }, data: text("a whiteout") },
        { header: { name: "d/" } },
        { header: { name: "d/" } },
        { header: { name: "old-link", type: "link", linkname: "kept", size: 4 } },
      ),
    );
    await expect(store.importLayer(archive)).rejects.toThrow();
    store.replaceTarSplit(id, packed(archive));
    expect(latin(await store.diff(id)) === latin(archive)).toBe(true);
  });
});

describeWithPeers("layers that buildah made", ["containers-storage", ...smallImageNeeds], (peers) => {
  it("have the tar-split that Go gives them", async () => {
    const store = goStore(peers["containers-storage"], temporaryDirectory());
    const image = await smallImage();
    const layers = layersOf(readFileSync(image.path));
    expect(layers.length).toBe(3);
    for (const layer of layers) await expectSame(store, layer);
  });
});
