import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileBlob } from "@drayage/blob";
import { type LayerFiles, openStore } from "@drayage/storage";
import { readTar } from "@drayage/tar";
import { smallImage, smallImageNeeds } from "@drayage-internal/fixtures";
import { describeWithPeers } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { overlayDriver } from "../src/index.ts";
import { all } from "./support/all.ts";
import { fullTree } from "./support/full-tree.ts";
import { type GoLayer, type GoStore, goStore } from "./support/go-store.ts";
import { idOf } from "./support/ids.ts";
import { mountsBelow, newFolder } from "./support/store.ts";
import { blobOf, type Entry, link, symlink, tarOf } from "./support/tar.ts";
import { makeTree } from "./support/tree.ts";

const [a, b, c] = [idOf("a"), idOf("b"), idOf("c")];

const lower: readonly Entry[] = [
  { name: "usr/" },
  { name: "usr/lib/", mode: 0o2755 },
  { name: "usr/lib/old", content: "old" },
  symlink("lib", "usr/lib"),
  { name: "etc/", uid: 1, gid: 2 },
  { name: "etc/one", content: "1" },
  { name: "etc/two", content: "2", mode: 0o4711, xattrs: new Map([["user.x", Buffer.from("y")]]) },
  { name: "gone/" },
  { name: "gone/file" },
];

/** All that the Go tools have no right way of their own for. */
const upper: readonly Entry[] = [
  { name: "lib/new", content: "new" },
  { name: "etc/.wh.one" },
  { name: "gone/" },
  { name: "gone/mine", content: "mine" },
  { name: ".wh.gone" },
  link("hard", "etc/two"),
  { name: "pipe", type: "fifo" },
  // Whiteouts that hide nothing are in the tar, and not among the layer's files.
  { name: "new/" },
  { name: "new/.wh.one" },
  { name: "new/.wh.two" },
];

