import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { fileBlob, inflated } from "@drayage/blob";
import { describeWithPeers, run } from "@drayage-internal/peers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { unpackImage, unpackLayer } from "../src/index.ts";
import { dir, type Entry, file, link, symlink, tarOf, whiteout } from "./support/layers.ts";
import { listing } from "./support/listing.ts";
import { type Playground, playground, tree } from "./support/tree.ts";

let place: Playground;

beforeEach(() => {
  place = playground();
});

afterEach(() => {
  place.remove();
});

const mtime = { seconds: 1_600_000_000, nanoseconds: 123_456_789 };
const exact = { mtime, format: "pax" } as const;
const capability = Buffer.from("0100000200200000000000000000000000000000", "hex");

/** Layers as builders make them: what all tools agree about. */
const lower: readonly Entry[] = [
  dir("bin", { ...exact, mode: 0o755 }),
  file("bin/su", "set-id", { ...exact, mode: 0o4755 }),
  file("bin/ping", "capable", {
    ...exact,
    mode: 0o755,
    xattrs: new Map([["security.capability", capability]]),
  }),
  link("bin/sh", "bin/su", { ...exact, mode: 0o4755 }),
  symlink("lib", "usr/lib", exact),
  dir("usr", exact),
  dir("usr/lib", { ...exact, uid: 3, gid: 4, mode: 0o2775 }),
  file("usr/lib/one", "1", { ...exact, uid: 3 }),
  dir("tmp", { ...exact, mode: 0o1777 }),
  dir("gone", exact),
  file("gone/file", "x", exact),
  file("replaced", "old", exact),
  dir("emptied", exact),
  file("emptied/file", "x", exact),
  { name: "null", type: "character", devmajor: 1, devminor: 3, mode: 0o666, ...exact },
  { name: "pipe", type: "fifo", mode: 0o600, ...exact },
  file("größe", "ü", { ...exact, xattrs: new Map([["user.note", Buffer.from("1\0")]]) }),
];
const upper: readonly Entry[] = [
  whiteout(".wh.gone"),
  file("replaced", "new", { ...exact, mode: 0o600 }),
  dir("emptied", exact),
  whiteout("emptied/.wh..wh..opq"),
  file("emptied/new", "y", exact),
  dir("usr", exact),
  dir("usr/lib", { ...exact, mode: 0o755 }),
  file("usr/lib/two", "2", exact),
];

/** An OCI layout of the two layers, made by umoci, and the layers' files. */
async function layout(umoci: string): Promise<{ readonly image: string; readonly tars: readonly string[] }> {
  const folder = path.join(place.folder, "layout");
  const image = `${folder}:image`;
  await run(umoci, ["init", "--layout", folder]);
  await run(umoci, ["new", "--image", image]);
  const tars: string[] = [];
  for (const [index, entries] of [lower, upper].entries()) {
    const tar = path.join(place.folder, `${index}.tar`);
    writeFileSync(tar, tarOf(entries));
    await run(umoci, ["raw", "add-layer", "--image", image, tar]);
    tars.push(tar);
  }
  return { image, tars };
}

describeWithPeers("umoci", ["umoci", "root"], ({ umoci }) => {
  it("unpacks the same", async () => {
    const { image, tars } = await layout(umoci);
    const bundle = path.join(place.folder, "bundle");
    await run(umoci, ["unpack", "--image", image, bundle]);
    await unpackImage(
      tars.map((tar) => fileBlob(tar)),
      { root: place.root },
    );
    expect(listing(place.root)).toEqual(listing(path.join(bundle, "rootfs")));
  });
});

