import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileBlob, inflated } from "@drayage/blob";
import { digestBytes, digestHex } from "@drayage/digest";
import { type LayerFiles, layerIdOf, openStore } from "@drayage/storage";
import { readEdgeFolder } from "@drayage/testkit/edge-layers";
import { smallImage, smallImageNeeds } from "@drayage-internal/fixtures";
import {
  buildahStore,
  describeWithPeers,
  podmanStore,
  run,
  skopeo,
  temporaryDirectory,
} from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { vfsDriver } from "../src/index.ts";
import { type Layout, readLayout, writeLayout } from "./support/oci-layout.ts";
import { type Entry, tarOf } from "./support/tar.ts";

const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");

const lower: readonly Entry[] = [
  { name: "bin/", mode: 0o755 },
  { name: "bin/ping", content: "ping", xattrs: new Map([["security.capability", capability]]) },
  { name: "bin/su", content: "su", mode: 0o4711 },
  { name: "bin/hard", type: "link", linkname: "bin/su", mode: 0o4711 },
  { name: "dev/", mode: 0o755 },
  { name: "dev/null", type: "character", devmajor: 1, devminor: 3, mode: 0o666 },
  { name: "dev/loop", type: "block", devmajor: 7, devminor: 300, mode: 0o660, gid: 6 },
  { name: "etc/", mode: 0o2755, uid: 3, gid: 4 },
  { name: "etc/old", content: "old" },
  { name: "etc/user", content: "user", xattrs: new Map([["user.note", Buffer.from("a note")]]) },
  { name: "lib", type: "symlink", linkname: "usr/lib", uid: 1000, gid: 1000 },
  { name: "run/", mode: 0o1777 },
  { name: "run/fifo", type: "fifo", mode: 0o600 },
  { name: "usr/", mode: 0o755 },
  { name: "usr/lib/", mode: 0o755 },
  { name: "usr/lib/a", content: "a".repeat(300_000) },
];

const upper: readonly Entry[] = [
  { name: "etc/", mode: 0o755 },
  { name: "etc/.wh.old" },
  { name: "etc/new", content: "new", uid: 70_000 },
  { name: "usr/", mode: 0o755 },
  { name: "usr/lib/", mode: 0o700 },
  { name: "usr/lib/.wh..wh..opq" },
  { name: "usr/lib/b", content: "b" },
];

type Tree = Readonly<Record<string, unknown>>;

/** What a folder holds, with the first of its names for a file of several. */
function treeOf(folder: string): Tree {
  const first = new Map<string, string>();
  return Object.fromEntries(
    [...readEdgeFolder(folder)]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, { identity = "", content, mtime, ...file }]) => {
        if (!first.has(identity)) first.set(identity, path);
        // A folder that a layer adds to, without an entry for it, is as old as the unpacking.
        const isNew = file.kind === "folder" && (mtime?.seconds ?? 0) > Date.now() / 1000 - 3600;
        return [
          path,
          {
            ...file,
            mtime: isNew ? "new" : mtime,
            sameAs: first.get(identity),
            content: content && digestBytes(content),
          },
        ];
      }),
  );
}

async function addLayers(files: LayerFiles, { layers }: Layout): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const { path, diffId } of layers) {
    const parent = ids.at(-1);
    const id = layerIdOf(parent, diffId);
    await using staged = await files.stage({ parent });
    await staged.unpack(inflated(fileBlob(path), { digest: diffId }));
    await staged.settle(parent);
    await staged.commit(id);
    ids.push(id);
  }
  return ids;
}

/** Compares each layer with the one that skopeo makes of it. Gives how many files each has. */
async function compareWithSkopeo(layoutFolder: string, layout: Layout): Promise<readonly number[]> {
  const folder = temporaryDirectory();
  const [graphRoot, runRoot] = [join(folder, "root"), join(folder, "run")];
  const place = `[vfs@${graphRoot}+${runRoot}]`;
  await skopeo(["copy", `oci:${layoutFolder}`, `containers-storage:${place}localhost/test`]);
  const ours = temporaryDirectory();
  await using files = await vfsDriver().open({ graphRoot: ours, runRoot: join(ours, "run") });
  const ids = await addLayers(files, layout);
  return ids.map((id) => {
    const tree = treeOf(join(ours, "vfs/dir", id));
    expect(tree).toEqual(treeOf(join(graphRoot, "vfs/dir", id)));
    return Object.keys(tree).length;
  });
}

describeWithPeers("skopeo's vfs", ["skopeo", "root", ...smallImageNeeds], () => {
  it("makes the same files of layers with all that layers may have", async () => {
    const folder = temporaryDirectory();
    const layout = writeLayout(folder, [tarOf(lower), tarOf(upper)]);
    expect(await compareWithSkopeo(folder, layout)).toEqual([17, 17]);
  });

  it("makes the same files of an image that buildah made", async () => {
    const { path } = await smallImage();
    const folder = temporaryDirectory();
    await skopeo(["copy", `docker-archive:${path}`, `oci:${folder}:test`]);
    const counts = await compareWithSkopeo(folder, readLayout(folder));
    expect(counts).toHaveLength(3);
    expect(Math.min(...counts)).toBeGreaterThan(10);
  });
});

