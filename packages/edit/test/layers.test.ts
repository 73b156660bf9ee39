import { bytesBlob, streamBlob } from "@drayage/blob";
import { noLayerCache } from "@drayage/build-context";
import { copyImage } from "@drayage/copy";
import { encodeTarHeader, tarEnd } from "@drayage/tar";
import { memoryTransport } from "@drayage/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { append, type Edited, flatten, normalize, scratchSource, squash } from "../src/index.ts";
import {
  type Compression,
  collect,
  entriesIn,
  entriesOf,
  imageOf,
  indexOf,
  layerOf,
  membersOf,
  readBack,
  sourceOf,
  type TestLayer,
  tarOf,
} from "./support/images.ts";

const created = new Date("2024-02-03T04:05:06Z");
const options = { created, layerCache: noLayerCache };

afterEach(() => vi.unstubAllEnvs());

async function onlyLayer(edited: Edited): Promise<readonly string[]> {
  const { manifest } = await readBack(edited.source);
  expect(manifest.layers).toHaveLength(1);
  return entriesIn(edited.source, manifest.layers[0] as never);
}

describe("append", () => {
  it.each(["gzip", "zstd"] as const)("a tar in %s stays the blob that it is", async (compression) => {
    const source = sourceOf(imageOf({ layers: [await layerOf({ a: "1" })] }));
    const added = await layerOf({ b: "2" }, compression);
    await using edited = await append(source, [{ tar: bytesBlob(added.bytes), createdBy: "add b" }], options);
    const { manifest, diffIds, history, document } = await readBack(edited.source);
    expect(manifest.layers[1]).toEqual({
      mediaType: `application/vnd.oci.image.layer.v1.tar+${compression}`,
      digest: added.digest,
      size: added.bytes.length,
    });
    expect(diffIds[1]).toBe(added.diffId);
    expect(history[1]).toEqual({ created: "2024-02-03T04:05:06Z", created_by: "add b" });
    expect(document.created).toBe("2024-02-03T04:05:06Z");
    expect(source.opened).toHaveLength(1);
  });

  it("a tar without compression is compressed, one of a pipe too", async () => {
    const added = await layerOf({ b: "2" }, "none");
    const pipe = streamBlob(async function* () {
      yield added.tar.slice(0, 700);
      yield added.tar.slice(700);
    });
    for (const tar of [bytesBlob(added.tar), pipe]) {
      await using edited = await append(scratchSource({ created }), [{ tar }], options);
      const { manifest, diffIds } = await readBack(edited.source);
      expect(manifest.layers[0]?.mediaType).toBe("application/vnd.oci.image.layer.v1.tar+gzip");
      expect(diffIds).toEqual([added.diffId]);
      expect(await onlyLayer(edited)).toEqual(["b=2"]);
    }
  });

  it("zstd becomes gzip for docker's manifests, which have no type for it", async () => {
    const source = sourceOf(imageOf({ format: "docker", layers: [await layerOf({ a: "1" })] }));
    const added = await layerOf({ b: "2" }, "zstd");
    await using edited = await append(source, [{ tar: bytesBlob(added.bytes) }], options);
    const { manifest, diffIds } = await readBack(edited.source);
    expect(manifest.layers[1]?.mediaType).toBe("application/vnd.docker.image.rootfs.diff.tar.gzip");
    expect(diffIds[1]).toBe(added.diffId);
  });

  it("every image of an index gets the layer, or those that are asked for", async () => {
    const amd64 = imageOf({ layers: [await layerOf({ a: "1" })] });
    const arm64 = imageOf({ platform: { architecture: "arm64", os: "linux" } });
    const source = sourceOf([amd64, arm64], indexOf([amd64, arm64]));
    const tar = bytesBlob((await layerOf({ b: "2" })).bytes);
    await using all = await append(source, [{ tar }], options);
    const counts = [];
    for (const { digest } of await membersOf(all.source)) {
      counts.push((await readBack(all.source, digest)).manifest.layers.length);
    }
    expect(counts).toEqual([2, 1]);
    await using one = await append(source, [{ tar }], { ...options, platforms: ["linux/arm64"] });
    expect((await membersOf(one.source))[0]?.digest).toBe(amd64.digest);
  });

  it("a layer is sent to the destination once, and found there by the copy", async () => {
    const memory = memoryTransport();
    const reference = memory.parse("place");
    await using destination = await memory.openDestination(reference);
    let reads = 0;
    const added = await layerOf({ b: "x".repeat(100_000) }, "none");
    const tar = streamBlob(async function* () {
      reads += 1;
      yield added.tar;
    });
    const base = sourceOf(imageOf({ layers: [await layerOf({ a: "1" })] }));
    await using edited = await append(base, [{ tar }], { ...options, destination });
    await copyImage({ source: edited.source, destination, platforms: "all" });
    // Into the temporary file that a pipe's bytes go to, and no more.
    expect(reads).toBe(1);
    await using copied = await memory.openSource(reference);
    expect((await readBack(copied)).diffIds[1]).toBe(added.diffId);
  });

  it("SOURCE_DATE_EPOCH makes two images from scratch alike", async () => {
    vi.stubEnv("SOURCE_DATE_EPOCH", "86400");
    const tar = bytesBlob((await layerOf({ b: "2" })).bytes);
    const digests = [];
    for (let time = 0; time < 2; time++) {
      await using edited = await append(scratchSource(), [{ tar }], { layerCache: noLayerCache });
      digests.push(edited.digest);
      expect((await readBack(edited.source)).document.created).toBe("1970-01-02T00:00:00Z");
    }
    expect(digests[0]).toBe(digests[1]);
  });

  it.each<[string, () => Promise<Uint8Array>]>([
    ["no tar", async () => Buffer.from("hello, this is text ".repeat(100))],
    ["an entry above the root", () => tarOf([{ header: { name: "../x" } }])],
    [
      "a hard link above the root",
      () => tarOf([{ header: { name: "x", type: "link", linkname: "../../y" } }]),
    ],
    ["a header that ends early", async () => encodeTarHeader({ name: "a", size: 10_000 })],
  ])("%s is refused, compressed or not", async (_, make) => {
    const tar = await make();
    const { deflate } = await import("@drayage/compression");
    const inputs = [tar, await collect(deflate([tar], { algorithm: "gzip" }))];
    for (const bytes of inputs) {
      const input = { tar: bytesBlob(bytes) };
      await expect(append(scratchSource({ created }), [input], options)).rejects.toMatchObject({
        code: "ERR_DRAYAGE_ARCHIVE_INVALID",
      });
    }
  });

  it("a damaged gzip is refused", async () => {
    const { bytes } = await layerOf({ a: "1".repeat(5000) });
    const input = { tar: bytesBlob(bytes.slice(0, -9)) };
    await expect(append(scratchSource({ created }), [input], options)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_COMPRESSION_INVALID",
    });
  });

  it("an archive of nothing is a layer", async () => {
    await using edited = await append(scratchSource({ created }), [{ tar: bytesBlob(tarEnd()) }], options);
    expect(await onlyLayer(edited)).toEqual([]);
  });
});