describeWithPeers("containers/storage", ["skopeo", "umoci", "root"], ({ umoci, skopeo }) => {
  it.each(["overlay", "vfs"])("has the same in its layers: %s", async (driver) => {
    const { image, tars } = await layout(umoci);
    const store = path.join(place.folder, "store");
    const to = `containers-storage:[${driver}@${store}/root+${store}/run]example.com/x:1`;
    try {
      await run(skopeo, ["--insecure-policy", "copy", "--quiet", `oci:${image}`, to]);
      const file = path.join(store, "root", `${driver}-layers`, "layers.json");
      const layers = JSON.parse(readFileSync(file, "utf8")) as { id: string; parent?: string }[];
      const first = layers.find(({ parent }) => parent === undefined)?.id;
      const second = layers.find(({ parent }) => parent === first)?.id;
      for (const [index, id] of [first, second].entries()) {
        const blobs = tars.slice(0, index + 1).map((tar) => fileBlob(tar));
        const root = path.join(place.root, `${index}`);
        mkdirSync(root);
        if (driver === "overlay") {
          const [blob = fileBlob("")] = blobs.slice(-1);
          await unpackLayer(blob, { root, whiteouts: "overlay-trusted", rootEntry: "ignore" });
          const listed = listing(path.join(store, "root/overlay", `${id}`, "diff"));
          // A device for a whiteout has the time of its making.
          const sight = (lines: readonly string[]): readonly string[] =>
            lines.map((line) => line.replace(/^(gone 20000 0:0) \d+/, "$1"));
          expect(sight(listing(root))).toEqual(sight(listed));
        } else {
          await unpackImage(blobs, { root });
          expect(listing(root)).toEqual(listing(path.join(store, "root/vfs/dir", `${id}`)));
        }
      }
    } finally {
      if (driver === "overlay")
        await run("umount", ["-R", "-l", path.join(store, "root/overlay")], { mayFail: true });
    }
  });
});

describeWithPeers("GNU tar", ["tar"], ({ tar }) => {
  it.each([
    ["gnu", ["--format=gnu"]],
    ["pax 0.0", ["--format=pax", "--sparse-version=0.0"]],
    ["pax 0.1", ["--format=pax", "--sparse-version=0.1"]],
    ["pax 1.0", ["--format=pax", "--sparse-version=1.0"]],
  ])("writes sparse files that are unpacked whole: %s", async (_, flags) => {
    const source = path.join(place.outside, "sparse");
    const data = Buffer.alloc(5_000_000);
    for (let at = 100_000; at < 4_000_000; at += 200_000) data.write(`at ${at}`, at);
    writeFileSync(source, "");
    truncateSync(source, data.length);
    const fd = openSync(source, "r+");
    for (let at = 100_000; at < 4_000_000; at += 200_000) writeSync(fd, data, at, 20, at);
    closeSync(fd);
    writeFileSync(path.join(place.outside, "hole"), "");
    truncateSync(path.join(place.outside, "hole"), 3_000_000);
    writeFileSync(path.join(place.outside, "plain"), "plain");
    const archive = path.join(place.folder, "sparse.tar");
    const names = ["sparse", "hole", "plain"];
    await run(tar, [
      "--create",
      "--sparse",
      ...flags,
      "--directory",
      place.outside,
      "--file",
      archive,
      ...names,
    ]);
    expect(readFileSync(archive).length).toBeLessThan(1_000_000);
    const { bytes } = await unpackLayer(fileBlob(archive), { root: place.root });
    expect(bytes).toBe(8_000_005);
    expect(readFileSync(path.join(place.root, "sparse")).equals(data)).toBe(true);
    expect(readFileSync(path.join(place.root, "hole")).equals(Buffer.alloc(3_000_000))).toBe(true);
    expect(tree(place.root)).toMatchObject({ plain: "file plain" });
  });

  it("extracts the same", async () => {
    const archive = path.join(place.folder, "layer.tar.gz");
    const plain = path.join(place.folder, "layer.tar");
    const isRoot = process.getuid?.() === 0;
    const own = isRoot ? {} : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const entries = lower.filter(({ type, xattrs }) => type !== "character" && xattrs === undefined);
    writeFileSync(plain, tarOf(entries.map((entry) => (isRoot ? entry : { ...entry, ...own }))));
    execFileSync("gzip", ["--keep", plain]);
    const theirs = path.join(place.folder, "theirs");
    mkdirSync(theirs);
    await run(tar, ["--extract", "--same-permissions", "--directory", theirs, "--file", archive]);
    await unpackLayer(inflated(fileBlob(archive)), { root: place.root });
    expect(listing(place.root)).toEqual(listing(theirs));
  });
});