describeWithPeers("a store of vfs", ["podman", "buildah", "containers-storage", "root"], (peers) => {
  it("is used by podman, buildah and us", async () => {
    const folder = temporaryDirectory();
    const [graphRoot, runRoot] = [join(folder, "root"), join(folder, "run")];
    const layout = writeLayout(join(folder, "layout"), [tarOf(lower), tarOf(upper)]);
    await using store = await openStore({ graphRoot, runRoot, driver: vfsDriver() });
    const [base, top] = await commitLayout(store, layout);
    const { podman } = podmanStore(folder);
    const { buildah } = buildahStore(folder);
    const storage = (...args: string[]): ReturnType<typeof run> =>
      run(peers["containers-storage"], [
        ...["--graph", graphRoot, "--run", runRoot, "--storage-driver", "vfs"],
        ...args,
      ]);

    // Ours, for the Go tools.
    expect((await podman(["images", "--format", "{{.Repository}}:{{.Tag}}"])).stdout).toBe(
      "localhost/test:latest\n",
    );
    for (const [id, tar] of [
      [base, tarOf(lower)],
      [top, tarOf(upper)],
    ] as const)
      expect(digestBytes((await storage("diff", "--uncompressed", id)).bytes)).toBe(digestBytes(tar));
    const container = (await buildah(["from", "--pull-never", "localhost/test"])).stdout.trim();
    const mounted = (await buildah(["mount", container])).stdout.trim();
    expect(treeOf(mounted)).toEqual(treeOf(join(graphRoot, "vfs/dir", top)));

    // Theirs, for us: what a container wrote.
    writeFileSync(join(mounted, "etc/new"), "changed");
    rmSync(join(mounted, "usr"), { recursive: true });
    mkdirSync(join(mounted, "added"));
    symlinkSync("added", join(mounted, "link"));
    linkSync(join(mounted, "bin/ping"), join(mounted, "added/ping"));
    chmodSync(join(mounted, "run"), 0o700);
    await using files = await vfsDriver().open({ graphRoot, runRoot });
    const id = mounted.slice(mounted.lastIndexOf("/") + 1);
    const changes: string[] = [];
    for await (const { kind, path } of files.changes(id, { parent: top })) changes.push(`${kind} ${path}`);
    const verbs: Readonly<Record<string, string>> = { Add: "added", Modify: "changed", Delete: "removed" };
    const theirs = (await storage("changes", id)).stdout.trim().split("\n").sort();
    expect(
      theirs
        .map((line) =>
          line.replace(/^(\w+) "(.*)"$/, (_, verb: string, path: string) => `${verbs[verb]} ${path}`),
        )
        .sort(),
    ).toEqual([...changes].sort());
    expect(changes).toContain("removed /usr");

    await buildah(["commit", "--quiet", container, "localhost/committed"]);
    await buildah(["rm", container]);
    const view = await store.read();
    const image = view.images.find(({ names }) => names.includes("localhost/committed:latest"));
    const layers = image === undefined ? [] : view.imageLayers(image);
    expect(layers).toHaveLength(3);
    for (const { id: each, diffDigest } of layers) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of store.openDiff(each)) chunks.push(Uint8Array.from(chunk));
      expect(digestBytes(Buffer.concat(chunks))).toBe(diffDigest);
    }
    await podman(["rmi", "--all", "--force"]);
    expect(await files.ids()).toEqual([]);
    expect(await files.leftovers()).toEqual([]);
  });

  it("has what we stage on layers of the Go tools", async () => {
    const folder = temporaryDirectory();
    const [graphRoot, runRoot] = [join(folder, "root"), join(folder, "run")];
    const { buildah } = buildahStore(folder);
    const container = (await buildah(["from", "scratch"])).stdout.trim();
    const mounted = (await buildah(["mount", container])).stdout.trim();
    writeFileSync(join(mounted, "file"), "theirs");
    const id = mounted.slice(mounted.lastIndexOf("/") + 1);
    await using files = await vfsDriver().open({ graphRoot, runRoot });
    expect(await files.ids()).toEqual([id]);
    await files.create("ours", id);
    const copy = await files.mount("ours");
    expect(readFileSync(join(copy, "file"), "utf8")).toBe("theirs");
    expect(treeOf(copy)).toEqual(treeOf(mounted));
  });
});

async function commitLayout(
  store: Awaited<ReturnType<typeof openStore>>,
  { layers, config, manifest }: Layout,
): Promise<readonly [string, string]> {
  const ids: string[] = [];
  for (const { path, diffId } of layers) {
    const parent = ids.at(-1);
    await using staged = await store.stageLayer({ parent });
    await staged.unpack(inflated(fileBlob(path), { digest: diffId }));
    await staged.settle(parent);
    const [record] = await store
      .commitLayers([...(parent === undefined ? [] : [parent]), staged])
      .then((all) => all.slice(-1));
    ids.push(record?.id ?? "");
  }
  const digest = digestBytes(config);
  await store.commitImage({
    id: digestHex(digest),
    names: ["localhost/test:latest"],
    layers: ids,
    bigData: [
      { key: digest, bytes: config },
      { key: `manifest-${digestBytes(manifest)}`, bytes: manifest },
      { key: "manifest", bytes: manifest },
    ],
  });
  return [ids[0] ?? "", ids[1] ?? ""];
}