async function layers(...files: Parameters<typeof layerOf>[0][]): Promise<TestLayer[]> {
  const kinds: Compression[] = ["gzip", "zstd", "none"];
  return Promise.all(files.map((each, at) => layerOf(each, kinds[at % 3] as Compression)));
}

describe("flatten", () => {
  it("applies whiteouts, opaque folders, replaced files and links", async () => {
    const source = sourceOf(
      imageOf({
        layers: await layers(
          { "a/": "", "a/one": "1", "a/two": "2", "b/": "", "b/x": "x", gone: "g", link: "-> a" },
          { "a/.wh.one": "", ".wh.gone": "", "b/.wh..wh..opq": "", "b/y": "y", "a/hard": "=> a/two" },
          { "a/two": "new", "link/three": "3" },
        ),
      }),
    );
    await using edited = await flatten(source, { created });
    expect(await onlyLayer(edited)).toEqual([
      "a/",
      "b/",
      "a/hard=2",
      "link->a",
      "b/y=y",
      "a/two=new",
      "a/three=3",
    ]);
    expect((await readBack(edited.source)).history).toEqual([
      { created: "2024-01-01T00:00:00Z", created_by: "layer 0", empty_layer: true },
      { created: "2024-01-01T00:00:00Z", created_by: "layer 1", empty_layer: true },
      { created: "2024-01-01T00:00:00Z", created_by: "layer 2", empty_layer: true },
      { created: "2024-02-03T04:05:06Z", created_by: "dray flatten", comment: "layers from 1 on as one" },
    ]);
  });

  it("keeps hard links among files that stay, with their content once", async () => {
    const source = sourceOf(
      imageOf({ layers: await layers({ a: "1", b: "=> a" }, { c: "=> b" }, { ".wh.a": "" }) }),
    );
    await using edited = await flatten(source, { created });
    expect(await onlyLayer(edited)).toEqual(["b=1", "c=>b"]);
  });

  it("a tree that links make deeper than any path is refused", async () => {
    const deep = Array.from({ length: 1500 }, () => "a").join("/");
    const tar = await tarOf([
      { header: { name: deep, type: "directory" } },
      { header: { name: "l", type: "symlink", linkname: deep } },
      { header: { name: `l/${deep}`, type: "directory" } },
    ]);
    const layer = { tar: bytesBlob(tar) };
    await using two = await append(scratchSource({ created }), [layer, layer], options);
    await expect(flatten(two.source)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ARCHIVE_INVALID",
      message: expect.stringContaining("deep"),
    });
  });

  it("an image of one layer stays as it is", async () => {
    const image = imageOf({ layers: await layers({ a: "1" }) });
    await using edited = await flatten(sourceOf(image));
    expect(edited.digest).toBe(image.digest);
  });
});