function open({ graphRoot, runRoot }: GoStore): Promise<LayerFiles> {
  return overlayDriver().open({ graphRoot, runRoot });
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Adds layers as our store does: their files by the driver, their records by hand. */
async function addLayers(
  store: GoStore,
  layers: readonly (readonly [id: string, entries: readonly Entry[]])[],
): Promise<void> {
  const files = await open(store);
  const folder = join(store.graphRoot, "overlay-layers");
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const records: Record<string, unknown>[] = [];
  let parent: string | undefined;
  for (const [id, entries] of layers) {
    await using staged = await files.stage();
    await staged.unpack(blobOf(entries), { tarSplitPath: join(folder, `${id}.tar-split.gz`) });
    await staged.settle(parent);
    await staged.commit(id);
    const tar = tarOf(entries);
    records.push({
      id,
      parent,
      created: "2026-01-01T00:00:00Z",
      "diff-digest": sha256(tar),
      "diff-size": tar.length,
    });
    parent = id;
  }
  writeFileSync(join(folder, "layers.json"), JSON.stringify(records));
}

describeWithPeers("layers that we made", ["containers-storage", "root"], () => {
  it("are mounted, given back to the byte and deleted by containers-storage", async () => {
    const store = goStore(newFolder());
    await addLayers(store, [
      [a, lower],
      [b, upper],
      [c, [{ name: "top" }]],
    ]);
    const files = await open(store);
    const ours = fullTree(await files.mount(b, { readOnly: true }));
    await files.unmount(b);
    expect(mountsBelow(store.graphRoot)).toEqual([]);
    const merged = (await store.run("containers-storage", ["mount", b])).stdout.trim();
    expect(merged).toBe(join(store.graphRoot, "overlay", b, "merged"));
    expect(fullTree(merged)).toEqual(ours);
    expect([...ours.keys()]).toEqual([
      ".",
      "etc",
      "etc/two",
      "gone",
      "gone/mine",
      "hard",
      "lib",
      "new",
      "pipe",
      "usr",
      "usr/lib",
      "usr/lib/new",
      "usr/lib/old",
    ]);
    await store.run("containers-storage", ["unmount", b]);
    expect(readdirSync(join(store.graphRoot, "overlay", b, "diff", "new"))).toEqual([]);
    for (const [id, entries] of [
      [a, lower],
      [b, upper],
    ] as const) {
      const { bytes } = await store.run("containers-storage", ["diff", "--uncompressed", id]);
      expect(sha256(bytes)).toBe(sha256(tarOf(entries)));
    }
    for (const id of [c, b, a]) await store.run("containers-storage", ["delete-layer", id]);
    expect(await files.ids()).toEqual([]);
    expect(readdirSync(join(store.graphRoot, "overlay", "l"))).toEqual([]);
    expect(await files.leftovers()).toEqual([]);
  });

  it("are mounted by containers-storage once their parents are mended", async () => {
    const store = goStore(newFolder());
    await addLayers(store, [
      [a, [{ name: "of-a" }]],
      [b, [{ name: "of-b" }]],
      [c, [{ name: "of-c" }]],
    ]);
    const { graphRoot, runRoot } = store;
    const at = (...names: string[]): string => join(graphRoot, "overlay", ...names);
    rmSync(at("l", readFileSync(at(b, "link"), "utf8")));
    rmSync(at(b, "link"));
    rmSync(at(b, "lower"));
    await using ours = await openStore({ driver: overlayDriver(), graphRoot, runRoot });
    const { mended } = await ours.repair(await ours.check({ unreferencedAge: Infinity }));
    expect(mended.map(({ code, path }) => [code, path])).toEqual([
      ["layer-parents-wrong", at(b, "link")],
      ["layer-parents-wrong", at(b, "lower")],
      ["layer-parents-wrong", at(c, "lower")],
    ]);
    const merged = (await store.run("containers-storage", ["mount", c])).stdout.trim();
    expect(readdirSync(merged).sort()).toEqual(["of-a", "of-b", "of-c"]);
    await store.run("containers-storage", ["unmount", c]);
  });

  it("are the parents of containers-storage's, and mounted at the same time", async () => {
    const store = goStore(newFolder());
    await addLayers(store, [[a, lower]]);
    const files = await open(store);
    const ours = await files.mount(a, { readOnly: true });
    const made = (await store.run("containers-storage", ["create-layer", a])).stdout.split("\n")[0] ?? "";
    const theirs = (await store.run("containers-storage", ["mount", made])).stdout.trim();
    expect(readFileSync(join(ours, "lib/old"), "utf8")).toBe("old");
    expect(readFileSync(join(theirs, "lib/old"), "utf8")).toBe("old");
    await store.run("containers-storage", ["unmount", made]);
    expect(readFileSync(join(ours, "lib/old"), "utf8")).toBe("old");
    await files.unmount(a);
    expect((await files.ids()).length).toBe(2);
  });
});

describeWithPeers("layers of containers-storage", ["containers-storage", "root"], () => {
  it("are mounted, compared, packed and removed by us", async () => {
    const folder = newFolder();
    const store = goStore(folder);
    writeFileSync(join(folder, "lower.tar"), tarOf(lower));
    const base = (await store.run("containers-storage", ["create-layer"])).stdout.split("\n")[0] ?? "";
    await store.run("containers-storage", ["apply-diff", "--file", join(folder, "lower.tar"), base]);
    const top = (await store.run("containers-storage", ["create-layer", base])).stdout.split("\n")[0] ?? "";
    const files = await open(store);
    const merged = await files.mount(top);
    makeTree(merged, { "usr/lib/added": "text", "made/in": "" });
    renameSync(join(merged, "etc/one"), join(merged, "etc/three"));
    rmSync(join(merged, "gone"), { recursive: true });
    mkdirSync(join(merged, "gone"));
    await files.unmount(top);
    const words = (await all(files.changes(top))).map(({ kind, path, size }) => `${kind} ${path} ${size}`);
    expect(words).toEqual([
      "changed /etc 0",
      "removed /etc/one 0",
      "added /etc/three 1",
      "changed /gone 0",
      "removed /gone/file 0",
      "added /made 0",
      "added /made/in 0",
      "changed /usr 0",
      "changed /usr/lib 0",
      "added /usr/lib/added 4",
    ]);
    const theirs = await store.run("containers-storage", ["diff", "--uncompressed", top]);
    const entries = await all(readTar([theirs.bytes]));
    const mine = await all(readTar(files.diff(top)));
    const plain = (list: typeof entries): unknown =>
      list.map(({ header: { name, type, uid, gid, size, mtime, mode } }) => [
        name,
        type,
        uid,
        gid,
        size,
        mtime,
        mode & 0o7777,
      ]);
    expect(plain(mine)).toEqual(plain(entries));
    expect(mine.map(({ header }) => header.name)).toContain("gone/.wh..wh..opq");
    const file = await files.openFile(top, Buffer.from("usr/lib/added"));
    file?.close();
    expect(file?.size).toBe(4);
    await (await files.remove([top]))();
    expect(await files.ids()).toEqual([base]);
  });

  it("get their links back from us, and ours from them", async () => {
    const store = goStore(newFolder());
    await addLayers(store, [
      [a, lower],
      [b, upper],
    ]);
    const links = join(store.graphRoot, "overlay", "l");
    for (const name of readdirSync(links)) rmSync(join(links, name));
    await store.run("containers-storage", ["mount", b]);
    await store.run("containers-storage", ["unmount", b]);
    // One is for the folder of temporary places, which 1.43 takes for a layer.
    expect(readdirSync(links).length).toBe(3);
    for (const name of readdirSync(links)) rmSync(join(links, name));
    const files = await open(store);
    expect(existsSync(join(await files.mount(b), "etc/two"))).toBe(true);
    await files.unmount(b);
    expect(readdirSync(links).length).toBe(2);
  });
});

describeWithPeers("a store of skopeo", ["skopeo", "podman", ...smallImageNeeds], () => {
  it("has the same files in our layers as in its own, and all tools work on ours", {
    timeout: 180_000,
  }, async () => {
    const folder = newFolder();
    const store = goStore(folder);
    const image = await smallImage();
    const name = "example.com/test/image:1";
    await store.run("skopeo", ["copy", `docker-archive:${image.path}`, `${store.reference}${name}`]);
    await store.run("skopeo", ["copy", `${store.reference}${name}`, `dir:${join(folder, "before")}`]);
    const files = await open(store);
    const layers = store.layers();
    expect(layers.length).toBeGreaterThan(1);
    const theirs = layers.map(({ id }) => fullTree(join(store.graphRoot, "overlay", id, "diff")));

    await replaceLayers(files, layers, join(folder, "before"));
    const ours = layers.map(({ id }) => fullTree(join(store.graphRoot, "overlay", id, "diff")));
    expect(ours).toEqual(theirs);

    await store.run("skopeo", ["copy", `${store.reference}${name}`, `dir:${join(folder, "after")}`]);
    expect(readdirSync(join(folder, "after"))).toEqual(readdirSync(join(folder, "before")));
    const mounted = (await store.run("podman", ["image", "mount", name])).stdout.trim();
    const seen = [...fullTree(mounted).keys()];
    await store.run("podman", ["image", "umount", name]);
    const last = layers.at(-1)?.id ?? "";
    expect([...fullTree(await files.mount(last, { readOnly: true })).keys()]).toEqual(seen);
    await files.unmount(last);

    const container = (await store.run("buildah", ["from", "--pull-never", name])).stdout.trim();
    const root = (await store.run("buildah", ["mount", container])).stdout.trim();
    writeFileSync(join(root, "new"), "text");
    await store.run("buildah", ["commit", "--quiet", "--rm", container, "example.com/test/child:1"]);
    await store.run("podman", ["rmi", "example.com/test/child:1"]);
    await store.run("podman", ["rmi", name]);
    expect(await files.ids()).toEqual([]);
    expect(await files.leftovers()).toEqual([]);
  });
});

/** Takes the files of all layers away and makes them anew, from the layers' archives in a `dir:` image. */
async function replaceLayers(files: LayerFiles, layers: readonly GoLayer[], image: string): Promise<void> {
  for (const { id } of [...layers].reverse()) await (await files.remove([id]))();
  const staged = await Promise.all(
    layers.map(async ({ "diff-digest": digest = "" }) => {
      const stage = await files.stage();
      await stage.unpack(fileBlob(join(image, digest.replace("sha256:", ""))));
      return stage;
    }),
  );
  for (const [index, stage] of staged.entries()) {
    await stage.settle(staged[index - 1]);
    await stage.commit(layers[index]?.id ?? "");
  }
}
