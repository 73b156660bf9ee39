import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesBlob, streamBlob } from "@drayage/blob";
import { digestBytes, digestHex } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { abilities, type ImageDestination, isTransport } from "@drayage/transport";
import {
  type Entry,
  HandMadeLayout,
  named,
  putImage,
  textOf,
  treeOf,
} from "@drayage-internal/fixtures/layouts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import plugin, { ociDir } from "../src/index.ts";

const transport = ociDir();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]): string => join(folder, ...names);
const layer = { kind: "layer", mediaType: mediaTypes.ociLayerTar } as const;
const source = (text: string, options = {}) =>
  transport.openSource?.(transport.parse(text), options) ?? Promise.reject(new Error("no source"));
const destination = (text: string, options = {}): Promise<ImageDestination> =>
  transport.openDestination?.(transport.parse(text), options) ?? Promise.reject(new Error("no destination"));
const remove = (text: string, options = {}): Promise<void> =>
  transport.deleteImage?.(transport.parse(text), options) ?? Promise.reject(new Error("no delete"));

async function copy(from: string, to: string, options = {}): Promise<void> {
  await using input = await source(from);
  await using output = await destination(to, options);
  await putImage(input, output);
  await output.commit();
}
const indexOf = (name: string): { manifests: Entry[] } =>
  JSON.parse(readFileSync(at(name, "index.json"), "utf8"));
const blobsOf = (name: string): string[] => readdirSync(at(name, "blobs", "sha256")).sort();

describe("the transport", () => {
  it("is a transport, as a function and as a plugin's default, with all abilities", () => {
    expect(isTransport(plugin)).toBe(true);
    expect(transport).toMatchObject({ scheme: "oci-dir", aliases: ["oci"], syntax: "PATH[:NAME]" });
    expect(abilities(transport)).toEqual(["openSource", "openDestination", "deleteImage", "listTags"]);
    expect(transport.parse("a:b")).toEqual({ text: "a:b", place: { path: "a", name: "b" } });
  });
});

