import { gzipSync } from "node:zlib";
import { digestBytes } from "@drayage/digest";
import { parseConfig } from "@drayage/manifest";
import { describe, expect, it } from "vitest";
import { archiveOf, newFile, readWhole } from "./archives.ts";
import { layerA, layerB, layerC, listTags, openSource, type TarMember, tar } from "./fixtures.ts";

/** A layer of the format before docker 1.10. */
function directory(id: string, layer: Uint8Array, json: object): TarMember[] {
  return [
    { name: `${id}/`, type: "directory" },
    { name: `${id}/VERSION`, data: "1.0" },
    { name: `${id}/json`, data: JSON.stringify({ id, ...json }) },
    { name: `${id}/layer.tar`, data: layer },
  ];
}

function repositories(document: unknown): TarMember {
  return { name: "repositories", data: JSON.stringify(document) };
}

const base = {
  created: "2014-06-10T20:53:39.914191093Z",
  container_config: { Cmd: ["/bin/sh", "-c", "#(nop) ADD file:x in /"] },
  author: "somebody",
};
const top = {
  parent: "base",
  created: "2014-06-10T20:53:41Z",
  container: "c",
  container_config: { Cmd: ["/bin/sh", "-c", "#(nop) CMD <sh>"] },
  comment: "done",
  config: { Cmd: ["sh"], Memory: 0 },
  architecture: "amd64",
  os: "linux",
  Size: 12,
};
const two = [...directory("top", layerB, top), ...directory("base", layerA, base)];

describe("an archive of docker before 1.10 is read", () => {
  const file = archiveOf([
    ...two,
    repositories({ busybox: { "1": "top", old: "base" }, "quay.io/a/b": { c: "top" } }),
  ]);

  it("and its names are listed in the order of repositories", async () => {
    expect(await listTags(file)).toEqual(["busybox:1", "quay.io/a/b:c", "busybox:old"]);
  });

  it("with the config that docker makes of it, and verified layers", async () => {
    const wanted =
      '{"architecture":"amd64","config":{"Cmd":["sh"],"Memory":0},"container":"c",' +
      '"container_config":{"Cmd":["/bin/sh","-c","#(nop) CMD \\u003csh\\u003e"]},"created":"2014-06-10T20:53:41Z",' +
      '"comment":"done","history":[' +
      '{"created":"2014-06-10T20:53:39.914191093Z","author":"somebody","created_by":"/bin/sh -c #(nop) ADD file:x in /"},' +
      '{"created":"2014-06-10T20:53:41Z","created_by":"/bin/sh -c #(nop) CMD \\u003csh\\u003e","comment":"done"}],' +
      `"os":"linux","rootfs":{"type":"layers","diff_ids":["${digestBytes(layerA)}","${digestBytes(layerB)}"]}}`;
    // Keys are sorted, as Go sorts those of a map.
    const sorted = wanted
      .replace('"comment":"done","history"', '"history"')
      .replace('"config":{"Cmd"', '"comment":"done","config":{"Cmd"');
    const bytes = Buffer.from(sorted);
    expect(parseConfig(bytes).rootfs?.diff_ids).toHaveLength(2);
    for (const name of ["busybox:1", "quay.io/a/b:c", "@0"]) {
      const read = await readWhole(`${file}:${name}`);
      expect(read.layers).toEqual([digestBytes(layerA), digestBytes(layerB)]);
      expect(read.config).toBe(digestBytes(bytes));
    }
  });

  it("each image by its name", async () => {
    expect((await readWhole(`${file}:busybox:old`)).layers).toEqual([digestBytes(layerA)]);
  });

  it("without repositories: the image is the layer that is nobody's parent", async () => {
    const untagged = archiveOf(two);
    expect(await listTags(untagged)).toEqual(["@0"]);
    expect((await readWhole(untagged)).layers).toEqual([digestBytes(layerA), digestBytes(layerB)]);
  });

  it("with images that have a name and images that have none", async () => {
    const mixed = archiveOf([
      ...two,
      ...directory("other", layerC, { parent: "base" }),
      repositories({ a: { b: "top" } }),
    ]);
    expect(await listTags(mixed)).toEqual(["a:b", "@1"]);
    expect((await readWhole(`${mixed}:@1`)).layers).toEqual([digestBytes(layerA), digestBytes(layerC)]);
  });

  it("with layers that are compressed, linked to one another, or come twice", async () => {
    const again = directory("again", layerA, { parent: "top" }).slice(0, 3);
    const link: TarMember = { name: "again/layer.tar", type: "symlink", linkname: "../base/layer.tar" };
    const packed = directory("top", gzipSync(layerB), top);
    const file = archiveOf([...packed, ...directory("base", layerA, base), ...again, link]);
    expect((await readWhole(file)).layers).toEqual(
      [layerA, layerB, layerA].map((layer) => digestBytes(layer)),
    );
  });

  it("when it is compressed as a whole", async () => {
    expect((await readWhole(newFile(gzipSync(tar(two))))).layers).toHaveLength(2);
  });
});

describe("an archive of docker before 1.10 is refused", () => {
  const cycle = [...directory("x", layerA, { parent: "y" }), ...directory("y", layerB, { parent: "x" })];
  it.each<[string, TarMember[], RegExp]>([
    ["whose parents form a cycle without an end", cycle, /no layer is the top of an image/],
    [
      "whose parents form a cycle",
      [...cycle, repositories({ a: { b: "x" } })],
      /layer "x" is its own ancestor/,
    ],
    [
      "that is its own parent",
      [...directory("x", layerA, { parent: "x" }), repositories({ a: { b: "x" } })],
      /"x" is its own ancestor/,
    ],
    [
      "that lacks a parent",
      directory("x", layerA, { parent: "gone" }),
      /there is no layer "gone" \(its parent in "x"\)/,
    ],
    [
      "that lacks a named layer",
      [...directory("x", layerA, {}), repositories({ a: { b: "gone" } })],
      /there is no layer "gone" \(repositories names it\)|there is no layer "gone"/,
    ],
    ["without the layer's bytes", directory("x", layerA, {}).slice(0, 3), /has no file "x\/layer.tar"/],
    ["whose json is none", [{ name: "x/json", data: "{" }], /"x\/json" of .* is not JSON/],
    ["whose json is no object", [{ name: "x/json", data: "[]" }], /"x\/json" of .* it is not an object/],
    [
      "whose repositories is no object",
      [...directory("x", layerA, {}), repositories([])],
      /repositories of .* it is not an object/,
    ],
    [
      "whose repositories names no layers",
      [...directory("x", layerA, {}), repositories({ a: { b: 1 } })],
      /"a:b" is not the id/,
    ],
    ["without anything", [], /is no docker archive/],
    ["of other things", [{ name: "x/y/json", data: "{}" }], /is no docker archive/],
  ])("%s", async (_, list, message) => {
    const file = archiveOf(list);
    await expect(openSource(`${file}:@0`)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LAYOUT_INVALID",
      message: expect.stringMatching(message),
    });
    await expect(openSource(`${file}:@0`)).rejects.toThrow(`docker-archive:${file}`);
  });

  it("and an OCI layout gets a hint", async () => {
    await expect(openSource(archiveOf([{ name: "oci-layout", data: "{}" }]))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LAYOUT_INVALID",
      hint: "it is an OCI layout: read it as oci-archive",
    });
  });
});
