import { execFileSync, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { digestBytes, digestHex } from "@drayage/digest";
import { tarEnd } from "@drayage/tar";
import { temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import { archiveOf, item, manifestMember, members, newFile, newPath, readWhole, whole } from "./archives.ts";
import { image, layerA, layerB, layerC, listTags, openSource, tar } from "./fixtures.ts";

const two = image([layerA, layerB]);
const [a, b] = two.layers.map(({ diffId }) => digestHex(diffId)) as [string, string];

describe("an archive is read", () => {
  it("with the manifest that containers/image makes of it", async () => {
    expect(await readWhole(archiveOf(members(two)))).toEqual(whole(two));
  });

  it("when it is compressed as a whole, from a copy that is deleted", async () => {
    const temporaryDir = temporaryDirectory();
    const source = await openSource(newFile(gzipSync(tar(members(two)))), { temporaryDir });
    expect(readdirSync(temporaryDir)).toHaveLength(1);
    expect(Buffer.from((await source.manifest()).bytes).toString()).toBe(whole(two).manifest);
    await source.close();
    expect(readdirSync(temporaryDir)).toEqual([]);
  });

  it.skipIf(process.platform === "win32")("from a pipe", async () => {
    const pipe = newPath();
    execFileSync("mkfifo", [pipe]);
    const writer = spawn("cp", [archiveOf(members(two)), pipe], { stdio: "ignore" });
    expect(await readWhole(pipe)).toEqual(whole(two));
    writer.kill();
  });

  it("with names that start with ./", async () => {
    const dotted = members(two).map((member) => ({ ...member, name: `./${member.name}` }));
    expect(await readWhole(archiveOf([{ name: "./", type: "directory" }, ...dotted]))).toEqual(whole(two));
  });

  it("with layers that are compressed, such as umoci, bazel and jib write them", async () => {
    const config = `sha256:${digestHex(two.configDigest)}`;
    const file = archiveOf([
      { name: "x/layer.tar.gz", data: gzipSync(layerA) },
      { name: config, data: two.config },
      { name: `${b}.tar`, data: gzipSync(layerB) },
      manifestMember([{ Config: config, RepoTags: null, Layers: ["x/layer.tar.gz", `${b}.tar`] }]),
    ]);
    expect(await readWhole(file)).toEqual(whole(two));
  });

  it("with the blobs of an OCI layout in it, such as docker save of today writes", async () => {
    const blob = (hex: string): string => `blobs/sha256/${hex}`;
    const config = blob(digestHex(two.configDigest));
    const LayerSources = { [`sha256:${a}`]: { mediaType: "x", size: layerA.length, digest: `sha256:${a}` } };
    const file = archiveOf([
      { name: "blobs/", type: "directory" },
      { name: blob(a), data: layerA },
      { name: blob(b), data: layerB },
      { name: config, data: two.config },
      { name: "index.json", data: "{}" },
      manifestMember([{ Config: config, RepoTags: ["a:1"], Layers: [blob(a), blob(b)], LayerSources }]),
      { name: "oci-layout", data: '{"imageLayoutVersion": "1.0.0"}' },
    ]);
    expect(await readWhole(`${file}:a:1`)).toEqual(whole(two));
  });

  it("with layers that are symbolic links to those of other images, or hard links", async () => {
    const three = image([layerA, layerB, layerC]);
    const file = archiveOf([
      { name: "real/layer.tar", data: layerA },
      { name: "one/layer.tar", type: "symlink", linkname: "../two/layer.tar" },
      { name: "two/layer.tar", type: "symlink", linkname: "../real/layer.tar" },
      { name: "store/b", data: layerB },
      { name: "hard", type: "link", linkname: "./store/b" },
      { name: "../c", data: layerC },
      { name: "config.json", data: three.config },
      manifestMember([
        { Config: "config.json", RepoTags: [], Layers: ["one/layer.tar", "hard", "x/../../c"] },
      ]),
    ]);
    expect(await readWhole(file)).toEqual(whole(three));
  });

  it("with a layer that comes twice, by one path or by two", async () => {
    const twice = image([layerA, layerB, layerA]);
    const rest = members(twice).slice(1);
    expect(await readWhole(archiveOf(members(twice)))).toEqual(whole(twice));
    const paths = [`${a}.tar`, `${b}.tar`, "nowhere"];
    const item = { Config: "config.json", RepoTags: [], Layers: paths };
    const first = { name: `${a}.tar`, data: layerA };
    const list = [first, ...rest.filter(({ name }) => name !== "manifest.json"), manifestMember([item])];
    expect(await readWhole(archiveOf(list))).toEqual(whole(twice));
  });

  it("by the first of two entries with one name, as the Go tools do", async () => {
    const file = archiveOf([...members(two), { name: "config.json", data: "{}" }, manifestMember([])]);
    expect(await readWhole(file)).toEqual(whole(two));
  });

  it("without layers", async () => {
    const none = image([]);
    expect(await readWhole(archiveOf(members(none)))).toEqual(whole(none));
    const list = [
      { name: "c", data: none.config },
      manifestMember([{ Config: "c", RepoTags: null, Layers: null }]),
    ];
    expect(await readWhole(archiveOf(list))).toEqual(whole(none));
  });

  it("without zero blocks at its end", async () => {
    const bytes = tar(members(two));
    expect(await readWhole(newFile(bytes.subarray(0, bytes.length - tarEnd().length)))).toEqual(whole(two));
  });
});

describe("an image is chosen", () => {
  const other = image([layerC]);
  const file = archiveOf([
    ...members(two).slice(0, 2),
    { name: "a.json", data: two.config },
    { name: "b.json", data: other.config },
    { name: `${digestHex(digestBytes(layerC))}.tar`, data: layerC },
    manifestMember([
      {
        ...item(two),
        Config: "a.json",
        RepoTags: ["busybox", "<none>:<none>", "busybox:1", "localhost:5/x:y"],
      },
      { ...item(other), Config: "b.json", RepoTags: null },
      { ...item(other), Config: "b.json", RepoTags: ["docker.io/me/app:latest"] },
    ]),
  ]);

  it.each([
    ["busybox:1", two],
    ["docker.io/library/busybox:1", two],
    ["localhost:5/x:y", two],
    ["me/app", other],
    ["@0", two],
    ["@1", other],
  ])("by %s", async (text, wanted) => {
    expect(await readWhole(`${file}:${text}`)).toEqual(whole(wanted));
  });

  it("by the names that are listed", async () => {
    const names = await listTags(file);
    expect(names).toEqual(["busybox:1", "localhost:5/x:y", "@1", "docker.io/me/app:latest"]);
    for (const name of names) expect((await readWhole(`${file}:${name}`)).layers.length).toBeGreaterThan(0);
  });

  it.each([
    ["", "there are 3 images, and the reference does not say which"],
    [":nothing", "there is no image docker.io/library/nothing:latest"],
    [":@3", "there is no image @3, only 3"],
  ])("and an error lists the names for %j", async (suffix, message) => {
    await expect(openSource(file + suffix)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
      message: `docker-archive:${file}: ${message}`,
      hint: "it has busybox:1, localhost:5/x:y, @1, docker.io/me/app:latest",
    });
  });

  it("and an archive without images has none", async () => {
    const empty = archiveOf([manifestMember([])]);
    await expect(openSource(empty)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
      message: `docker-archive:${empty}: there is no image`,
    });
    expect(await listTags(empty)).toEqual([]);
  });
});