describe("a source", () => {
  it("gives the manifest, and blobs as ranges of whole files", async () => {
    const layout = new HandMadeLayout(at("in"));
    const image = layout.image(["one", "two"], named("v1"));
    layout.index([image]);
    await using input = await source(`${at("in")}:v1`);
    const { bytes, mediaType } = await input.manifest();
    expect([digestBytes(bytes), mediaType]).toEqual([image.digest, mediaTypes.ociManifest]);
    const { layers } = JSON.parse(new TextDecoder().decode(bytes));
    const blob = await input.blob(layers[1]);
    const path = at("in", "blobs", "sha256", digestHex(layers[1].digest));
    expect(blob).toMatchObject({ size: 3, origin: { kind: "file", path, offset: 0, length: 3 }, steps: [] });
    expect(await textOf(input, layers[1])).toBe("two");
  });

  it("reads a shared blob folder, and blobs that are symbolic links", async () => {
    const layout = new HandMadeLayout(at("in"));
    const image = layout.image(["one"]);
    layout.index([image]);
    renameSync(at("in", "blobs", "sha256"), at("sha256"));
    await expect((await source(at("in"))).manifest()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_BLOB_NOT_FOUND",
    });
    expect((await (await source(at("in"), { sharedBlobDir: folder })).manifest()).bytes.length).toBe(
      image.size,
    );
    mkdirSync(at("in", "blobs", "sha256"));
    for (const name of readdirSync(at("sha256")))
      symlinkSync(at("sha256", name), at("in", "blobs", "sha256", name));
    expect((await (await source(at("in"))).manifest()).bytes.length).toBe(image.size);
  });

  it.each<[string, (path: string) => void, object]>([
    ["is absent", () => undefined, { code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" }],
    ["is empty", (path) => mkdirSync(path), { code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" }],
    ["is a file", (path) => writeFileSync(path, ""), { code: "ERR_DRAYAGE_LAYOUT_INVALID" }],
    [
      "has a folder for index.json",
      (path) => mkdirSync(join(path, "index.json"), { recursive: true }),
      { code: "ERR_DRAYAGE_IO" },
    ],
    [
      "has an index.json above 4 MiB",
      (path) => {
        new HandMadeLayout(path);
        writeFileSync(join(path, "index.json"), Buffer.alloc(4 * 1024 * 1024 + 1, 32));
      },
      { code: "ERR_DRAYAGE_LIMIT_EXCEEDED" },
    ],
  ])("that %s is refused", async (_, prepare, error) => {
    prepare(at("in"));
    await expect(source(at("in"))).rejects.toMatchObject(error);
    await expect(source(at("in"))).rejects.toThrow(at("in"));
  });

  it("whose blob is no file is refused", async () => {
    const layout = new HandMadeLayout(at("in"));
    const image = layout.image(["one"]);
    layout.index([image]);
    const path = at("in", "blobs", "sha256", digestHex(image.digest));
    rmSync(path);
    mkdirSync(path);
    await expect((await source(at("in"))).manifest()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LAYOUT_INVALID",
    });
  });

  it("lists the names", async () => {
    const layout = new HandMadeLayout(at("in"));
    layout.index([layout.image(["b"], named("b")), layout.image(["x"]), layout.image(["a"], named("a/b:1"))]);
    expect(await transport.listTags?.(transport.parse(at("in")))).toEqual(["b", "a/b:1"]);
    await expect(transport.listTags?.(transport.parse(at("no")))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
  });
});

describe("a destination", () => {
  let image: Entry;
  let input: HandMadeLayout;
  beforeEach(() => {
    input = new HandMadeLayout(at("in"));
    image = input.image(["one", "two"], named("v1"));
    input.index([image]);
  });

  it("makes a layout of the same files and modes", async () => {
    await copy(at("in"), `${at("out")}:v1`);
    const entry = { mediaType: image.mediaType, digest: image.digest, size: image.size, ...named("v1") };
    expect(treeOf(at("out"))).toEqual({
      ...treeOf(at("in")),
      "index.json": `644 ${JSON.stringify({ schemaVersion: 2, manifests: [entry] })}`,
    });
  });

  it("takes what an OCI layout takes", async () => {
    const opened = await destination(at("out"));
    expect(opened.accepts).toEqual({
      manifestTypes: [mediaTypes.ociManifest, mediaTypes.ociIndex],
      layerCompression: "compress",
      foreignLayerUrls: true,
      parallelBlobs: 6,
      multipleImages: true,
    });
    const relaxed = await destination(at("out"), { acceptUncompressedLayers: true });
    expect(relaxed.accepts.layerCompression).toBe("preserve");
    await expect(
      opened.putManifest(new Uint8Array(), { mediaType: mediaTypes.dockerManifest }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED" });
    await expect(
      opened.putManifest(new Uint8Array(4 * 1024 * 1024 + 1), { mediaType: mediaTypes.ociManifest }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" });
    await expect(opened.commit()).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    await opened.close();
    expect(existsSync(at("out"))).toBe(false);
  });

  it("keeps an index and its members, nested ones too", async () => {
    const inner = input.images([input.image(["arm"])]);
    const outer = input.images([image, inner], named("all"));
    input.index([outer]);
    await copy(at("in"), `${at("out")}:all`);
    expect(indexOf("out").manifests).toEqual([outer]);
    expect(blobsOf("out")).toEqual(blobsOf("in"));
  });

  it("keeps a flat layout of several platforms as an index", async () => {
    const platform = (architecture: string) => ({ platform: { os: "linux", architecture } });
    input.index([input.image(["a"], platform("amd64")), input.image(["b"], platform("arm64"))]);
    await copy(at("in"), `${at("out")}:all`);
    const bytes = readFileSync(at("in", "index.json"));
    expect(indexOf("out").manifests).toEqual([
      { mediaType: mediaTypes.ociIndex, digest: digestBytes(bytes), size: bytes.length, ...named("all") },
    ]);
  });

  it("shows nothing before the commit, and nothing after a close without one", async () => {
    await using opened = await source(at("in"));
    const output = await destination(at("out"));
    expect(existsSync(at("out"))).toBe(false);
    await putImage(opened, output);
    expect(existsSync(at("out", "index.json"))).toBe(false);
    await output.close();
    await output.close();
    expect(existsSync(at("out"))).toBe(false);
    await expect(output.commit()).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    await expect(output.putBlob(bytesBlob(new Uint8Array()), layer)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
  });

  it("leaves a layout as it was where it is not committed", async () => {
    await copy(at("in"), `${at("out")}:v1`);
    const before = treeOf(at("out"));
    const other = input.image(["one", "three"], named("v2"));
    input.index([image, other]);
    await using opened = await source(`${at("in")}:v2`);
    const output = await destination(`${at("out")}:v2`);
    await putImage(opened, output);
    expect(treeOf(at("out"))).not.toEqual(before);
    await output.close();
    expect(treeOf(at("out"))).toEqual(before);
  });

  it("leaves blobs that an image of another run has come to need", async () => {
    await using opened = await source(at("in"));
    const output = await destination(`${at("out")}:lost`);
    await putImage(opened, output);
    await copy(at("in"), `${at("out")}:kept`);
    await output.close();
    expect(blobsOf("out")).toEqual(blobsOf("in"));
    expect(indexOf("out").manifests).toHaveLength(1);
  });

  it("does not commit what another run has removed meanwhile", async () => {
    await copy(at("in"), `${at("out")}:v1`);
    await using opened = await source(at("in"));
    await using output = await destination(`${at("out")}:v2`);
    await putImage(opened, output);
    await remove(`${at("out")}:v1`);
    await expect(output.commit()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DESTINATION_REFUSED",
      retryable: true,
    });
    expect(indexOf("out").manifests).toEqual([]);
  });

  it("does not commit what another run had put too, and has removed since it failed", async () => {
    await using opened = await source(at("in"));
    const failing = await destination(`${at("out")}:v1`);
    await putImage(opened, failing);
    await using output = await destination(`${at("out")}:v2`);
    await putImage(opened, output);
    await failing.close();
    await expect(output.commit()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DESTINATION_REFUSED",
      retryable: true,
    });
    expect(existsSync(at("out", "index.json"))).toBe(false);
  });

  it("verifies a blob, and then shows no trace of it", async () => {
    const output = await destination(at("out"));
    const digest = digestBytes(new TextEncoder().encode("right"));
    const wrong = bytesBlob(new TextEncoder().encode("wrong"), { digest });
    await expect(output.putBlob(wrong, layer)).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    expect(treeOf(at("out"))).toEqual({ blobs: "folder 755", "blobs/sha256": "folder 755" });
    await output.close();
    expect(existsSync(at("out"))).toBe(false);
  });

  it("verifies the manifest of an instance", async () => {
    await using output = await destination(at("out"));
    const mediaType = mediaTypes.ociManifest;
    await expect(
      output.putManifest(new Uint8Array(1), { mediaType, instance: image.digest }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
  });

  it("computes the digest of a blob that comes without one, and keeps sha512", async () => {
    await using output = await destination(at("out"));
    const bytes = new TextEncoder().encode("bytes");
    const stream = streamBlob(async function* () {
      yield bytes;
    });
    expect(await output.putBlob(stream, layer)).toMatchObject({ digest: digestBytes(bytes), size: 5 });
    const digest = digestBytes(bytes, "sha512");
    expect((await output.putBlob(bytesBlob(bytes, { digest }), layer)).digest).toBe(digest);
    expect(readFileSync(at("out", "blobs", "sha512", digestHex(digest)), "utf8")).toBe("bytes");
  });

  it("takes one blob twice at the same time", async () => {
    await using output = await destination(at("out"));
    const bytes = new TextEncoder().encode("twice");
    const blob = bytesBlob(bytes, { digest: digestBytes(bytes) });
    await Promise.all([output.putBlob(blob, layer), output.putBlob(blob, layer)]);
    expect(blobsOf("out")).toEqual([digestHex(digestBytes(bytes))]);
  });

  it("reuses a blob only if it is a file of the right size", async () => {
    await copy(at("in"), at("out"));
    await using output = await destination(at("out"));
    const descriptor = { mediaType: mediaTypes.ociManifest, digest: image.digest, size: image.size };
    expect(await output.reuseBlob?.(descriptor, layer)).toEqual({ size: image.size });
    expect(await output.reuseBlob?.({ ...descriptor, size: 1 }, layer)).toBeUndefined();
    const path = at("out", "blobs", "sha256", digestHex(image.digest));
    rmSync(path);
    expect(await output.reuseBlob?.(descriptor, layer)).toBeUndefined();
    mkdirSync(path);
    expect(await output.reuseBlob?.({ ...descriptor, size: -1 }, layer)).toBeUndefined();
    rmSync(path, { recursive: true });
  });

  it("adds to what is there, keeping what other tools wrote", async () => {
    await copy(at("in"), `${at("out")}:v1`);
    const index = JSON.parse(readFileSync(at("out", "index.json"), "utf8"));
    writeFileSync(
      at("out", "index.json"),
      JSON.stringify({ ...index, annotations: { x: "y" }, custom: { a: 1 } }, undefined, 2),
    );
    writeFileSync(at("out", "oci-layout"), '{"imageLayoutVersion":"1.0.0","extra":true}');
    chmodSync(at("out", "index.json"), 0o600);
    await copy(at("in"), `${at("out")}:v2`);
    const { digest, mediaType, size } = image;
    expect(JSON.parse(readFileSync(at("out", "index.json"), "utf8"))).toEqual({
      schemaVersion: 2,
      manifests: [
        { mediaType, digest, size, ...named("v1") },
        { mediaType, digest, size, ...named("v2") },
      ],
      annotations: { x: "y" },
      custom: { a: 1 },
    });
    expect(lstatSync(at("out", "index.json")).mode & 0o777).toBe(0o600);
    expect(readFileSync(at("out", "oci-layout"), "utf8")).toContain("extra");
  });

  it("keeps blobs in a shared folder, and leaves them there whatever happens", async () => {
    const options = { sharedBlobDir: at("shared") };
    await copy(at("in"), `${at("out")}:v1`, options);
    expect(readdirSync(at("out", "blobs"))).toEqual([]);
    expect(readdirSync(at("shared", "sha256")).sort()).toEqual(blobsOf("in"));
    await remove(`${at("out")}:v1`, options);
    expect(indexOf("out").manifests).toEqual([]);
    expect(readdirSync(at("shared", "sha256")).sort()).toEqual(blobsOf("in"));
  });

  it.each<[string, () => string, object]>([
    ["a position", () => `${at("out")}:@0`, { code: "ERR_DRAYAGE_REFERENCE_INVALID" }],
    ["a file", () => at("in", "index.json"), { code: "ERR_DRAYAGE_DESTINATION_REFUSED" }],
    [
      "a path below a folder that is absent",
      () => at("no", "out"),
      { code: "ERR_DRAYAGE_DESTINATION_REFUSED" },
    ],
  ])("that is %s is refused", async (_, text, error) => {
    const before = treeOf(folder);
    await expect(destination(text())).rejects.toMatchObject(error);
    expect(treeOf(folder)).toEqual(before);
  });

  it.each([
    ["index.json", "{"],
    ["index.json", '{"schemaVersion":2,"manifests":3}'],
    ["oci-layout", '{"imageLayoutVersion":"9"}'],
  ])("whose %s is %s is refused, and stays", async (name, text) => {
    writeFileSync(at("in", name), text);
    const before = treeOf(folder);
    await expect(destination(at("in"))).rejects.toMatchObject({ code: "ERR_DRAYAGE_LAYOUT_INVALID" });
    expect(treeOf(folder)).toEqual(before);
  });

  it.each(["blobs", join("blobs", "sha256")])("never writes through a symbolic link: %s", async (name) => {
    mkdirSync(at("outside"));
    mkdirSync(at("out", "blobs"), { recursive: true });
    rmSync(at("out", name), { recursive: true, force: true });
    symlinkSync(at("outside"), at("out", name));
    await expect(copy(at("in"), at("out"))).rejects.toMatchObject({ code: "ERR_DRAYAGE_LAYOUT_INVALID" });
    expect(treeOf(at("outside"))).toEqual({});
  });

  it("replaces links at the place of its files, and what they lead to stays", async () => {
    mkdirSync(at("out", "blobs", "sha256"), { recursive: true });
    writeFileSync(at("victim"), JSON.stringify({ schemaVersion: 2, manifests: [] }));
    symlinkSync(at("victim"), at("out", "index.json"));
    symlinkSync(at("victim"), at("out", "blobs", "sha256", digestHex(image.digest)));
    await copy(at("in"), at("out"));
    expect(readFileSync(at("victim"), "utf8")).toBe('{"schemaVersion":2,"manifests":[]}');
    expect(lstatSync(at("out", "index.json")).isSymbolicLink()).toBe(false);
    expect(indexOf("out").manifests).toHaveLength(1);
  });

  it("loses nothing where many runs write one layout at the same time", async () => {
    const names = Array.from({ length: 8 }, (_, number) => `v${number}`);
    input.index(names.map((name) => input.image([`layer of ${name}`, "shared"], named(name))));
    await Promise.all(names.map((name) => copy(`${at("in")}:${name}`, `${at("out")}:${name}`)));
    expect(
      indexOf("out")
        .manifests.map(nameOf)
        .map(String)
        .toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual(names);
    expect(readdirSync(at("out")).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
    for (const name of names) await copy(`${at("out")}:${name}`, `${at("again")}:${name}`);
  });

  it("stops when it is told to, and leaves nothing", async () => {
    const controller = new AbortController();
    const output = await destination(at("out"));
    const endless = streamBlob(async function* () {
      for (;;) {
        yield new Uint8Array(1024);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const putting = output.putBlob(endless, { ...layer, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(putting).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    await output.close();
    expect(existsSync(at("out"))).toBe(false);
    const { signal } = controller;
    await expect(destination(at("out"), { signal })).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });
});

describe("deleting an image", () => {
  it("removes its entry and the blobs that only it needed", async () => {
    const layout = new HandMadeLayout(at("in"));
    const kept = layout.image(["shared", "kept"], named("kept"));
    layout.index([kept]);
    const left = blobsOf("in");
    layout.index([kept, layout.image(["shared", "gone"], named("gone"))]);
    await remove(`${at("in")}:gone`);
    expect(indexOf("in").manifests).toEqual([kept]);
    expect(blobsOf("in")).toEqual(left);
    await remove(`${at("in")}:kept`);
    expect(blobsOf("in")).toEqual([]);
    expect(readFileSync(at("in", "index.json"), "utf8")).toBe('{"schemaVersion":2,"manifests":[]}');
  });

  it("leaves members of an index that are images of their own, and docker's manifests", async () => {
    const layout = new HandMadeLayout(at("in"));
    const member = layout.image(["member"], named("member"));
    const docker = { ...layout.image(["docker"]), mediaType: mediaTypes.dockerManifest };
    layout.index([member, docker]);
    const left = blobsOf("in");
    const all = layout.images([member, layout.images([layout.image(["other"])])], named("all"));
    layout.index([member, all, docker]);
    await remove(`${at("in")}:all`);
    expect(indexOf("in").manifests).toEqual([member, docker]);
    expect(blobsOf("in")).toEqual(left);
    await remove(`${at("in")}:@1`);
    expect(indexOf("in").manifests).toEqual([member]);
  });

  it("removes all of a flat layout of several platforms", async () => {
    const layout = new HandMadeLayout(at("in"));
    const platform = (architecture: string) => ({ platform: { os: "linux", architecture } });
    layout.index([layout.image(["a"], platform("amd64")), layout.image(["b"], platform("arm64"))]);
    await remove(at("in"));
    expect([indexOf("in").manifests, blobsOf("in")]).toEqual([[], []]);
  });

  it("removes one of two entries of one image, and no blob", async () => {
    const layout = new HandMadeLayout(at("in"));
    const image = layout.image(["a"]);
    layout.index([
      { ...image, ...named("a") },
      { ...image, ...named("b") },
    ]);
    const before = blobsOf("in");
    await remove(`${at("in")}:a`);
    expect(indexOf("in").manifests.map(nameOf)).toEqual(["b"]);
    expect(blobsOf("in")).toEqual(before);
  });

  it("leaves all blobs, with a warning, where another image's manifest cannot be read", async () => {
    const layout = new HandMadeLayout(at("in"));
    const broken = { mediaType: mediaTypes.ociManifest, ...layout.blob("no JSON") };
    layout.index([layout.image(["a"], named("a")), broken]);
    const before = blobsOf("in");
    const warnings: string[] = [];
    await remove(`${at("in")}:a`, { onWarning: (message: string) => warnings.push(message) });
    expect(indexOf("in").manifests).toEqual([broken]);
    expect(blobsOf("in")).toEqual(before);
    expect(warnings).toHaveLength(1);
  });

  it("is refused where there is no such image, and changes nothing", async () => {
    const layout = new HandMadeLayout(at("in"));
    layout.index([layout.image(["a"], named("a"))]);
    const before = treeOf(folder);
    await expect(remove(`${at("in")}:b`)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
    await expect(remove(at("no"))).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
    expect(treeOf(folder)).toEqual(before);
  });
});

function nameOf(entry: Entry): unknown {
  return (entry.annotations as Record<string, string> | undefined)?.["org.opencontainers.image.ref.name"];
}

describe("a destination whose blobs may be links", () => {
  /** How many names each layer's and config's file has. */
  const names = (layout: string): readonly number[] =>
    blobsOf(layout).map((blob) => statSync(at(layout, "blobs", "sha256", blob)).nlink);

  it("shares the files of the source's layers, and a deletion at either leaves the other whole", async () => {
    const layout = new HandMadeLayout(at("in"));
    layout.index([layout.image(["one", "two"], named("v1"))]);
    await copy(`${at("in")}:v1`, `${at("out")}:v1`, { linkBlobs: true });
    expect(names("out")).toContain(2);
    expect(treeOf(at("out", "blobs"))).toEqual(treeOf(at("in", "blobs")));
    await remove(`${at("in")}:v1`);
    await copy(`${at("out")}:v1`, `${at("again")}:v1`);
    expect(treeOf(at("again", "blobs"))).toEqual(treeOf(at("out", "blobs")));
    expect(Math.max(...names("again"))).toBe(1);
  });

  it("that is closed without a commit leaves the source's files as they were", async () => {
    const layout = new HandMadeLayout(at("in"));
    layout.index([layout.image(["one", "two"], named("v1"))]);
    const before = treeOf(at("in"));
    await using input = await source(`${at("in")}:v1`);
    const output = await destination(`${at("out")}:v1`, { linkBlobs: true });
    await putImage(input, output);
    await output.close();
    expect(existsSync(at("out"))).toBe(false);
    expect(treeOf(at("in"))).toEqual(before);
    expect(names("in").every((count) => count === 1)).toBe(true);
  });
});
