import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { digestHex } from "@drayage/digest";
import {
  buildahStore,
  describeWithPeers,
  podmanStore,
  skopeo,
  temporaryDirectory,
} from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { createArchiveWriter } from "../src/index.ts";
import { archiveOf, item, manifestMember, members, newPath, readWhole, whole } from "./archives.ts";
import { image, layerA, layerB, layerC, listTags, open, put } from "./fixtures.ts";

const two = image([layerA, layerB]);
const twice = image([layerA, layerC, layerA]);

async function writeBoth(file: string): Promise<void> {
  await using writer = await createArchiveWriter(file);
  for (const [name, of] of [
    ["localhost/two:1", two],
    ["localhost/twice:1", twice],
  ] as const) {
    await using destination = await writer.openDestination(writer.reference(name));
    await put(destination, of, "nothing");
    await destination.commit();
  }
  await writer.commit();
}

describeWithPeers("skopeo and this transport read the same", ["skopeo"], () => {
  const packed = [
    { name: "a", data: gzipSync(layerA) },
    { name: "config.json", data: two.config },
    { name: "link", type: "symlink" as const, linkname: "./b.tar" },
    { name: "b.tar", data: layerB },
  ];
  it.each([
    ["an archive", () => archiveOf(members(twice, ["busybox:1", "b:2"]))],
    [
      "an archive with names that start with ./",
      () => archiveOf(members(two).map((each) => ({ ...each, name: `./${each.name}` }))),
    ],
    [
      "an archive of compressed layers",
      () => archiveOf([...packed, manifestMember([{ ...item(two), Layers: ["a", "b.tar"] }])]),
    ],
  ])("of %s", async (_, make) => {
    const file = make();
    const { stdout } = await skopeo(["inspect", "--raw", `docker-archive:${file}`]);
    expect((await readWhole(file)).manifest).toBe(stdout);
    const listed = await skopeo(["list-tags", `docker-archive:${file}`]);
    expect(await listTags(file)).toEqual(JSON.parse(listed.stdout).Tags);
  });

  it("of an archive of several images that this one wrote", async () => {
    const file = newPath();
    await writeBoth(file);
    const listed = await skopeo(["list-tags", `docker-archive:${file}`]);
    expect(JSON.parse(listed.stdout).Tags).toEqual(["localhost/two:1", "localhost/twice:1"]);
    for (const [name, of] of [
      ["localhost/two:1", two],
      ["@1", twice],
    ] as const) {
      const { stdout } = await skopeo(["inspect", "--raw", `docker-archive:${file}:${name}`]);
      expect(stdout).toBe(whole(of).manifest);
      await skopeo([
        "copy",
        `docker-archive:${file}:${name}`,
        `dir:${path.join(temporaryDirectory(), "copy")}`,
      ]);
    }
  });
});

describeWithPeers("podman", ["podman"], () => {
  it("loads what is written here, and what it saves is what is written here", async () => {
    const folder = temporaryDirectory();
    const { podman } = podmanStore(path.join(folder, "store"));
    const file = path.join(folder, "both.tar");
    await writeBoth(file);
    const loaded = await podman(["load", "--input", file]);
    expect(loaded.stdout).toContain("localhost/two:1");
    expect(loaded.stdout).toContain("localhost/twice:1");
    const ids = await podman(["images", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}"]);
    expect(ids.stdout.trim().split("\n").toSorted()).toEqual(
      [`${two.configDigest} localhost/two:1`, `${twice.configDigest} localhost/twice:1`].toSorted(),
    );

    const one = path.join(folder, "one.tar");
    await podman(["save", "--format", "docker-archive", "--output", one, "localhost/two:1"]);
    expect(await readWhole(`${one}:localhost/two:1`)).toEqual(whole(two));
    const many = path.join(folder, "many.tar");
    await podman(["save", "--multi-image-archive", "--output", many, "localhost/two:1", "localhost/twice:1"]);
    expect(await listTags(many)).toEqual(await listTags(file));
    expect(await readWhole(`${many}:@0`)).toEqual(whole(two));
    expect(await readWhole(`${many}:@1`)).toEqual(whole(twice));
    expect(Buffer.compare(readFileSync(many), readFileSync(file))).toBe(0);
  });

  it("loads an archive of its own that an image was added to", async () => {
    const folder = temporaryDirectory();
    const { podman } = podmanStore(path.join(folder, "store"));
    const [first, saved] = [path.join(folder, "first.tar"), path.join(folder, "saved.tar")];
    await using one = await open(`${first}:localhost/two:1`);
    await put(one, two);
    await one.commit();
    await podman(["load", "--input", first]);
    await podman(["save", "--format", "docker-archive", "--output", saved, "localhost/two:1"]);
    await using added = await open(`${saved}:localhost/twice:1`, { append: true });
    await put(added, twice);
    await added.commit();
    const loaded = await podman(["load", "--input", saved]);
    expect(loaded.stdout).toContain("localhost/twice:1");
  });
});

describeWithPeers("buildah", ["buildah"], () => {
  it("pushes archives that can be read", async () => {
    const folder = temporaryDirectory();
    const { buildah } = buildahStore(path.join(folder, "store"));
    const file = path.join(folder, "hello");
    writeFileSync(file, "hello");
    const container = (await buildah(["from", "scratch"])).stdout.trim();
    await buildah(["copy", container, file, "/hello"]);
    await buildah(["commit", container, "built"]);
    const pushed = path.join(folder, "pushed.tar");
    await buildah(["push", "built", `docker-archive:${pushed}:built:1`]);
    expect(await listTags(pushed)).toEqual(["docker.io/library/built:1", "localhost/built:latest"]);
    const read = await readWhole(`${pushed}:built:1`);
    expect(read.layers).toHaveLength(1);
    expect(JSON.parse(read.manifest).config.digest).toBe(read.config);
    expect(digestHex(read.config)).toHaveLength(64);
  });
});