describe("squash", () => {
  it("keeps what hides lower layers, and leaves these as they are", async () => {
    const all = await layers(
      { "a/": "", "a/one": "1", "d/": "", "d/old": "o", gone: "g" },
      { "a/.wh.one": "", "b/": "", "b/x": "x", ".wh.d": "" },
      { ".wh.gone": "", "d/": "", "d/new": "n", "b/.wh.x": "" },
    );
    const source = sourceOf(imageOf({ layers: all }));
    await using edited = await squash(source, { created, fromLayer: 2 });
    const { manifest, diffIds, history } = await readBack(edited.source);
    expect(manifest.layers[0]?.digest).toBe(all[0]?.digest);
    expect(source.opened).not.toContain(all[0]?.digest);
    expect(diffIds).toHaveLength(2);
    expect(await entriesIn(edited.source, manifest.layers[1] as never)).toEqual([
      "a/.wh.one",
      "b/",
      "b/.wh.x",
      "d/",
      "d/.wh..wh..opq",
      ".wh.gone",
      "d/new=n",
    ]);
    expect(history.map(({ created_by, empty_layer }) => [created_by, empty_layer])).toEqual([
      ["layer 0", undefined],
      ["layer 1", true],
      ["layer 2", true],
      ["dray squash --from-layer 2", undefined],
    ]);
  });

  it("a hard link to a lower layer's file becomes that file", async () => {
    const source = sourceOf(
      imageOf({ layers: await layers({ low: "1" }, { "x/": "", "x/hard": "=> low" }, { b: "2" }) }),
    );
    await using edited = await squash(source, { created, fromLayer: 2 });
    const { manifest } = await readBack(edited.source);
    expect(await entriesIn(edited.source, manifest.layers[1] as never)).toEqual(["x/", "x/hard=1", "b=2"]);
  });

  it("refuses a layer that is not there", async () => {
    const source = sourceOf(imageOf({ layers: await layers({ a: "1" }) }));
    await expect(squash(source, { fromLayer: 2 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message: "there is no layer 2: the image has 1",
    });
  });

  it("counts layers from 1, the base", async () => {
    const source = sourceOf(imageOf({ layers: await layers({ a: "1" }, { b: "2" }) }));
    await expect(squash(source, { fromLayer: 0 })).rejects.toMatchObject({
      message: "there is no layer 0: the image has 2",
      hint: "layers are counted from 1, the base",
    });
    await using edited = await squash(source, { fromLayer: 1 });
    expect((await readBack(edited.source)).diffIds).toHaveLength(1);
  });

  it("warns where nothing becomes another", async () => {
    const image = imageOf({ layers: await layers({ a: "1" }, { b: "2" }) });
    const warnings: string[] = [];
    await using edited = await squash(sourceOf(image), {
      fromLayer: 2,
      onWarning: (message) => warnings.push(message),
    });
    expect(edited.digest).toBe(image.digest);
    expect(warnings).toEqual(["the image for linux/amd64 stays as it is: layer 2 is its last"]);
  });

  it("a history can be left out of the layers that become one", async () => {
    const source = sourceOf(imageOf({ layers: await layers({ a: "1" }, { b: "2" }, { c: "3" }) }));
    await using edited = await squash(source, { created, fromLayer: 2, omitHistory: true });
    expect((await readBack(edited.source)).history.map(({ created_by }) => created_by)).toEqual([
      "layer 0",
      "dray squash --from-layer 2",
    ]);
  });
});

describe("normalize", () => {
  const files = { "z/": "", "z/b": "2", "z/a": "1", ".wh.gone": "", c: "-> z" };

  it("images of the same files, made in other orders, times and by others, become alike", async () => {
    const sorted = entriesOf(files, 1_700_000_000);
    const other = entriesOf(files, 1_500_000_000)
      .map((entry) => ({ ...entry, header: { ...entry.header, uname: "me", gname: "us" } }))
      .reverse();
    const digests = [];
    for (const [at, entries] of [sorted, other].entries()) {
      const image = imageOf({
        layers: [await layerOf(entries, at === 0 ? "gzip" : "none")],
        config: at === 0 ? { Hostname: "abc", User: "x" } : { Hostname: "", User: "x" },
        history: [{ created: at === 0 ? "2020-01-01T00:00:00Z" : "2021-01-01T00:00:00Z", created_by: "x" }],
        annotations: { "org.opencontainers.image.created": `202${at}-01-01T00:00:00Z` },
      });
      await using edited = await normalize(sourceOf(image));
      digests.push(edited.digest);
      const { document, history, manifest } = await readBack(edited.source);
      expect(document.created).toBe("1970-01-01T00:00:00Z");
      expect(history).toEqual([{ created: "1970-01-01T00:00:00Z", created_by: "x" }]);
      expect(manifest.annotations).toEqual({ "org.opencontainers.image.created": "1970-01-01T00:00:00Z" });
      expect(await onlyLayer(edited)).toEqual(["c->z", ".wh.gone", "z/", "z/a=1", "z/b=2"]);
    }
    expect(digests[0]).toBe(digests[1]);
  });

  it("is the same done twice", async () => {
    const source = sourceOf(imageOf({ layers: await layers(files, { d: "4", e: "=> d" }) }));
    await using once = await normalize(source, { time: created });
    await using twice = await normalize(once.source, { time: created });
    expect(twice.digest).toBe(once.digest);
  });

  it("with clamp only what is later changes", async () => {
    const entries = [...entriesOf({ old: "1" }, 1000), ...entriesOf({ young: "2" }, 3000)];
    const image = imageOf({ layers: [await layerOf(entries)] });
    await using edited = await normalize(sourceOf(image), { time: new Date(2_000_000), times: "clamp" });
    const { manifest, document } = await readBack(edited.source);
    const { inflated, openBlob } = await import("@drayage/blob");
    const { readTar } = await import("@drayage/tar");
    const blob = await edited.source.blob(manifest.layers[0] as never);
    const times = [];
    for await (const { header, body } of readTar(openBlob(inflated(blob)))) {
      await collect(body);
      times.push(header.mtime.seconds);
    }
    expect(times).toEqual([1000, 2000]);
    expect(document.created).toBe("1970-01-01T00:33:20Z");
  });

  it("layers of a base stay as they are", async () => {
    const all = await layers({ b: "2", a: "1" }, { d: "4", c: "3" });
    await using edited = await normalize(sourceOf(imageOf({ layers: all })), { fromLayer: 2 });
    const { manifest, history } = await readBack(edited.source);
    expect(manifest.layers[0]?.digest).toBe(all[0]?.digest);
    expect(await entriesIn(edited.source, manifest.layers[1] as never)).toEqual(["c=3", "d=4"]);
    expect(history).toMatchObject([{ created: "2024-01-01T00:00:00Z" }, { created: "1970-01-01T00:00:00Z" }]);
  });
});
