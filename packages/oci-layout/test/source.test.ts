import type { Digest } from "@drayage/digest";
import { describe, expect, it } from "vitest";
import {
  consistOf,
  layoutNames,
  mayNeed,
  openLayoutSource,
  parseLayoutIndex,
  readLayoutIndex,
} from "../src/index.ts";
import { encode, MemoryLayout, named, ociIndex, ociManifest, sha256 } from "./images.ts";

const reference = { text: "x" };
const platform = (os: string, architecture: string, variant?: string) => ({
  platform: { architecture, os, ...(variant === undefined ? {} : { variant }) },
});

async function topOf(layout: MemoryLayout, place: { name?: string; position?: number } = {}) {
  const source = await openLayoutSource(reference, { path: "x", ...place }, layout);
  const { bytes, mediaType } = await source.manifest();
  return { text: new TextDecoder().decode(bytes), mediaType };
}
const bytesOf = (layout: MemoryLayout, digest: string): string =>
  new TextDecoder().decode(layout.blobs.get(digest));

describe("an image of a layout", () => {
  it("is the only one where none is named", async () => {
    const layout = new MemoryLayout();
    const image = layout.image("a", named("v1"));
    layout.index([image]);
    expect(await topOf(layout)).toEqual({ text: bytesOf(layout, image.digest), mediaType: ociManifest });
  });

  it("is found by its whole name, the first of a known media type", async () => {
    const layout = new MemoryLayout();
    const [a, b, c] = [
      layout.image("a", named("v1")),
      layout.image("b", named("v1")),
      layout.image("c", named("v")),
    ];
    layout.index([{ ...a, mediaType: "application/x" }, b, a, c]);
    expect((await topOf(layout, { name: "v1" })).text).toBe(bytesOf(layout, b.digest));
    expect((await topOf(layout, { position: 2 })).text).toBe(bytesOf(layout, a.digest));
  });

  it.each<[string, { name?: string; position?: number }, object]>([
    [
      "a name that is absent",
      { name: "v2" },
      { code: "ERR_DRAYAGE_IMAGE_NOT_FOUND", hint: "there are: v1, @1" },
    ],
    ["a position that is absent", { position: 2 }, { code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" }],
    [
      "no name where there are several",
      {},
      { code: "ERR_DRAYAGE_REFERENCE_INVALID", hint: "there are: v1, @1" },
    ],
  ])("is refused for %s, listing what there is", async (_, place, error) => {
    const layout = new MemoryLayout();
    layout.index([layout.image("a", named("v1")), layout.image("b")]);
    await expect(topOf(layout, place)).rejects.toMatchObject(error);
  });

  it("is refused where the layout is empty, or its name is that of something else", async () => {
    const layout = new MemoryLayout();
    layout.index([]);
    await expect(topOf(layout)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
    layout.index([{ ...layout.image("a", named("v1")), mediaType: "application/x" }]);
    await expect(topOf(layout, { name: "v1" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
      message: '"memory": index.json: "v1" names what is no image: media type "application/x"',
    });
  });
});

describe("a flat layout of several platforms", () => {
  it("is an index, whose bytes are those of index.json", async () => {
    const layout = new MemoryLayout();
    const arm = layout.image("arm", platform("linux", "arm64", "v8"));
    layout.index([layout.image("amd", platform("linux", "amd64")), arm]);
    const source = await openLayoutSource(reference, { path: "x" }, layout);
    expect(await source.manifest()).toEqual({ bytes: layout.files.get("index.json"), mediaType: ociIndex });
    expect(new TextDecoder().decode((await source.manifest(arm.digest)).bytes)).toBe(
      bytesOf(layout, arm.digest),
    );
  });

  it("may have attestations, and one name", async () => {
    const layout = new MemoryLayout();
    const entries = [
      layout.image("a", { ...platform("linux", "amd64"), ...named("v1") }),
      layout.image("b", { ...platform("linux", "arm64"), ...named("v1") }),
      layout.image("c", platform("unknown", "unknown")),
      layout.image("d", platform("unknown", "unknown")),
    ];
    layout.index(entries);
    expect((await topOf(layout)).mediaType).toBe(ociIndex);
  });

  it("is the named part of it where a name is given, an index of its own without names", async () => {
    const layout = new MemoryLayout();
    const a = layout.image("a", { ...platform("linux", "amd64"), ...named("v1") });
    const b = layout.image("b", { ...platform("linux", "arm64"), ...named("v1") });
    layout.index([a, layout.image("c", named("v2")), b]);
    const top = await topOf(layout, { name: "v1" });
    expect(top.mediaType).toBe(ociIndex);
    const plain = (image: Record<string, unknown>) => ({ ...image, annotations: undefined });
    expect(JSON.parse(top.text)).toEqual(
      JSON.parse(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [plain(a), plain(b)] })),
    );
    layout.index([a, b]);
    expect((await topOf(layout, { name: "v1" })).text).toBe(
      new TextDecoder().decode(layout.files.get("index.json")),
    );
  });

  it.each<[string, Record<string, unknown>[]]>([
    ["one has no platform", [platform("linux", "amd64"), {}]],
    ["two have one platform", [platform("linux", "amd64"), platform("linux", "amd64")]],
    [
      "they have different names",
      [
        { ...platform("linux", "amd64"), ...named("a") },
        { ...platform("linux", "arm64"), ...named("b") },
      ],
    ],
    ["none has a known platform", [platform("unknown", "unknown"), platform("unknown", "unknown")]],
    [
      "one is no image",
      [platform("linux", "amd64"), { ...platform("linux", "arm64"), mediaType: "application/x" }],
    ],
  ])("is none where %s", async (_, entries) => {
    const layout = new MemoryLayout();
    layout.index(entries.map((fields, position) => layout.image(String(position), fields)));
    await expect(topOf(layout)).rejects.toMatchObject({ code: "ERR_DRAYAGE_REFERENCE_INVALID" });
  });

  it("of one name and one platform twice is the first, as skopeo has it", async () => {
    const layout = new MemoryLayout();
    const a = layout.image("a", { ...platform("linux", "amd64"), ...named("v1") });
    layout.index([a, layout.image("b", { ...platform("linux", "amd64"), ...named("v1") })]);
    expect((await topOf(layout, { name: "v1" })).text).toBe(bytesOf(layout, a.digest));
  });
});

describe("a source", () => {
  it("gives blobs by their place, and their size where nobody knows it", async () => {
    const layout = new MemoryLayout();
    const { digest, size } = layout.add("hello");
    layout.index([layout.image("a")]);
    const source = await openLayoutSource(reference, { path: "x" }, layout);
    const origin = { kind: "file", path: digest, offset: 0, length: 5 };
    expect(await source.blob({ mediaType: "", digest, size })).toEqual({
      digest,
      size: 5,
      origin,
      steps: [],
    });
    expect(await source.blob({ mediaType: "", digest, size: -1 })).toEqual({
      digest,
      size: 5,
      origin,
      steps: [],
    });
    await expect(source.blob({ mediaType: "", digest, size: 6 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_SIZE_MISMATCH",
    });
    await source.close();
    expect(layout.closed).toBe(1);
  });

  it("says where the bytes of a foreign layer are", async () => {
    const layout = new MemoryLayout();
    layout.index([layout.image("a")]);
    const source = await openLayoutSource(reference, { path: "x" }, layout);
    const foreign = { mediaType: "", digest: sha256("x"), size: 1, urls: ["ftp://example.com/layer"] };
    await expect(source.blob(foreign)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_BLOB_NOT_FOUND",
      hint: "its bytes are kept elsewhere: ftp://example.com/layer",
    });
  });

  it("refuses a manifest that hashes to something else, naming both digests", async () => {
    const layout = new MemoryLayout();
    const image = layout.image("a");
    layout.index([image]);
    layout.blobs.set(image.digest, encode("x".repeat(layout.blobs.get(image.digest)?.length ?? 0)));
    const error = await topOf(layout).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    expect((error as Error).message).toMatch(new RegExp(`${image.digest} hashes to sha256:[0-9a-f]{64}$`));
  });

  it("refuses a manifest that is absent, of another size, or too large", async () => {
    const layout = new MemoryLayout();
    const image = layout.image("a");
    layout.index([{ ...image, size: 1 }]);
    await expect(topOf(layout)).rejects.toMatchObject({ code: "ERR_DRAYAGE_SIZE_MISMATCH" });
    layout.blobs.delete(image.digest);
    await expect(topOf(layout)).rejects.toMatchObject({ code: "ERR_DRAYAGE_BLOB_NOT_FOUND" });
    const large = layout.add(" ".repeat(4 * 1024 * 1024 + 1));
    layout.index([{ mediaType: ociManifest, ...large }]);
    await expect(topOf(layout)).rejects.toMatchObject({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" });
  });

  it("guesses the media type where index.json has none", async () => {
    const layout = new MemoryLayout();
    layout.index([{ ...layout.image("a"), mediaType: undefined }]);
    expect((await topOf(layout)).mediaType).toBe(ociManifest);
  });

  it.each<[string, string]>([
    ['{"imageLayoutVersion":"2.0.0"}', 'it says version "2.0.0", not 1.0.0'],
    ["{}", "it says no imageLayoutVersion, not 1.0.0"],
    ["x", "not JSON"],
  ])("refuses the layout version %s", async (text, message) => {
    const layout = new MemoryLayout();
    layout.index([layout.image("a")]);
    layout.files.set("oci-layout", encode(text));
    await expect(topOf(layout)).rejects.toThrow(message);
  });

  it("needs no oci-layout file, as skopeo does not, but an index.json", async () => {
    const layout = new MemoryLayout();
    layout.index([layout.image("a")]);
    layout.files.delete("oci-layout");
    expect((await topOf(layout)).mediaType).toBe(ociManifest);
    layout.files.delete("index.json");
    await expect(topOf(layout)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
  });

  it("stops when it is told to", async () => {
    const layout = new MemoryLayout();
    layout.index([layout.image("a")]);
    const source = await openLayoutSource(reference, { path: "x" }, layout);
    const signal = AbortSignal.abort();
    await expect(source.manifest(undefined, { signal })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
  });
});

describe("names", () => {
  it("are listed once, in order", () => {
    const names = ["b", "a", "b"].map((name) => ({ digest: sha256(name), size: 1, ...named(name) }));
    const index = parseLayoutIndex(encode({ manifests: [...names, { digest: sha256("x"), size: 1 }] }), "x");
    expect(layoutNames(index)).toEqual(["b", "a"]);
  });
});

describe("what images need", () => {
  const setOf = (...digests: (string | undefined)[]) => new Set(digests);
  const partsOf = (layout: MemoryLayout, digest: Digest): [string, string] => {
    const { config, layers } = JSON.parse(bytesOf(layout, digest));
    return [config.digest, layers[0].digest];
  };

  it("is followed through nested indexes, once", async () => {
    const layout = new MemoryLayout();
    const image = layout.image("a");
    const inner = layout.add({ schemaVersion: 2, manifests: [image] });
    const outer = layout.add({ schemaVersion: 2, manifests: [{ mediaType: ociIndex, ...inner }, image] });
    layout.index([{ mediaType: ociIndex, ...outer }]);
    const { index } = await readLayoutIndex(layout);
    const digests = setOf(outer.digest, inner.digest, image.digest, ...partsOf(layout, image.digest));
    expect(await consistOf(layout, index.entries)).toEqual({ digests, complete: true });
    expect(await mayNeed(layout, index.entries)).toEqual({ digests, complete: true });
  });

  it("is more than they consist of: whatever else they mention, but not their subject", async () => {
    const layout = new MemoryLayout();
    const mentioned = sha256("mentioned");
    const artifact = layout.add({
      schemaVersion: 2,
      config: { digest: sha256("config") },
      layers: [],
      blobs: [{ digest: sha256("blob") }],
      fsLayers: [{ blobSum: sha256("sum") }],
      subject: { digest: sha256("subject") },
      annotations: { base: mentioned },
    });
    layout.index([{ mediaType: ociManifest, ...artifact }]);
    const { index } = await readLayoutIndex(layout);
    const parts = [artifact.digest, sha256("config"), sha256("blob"), sha256("sum")];
    expect(await consistOf(layout, index.entries)).toEqual({ digests: setOf(...parts), complete: true });
    expect(await mayNeed(layout, index.entries)).toEqual({
      digests: setOf(...parts, mentioned),
      complete: true,
    });
  });

  it("is not known in full where a manifest cannot be read", async () => {
    const layout = new MemoryLayout();
    const broken = layout.add("no JSON");
    layout.index([{ mediaType: ociManifest, ...broken }]);
    expect((await mayNeed(layout, (await readLayoutIndex(layout)).index.entries)).complete).toBe(false);
    layout.index([
      { mediaType: "application/zip", ...broken },
      { mediaType: ociManifest, digest: sha256("gone"), size: 1 },
    ]);
    expect((await mayNeed(layout, (await readLayoutIndex(layout)).index.entries)).complete).toBe(true);
  });
});
