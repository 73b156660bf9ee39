import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesBlob, thisOwner } from "@drayage/blob";
import { digestBytes, digestHex } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import {
  randomImage,
  randomIndex,
  readImage,
  type SampleImage,
  sampleBlob,
  writeImage,
} from "@drayage/testkit";
import { abilities, type ImageDestination, type ImageSource, isTransport } from "@drayage/transport";
import { treeOf } from "@drayage-internal/fixtures/layouts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import plugin, { dir } from "../src/index.ts";

const transport = dir();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]): string => join(folder, ...names);
const layer = { kind: "layer", mediaType: mediaTypes.ociLayerTar } as const;
const source = (path: string): Promise<ImageSource> =>
  transport.openSource?.(transport.parse(path)) ?? Promise.reject(new Error("no source"));
const destination = (path: string, options = {}): Promise<ImageDestination> =>
  transport.openDestination?.(transport.parse(path), options) ?? Promise.reject(new Error("no destination"));
const image = (seed: string): Promise<SampleImage> =>
  randomImage({ seed, format: "oci", compression: "gzip" });

async function write(path: string, sample: Parameters<typeof writeImage>[1]): Promise<void> {
  await using output = await destination(path);
  await writeImage(output, sample);
}
const text = ({ manifest }: SampleImage): string => new TextDecoder().decode(manifest.bytes);
/** The manifest of an image of which all blobs were read and verified. */
const manifestOf = async (path: string): Promise<string> =>
  new TextDecoder().decode((await readImage(await source(path))).manifest.bytes);
const version = (path: string): string => readFileSync(join(path, "version"), "utf8");
/** A name that a process which has ended gave to a file. */
const deadName = (name: string): string =>
  `.drayage-put.${thisOwner().place}.${process.pid}.1.000000000000.${name}`;
const deadToken = (): string => `${thisOwner().place}.${process.pid}.1.000000000000`;

describe("the transport", () => {
  it("is a transport, as a function and as a plugin's default", () => {
    expect(isTransport(plugin)).toBe(true);
    expect(transport).toMatchObject({ scheme: "dir", syntax: "PATH" });
    expect(abilities(transport)).toEqual(["openSource", "openDestination"]);
    expect(transport.parse("a:b\\:c")).toEqual({ text: "a:b\\:c", path: "a:b\\:c" });
  });
});

describe("a destination", () => {
  it("writes the files of the format", async () => {
    const sample = await image("a");
    await write(at("out"), sample);
    const hex = (digest: string): string => digest.slice(7);
    expect(Object.keys(treeOf(at("out"))).sort()).toEqual(
      [
        "manifest.json",
        "version",
        hex(sample.config.descriptor.digest),
        ...sample.layers.map(({ descriptor }) => hex(descriptor.digest)),
      ].sort(),
    );
    expect(version(at("out"))).toBe("Directory Transport Version: 1.1\n");
    expect(readFileSync(at("out", "manifest.json"))).toEqual(Buffer.from(sample.manifest.bytes));
    for (const name of readdirSync(at("out"))) expect(statSync(at("out", name)).mode & 0o777).toBe(0o644);
    expect(statSync(at("out")).mode & 0o777).toBe(0o755);
  });

  it("takes any manifest, and preserves layers or does as it is told", async () => {
    expect((await destination(at("out"))).accepts).toEqual({
      manifestTypes: [],
      layerCompression: "preserve",
      foreignLayerUrls: false,
      parallelBlobs: 6,
      multipleImages: true,
    });
    expect((await destination(at("out"), { layerCompression: "compress" })).accepts.layerCompression).toBe(
      "compress",
    );
    expect(existsSync(at("out"))).toBe(false);
  });

  it("replaces an image, and keeps what is not of an image", async () => {
    await write(at("out"), await randomIndex({ seed: "index", format: "oci", compression: "gzip" }));
    writeFileSync(at("out", "notes.txt"), "mine");
    mkdirSync(at("out", "0".repeat(64)));
    const before = { "notes.txt": "644 mine", ["0".repeat(64)]: "folder 755" };
    await write(at("out"), await image("a"));
    await write(at("fresh"), await image("a"));
    expect(treeOf(at("out"))).toEqual({ ...treeOf(at("fresh")), ...before });
  });

  it("shows nothing of the new image before the commit, and reads the earlier one until then", async () => {
    const [a, b] = [await image("a"), await image("b")];
    await write(at("out"), a);
    const before = treeOf(at("out"));
    const output = await destination(at("out"));
    await writeImage(output, b, { commit: false });
    const visible = Object.entries(treeOf(at("out"))).filter(([name]) => !name.startsWith("."));
    expect(Object.fromEntries(visible)).toEqual(before);
    expect(await manifestOf(at("out"))).toEqual(text(a));
    await output.close();
    expect(treeOf(at("out"))).toEqual(before);
  });

  it("keeps blobs of the earlier image that the new one has too", async () => {
    const a = await image("a");
    const [first] = a.layers;
    if (!first) throw new Error("there should be a layer");
    await write(at("out"), a);
    const output = await destination(at("out"));
    expect(await output.reuseBlob?.(first.descriptor, layer)).toEqual({ size: first.descriptor.size });
    expect(await output.reuseBlob?.({ ...first.descriptor, size: 1 }, layer)).toBeUndefined();
    // Another image comes and goes meanwhile: what was promised is still there.
    await write(at("out"), await image("b"));
    await output.putBlob(sampleBlob(a.config), { kind: "config", mediaType: "" });
    for (const each of a.layers.slice(1)) await output.putBlob(sampleBlob(each), layer);
    await output.putManifest(a.manifest.bytes, { mediaType: a.manifest.mediaType });
    await output.commit();
    await write(at("fresh"), a);
    expect(treeOf(at("out"))).toEqual(treeOf(at("fresh")));
  });

  it("keeps signatures of the image and of members, and drops those of the earlier image", async () => {
    const index = await randomIndex({ seed: "index", format: "oci", compression: "gzip" });
    const instance = index.images[0]?.manifest.digest;
    const openPgp = { format: "simple-signing", bytes: Uint8Array.of(0x90, 1, 2) };
    const sigstore = { format: "sigstore-json", bytes: new TextEncoder().encode("{}") };
    const output = await destination(at("out"));
    await writeImage(output, index, { commit: false });
    await output.putSignatures?.([openPgp, sigstore]);
    await output.putSignatures?.([sigstore], instance);
    await output.commit();
    expect(readFileSync(at("out", "signature-1"))).toEqual(Buffer.from([0x90, 1, 2]));
    expect(readFileSync(at("out", "signature-2"), "latin1")).toBe("\0sigstore-json\n{}");
    expect(readFileSync(at("out", `${String(instance).slice(7)}.signature-1`), "latin1")).toBe(
      "\0sigstore-json\n{}",
    );
    const input = await source(at("out"));
    const plain = (signatures: readonly { format: string; bytes: Uint8Array }[] | undefined) =>
      signatures?.map(({ format, bytes }) => ({ format, bytes: Uint8Array.from(bytes) }));
    expect(plain(await input.signatures?.())).toEqual([openPgp, sigstore]);
    expect(plain(await input.signatures?.(instance))).toEqual([sigstore]);
    await write(at("out"), await image("a"));
    expect(readdirSync(at("out")).filter((name) => name.includes("signature"))).toEqual([]);
  });

  it("names digests of other algorithms in full, in version 1.2", async () => {
    const bytes = new TextEncoder().encode("bytes");
    const digest = digestBytes(bytes, "sha512");
    const output = await destination(at("out"));
    await output.putBlob(bytesBlob(bytes, { digest }), layer);
    await output.putManifest(new TextEncoder().encode("{}"), { mediaType: mediaTypes.ociManifest });
    await output.commit();
    expect(version(at("out"))).toBe("Directory Transport Version: 1.2\n");
    expect(readFileSync(at("out", `sha512-${digestHex(digest)}`), "utf8")).toBe("bytes");
    const input = await source(at("out"));
    expect((await input.blob({ mediaType: "", digest, size: 5 })).size).toBe(5);
    const again = await destination(at("out"));
    expect(await again.reuseBlob?.({ mediaType: "", digest, size: 5 }, layer)).toEqual({ size: 5 });
    await again.close();
  });

  it.each<[string, (path: string) => void, string]>([
    [
      "a folder of other things",
      (path) => writeFileSync(join(path, "thesis.txt"), "x"),
      "ERR_DRAYAGE_DESTINATION_EXISTS",
    ],
    [
      "a folder of another version",
      (path) => writeFileSync(join(path, "version"), "Directory Transport Version: 2.0\n"),
      "ERR_DRAYAGE_DESTINATION_EXISTS",
    ],
    [
      "a folder with some file named version",
      (path) => writeFileSync(join(path, "version"), "3.2\n"),
      "ERR_DRAYAGE_DESTINATION_EXISTS",
    ],
  ])("that is %s is refused, and stays", async (_, prepare, code) => {
    mkdirSync(at("out"));
    prepare(at("out"));
    const before = treeOf(folder);
    await expect(destination(at("out"))).rejects.toMatchObject({ code });
    expect(treeOf(folder)).toEqual(before);
  });

  it("that is a file, or below what is absent, is refused", async () => {
    writeFileSync(at("file"), "");
    for (const path of [at("file"), at("no", "out")]) {
      await expect(destination(path)).rejects.toMatchObject({ code: "ERR_DRAYAGE_DESTINATION_REFUSED" });
    }
    expect(treeOf(folder)).toEqual({ file: "644 " });
  });

  it("may be an empty folder, the current one, or a link to one", async () => {
    mkdirSync(at("real"), 0o700);
    symlinkSync(at("real"), at("link"));
    const here = process.cwd();
    await write(at("link"), await image("a"));
    expect(statSync(at("real")).mode & 0o777).toBe(0o700);
    process.chdir(at("real"));
    try {
      await write(".", await image("b"));
    } finally {
      process.chdir(here);
    }
    await write(at("fresh"), await image("b"));
    expect(treeOf(at("real"))).toEqual(treeOf(at("fresh")));
  });

  it("replaces links at the place of its files, and what they lead to stays", async () => {
    const sample = await image("a");
    await write(at("out"), sample);
    writeFileSync(at("victim"), "victim");
    const name = digestHex(sample.config.descriptor.digest);
    for (const each of ["manifest.json", name]) {
      rmSync(at("out", each));
      symlinkSync(at("victim"), at("out", each));
    }
    await write(at("out"), sample);
    expect(readFileSync(at("victim"), "utf8")).toBe("victim");
    await write(at("fresh"), sample);
    expect(treeOf(at("out"))).toEqual(treeOf(at("fresh")));
  });

  it("does not commit when its files were taken away", async () => {
    const output = await destination(at("out"));
    await writeImage(output, await image("a"), { commit: false });
    for (const name of readdirSync(at("out"))) rmSync(at("out", name));
    await expect(output.commit()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DESTINATION_REFUSED",
      retryable: true,
    });
    await output.close();
    expect(existsSync(at("out"))).toBe(false);
  });

  it("refuses a manifest of a member that hashes to something else", async () => {
    const output = await destination(at("out"));
    const instance = digestBytes(new Uint8Array(1));
    await expect(
      output.putManifest(new Uint8Array(2), { mediaType: mediaTypes.ociManifest, instance }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    await expect(output.commit()).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    await output.close();
    expect(existsSync(at("out"))).toBe(false);
  });
});

describe("what a killed process left", () => {
  it("is taken over where it is a whole blob, and removed where it is not", async () => {
    const sample = await image("a");
    const [first] = sample.layers;
    if (!first) throw new Error("there should be a layer");
    mkdirSync(at("out"));
    writeFileSync(at("out", deadName(digestHex(first.descriptor.digest))), first.bytes);
    writeFileSync(at("out", deadName("manifest.json")), "{}");
    writeFileSync(at("out", deadName("0".repeat(64))), "of no use");
    const output = await destination(at("out"));
    const before = treeOf(at("out"));
    const { size } = first.descriptor;
    const look = { ...layer, lookOnly: true };
    expect(await output.reuseBlob?.(first.descriptor, look)).toEqual({
      size,
      from: "a copy that was cut short",
    });
    expect(await output.reuseBlob?.({ ...first.descriptor, size: size + 1 }, look)).toBeUndefined();
    expect(treeOf(at("out"))).toEqual(before);
    expect(await output.reuseBlob?.(first.descriptor, layer)).toEqual({ size });
    expect(await output.reuseBlob?.(first.descriptor, look)).toEqual({ size });
    await writeImage(output, { ...sample, layers: sample.layers.slice(1) });
    await write(at("fresh"), sample);
    expect(treeOf(at("out"))).toEqual(treeOf(at("fresh")));
  });

  it("after its commit is brought to its place by whoever reads or writes next", async () => {
    const [a, b] = [await image("a"), await image("b")];
    await write(at("new"), b);
    const names = readdirSync(at("new"));
    // Every step at which the process may have been killed: so many files renamed, so many of the old ones removed.
    for (let step = 0; step <= names.length; step++) {
      for (const way of ["read", "write"] as const) {
        const place = at(`${way}${step}`);
        await write(place, a);
        const removals = readdirSync(place).filter((name) => !names.includes(name));
        for (const [index, name] of names.entries()) {
          const target = join(place, index < step ? name : deadName(name));
          rmSync(target, { force: true });
          linkSync(at("new", name), target);
        }
        if (step === names.length) rmSync(join(place, String(removals[0])));
        const journal = { token: deadToken(), places: names, removals };
        writeFileSync(join(place, ".drayage-commit"), JSON.stringify(journal));
        if (way === "read") {
          expect(await manifestOf(place)).toEqual(text(b));
          expect(treeOf(place)).toEqual(treeOf(at("new")));
        } else {
          await write(place, a);
          await write(at("old"), a);
          expect(treeOf(place)).toEqual(treeOf(at("old")));
        }
      }
    }
  });

  it.each([
    "{",
    "[]",
    JSON.stringify({ token: "x", places: [], removals: [] }),
    JSON.stringify({ token: "x", places: ["../../etc/passwd"], removals: [] }),
  ])("as the journal %s is refused, and nothing is moved", async (text) => {
    await write(at("out"), await image("a"));
    writeFileSync(at("out", ".drayage-commit"), text);
    const before = treeOf(at("out"));
    await expect(source(at("out"))).rejects.toMatchObject({ code: "ERR_DRAYAGE_LAYOUT_INVALID" });
    await expect(destination(at("out"))).rejects.toMatchObject({ code: "ERR_DRAYAGE_LAYOUT_INVALID" });
    expect(treeOf(at("out"))).toEqual(before);
  });

  it("as a journal that names other files than an image's is refused", async () => {
    await write(at("out"), await image("a"));
    writeFileSync(at("out", "notes.txt"), "mine");
    for (const name of ["notes.txt", "../x", "a/manifest.json"]) {
      const journal = { token: deadToken(), places: [], removals: [name] };
      writeFileSync(at("out", ".drayage-commit"), JSON.stringify(journal));
      await expect(source(at("out"))).rejects.toMatchObject({ code: "ERR_DRAYAGE_LAYOUT_INVALID" });
    }
    expect(existsSync(at("out", "notes.txt"))).toBe(true);
  });
});

describe("a source", () => {
  it.each<[string, (path: string) => void, object]>([
    ["absent", (path) => rmSync(path, { recursive: true }), { code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" }],
    [
      "without manifest.json",
      (path) => rmSync(join(path, "manifest.json")),
      { code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" },
    ],
    [
      "of a newer version",
      (path) => writeFileSync(join(path, "version"), "Directory Transport Version: 1.3\n"),
      { code: "ERR_DRAYAGE_LAYOUT_INVALID" },
    ],
    [
      "of no version that can be read",
      (path) => writeFileSync(join(path, "version"), "x"),
      { code: "ERR_DRAYAGE_LAYOUT_INVALID" },
    ],
    [
      "a file",
      (path) => {
        rmSync(path, { recursive: true });
        writeFileSync(path, "");
      },
      { code: "ERR_DRAYAGE_LAYOUT_INVALID" },
    ],
    [
      "with a manifest above 4 MiB",
      (path) => writeFileSync(join(path, "manifest.json"), Buffer.alloc(4 * 1024 * 1024 + 1)),
      { code: "ERR_DRAYAGE_LIMIT_EXCEEDED" },
    ],
  ])("that is %s is refused", async (_, prepare, error) => {
    await write(at("in"), await image("a"));
    prepare(at("in"));
    const before = treeOf(folder);
    const message = expect.stringContaining(at("in")) as string;
    await expect(source(at("in"))).rejects.toMatchObject({ ...error, message });
    expect(treeOf(folder)).toEqual(before);
  });

  it("needs no version, and takes the older name of a digest of another algorithm", async () => {
    await write(at("in"), await image("a"));
    rmSync(at("in", "version"));
    const bytes = new TextEncoder().encode("bytes");
    const digest = digestBytes(bytes, "sha512");
    writeFileSync(at("in", digestHex(digest)), bytes);
    const input = await source(at("in"));
    expect((await input.manifest()).mediaType).toBe(mediaTypes.ociManifest);
    expect((await input.blob({ mediaType: "", digest, size: 5 })).size).toBe(5);
  });

  it("names a blob or member that is absent or of another size, and a member that is damaged", async () => {
    const index = await randomIndex({ seed: "index", format: "oci", compression: "gzip" });
    await write(at("in"), index);
    const [member] = index.images;
    if (!member) throw new Error("there should be a member");
    const input = await source(at("in"));
    const { digest } = member.manifest;
    writeFileSync(at("in", `${digestHex(digest)}.manifest.json`), "{}");
    await expect(input.manifest(digest)).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    rmSync(at("in", `${digestHex(digest)}.manifest.json`));
    await expect(input.manifest(digest)).rejects.toMatchObject({ code: "ERR_DRAYAGE_BLOB_NOT_FOUND" });
    const { descriptor } = member.config;
    await expect(input.blob({ ...descriptor, size: 1 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_SIZE_MISMATCH",
    });
    rmSync(at("in", digestHex(descriptor.digest)));
    await expect(input.blob(descriptor)).rejects.toMatchObject({ code: "ERR_DRAYAGE_BLOB_NOT_FOUND" });
    await expect(input.blob({ ...descriptor, urls: ["https://example.com/x"] })).rejects.toMatchObject({
      hint: "its bytes are kept elsewhere: https://example.com/x",
    });
  });

  it.each([
    ["", "the signature is empty"],
    ["hello", "it is no signature that is known"],
    ["\0sigstore-json", "the signature does not say its format"],
    ["\0a\u0001b\nx", "the signature does not say its format"],
  ])("refuses the signature %j", async (text, message) => {
    await write(at("in"), await image("a"));
    writeFileSync(at("in", "signature-1"), text, "latin1");
    const input = await source(at("in"));
    await expect(input.signatures?.()).rejects.toThrow(
      `${JSON.stringify(at("in"))}: signature-1: ${message}`,
    );
  });

  it.skipIf(process.getuid?.() === 0)("is read where nothing may be written", async () => {
    await write(at("in"), await image("a"));
    chmodSync(at("in"), 0o500);
    await readImage(await source(at("in")));
    chmodSync(at("in"), 0o700);
  });
});

describe("a destination whose blobs may be links", () => {
  it("shares the files of the source's blobs, also when it takes their place", async () => {
    await write(at("in"), await image("linked"));
    await using input = await source(at("in"));
    const { layers } = JSON.parse(new TextDecoder().decode((await input.manifest()).bytes));
    const [first] = layers;
    for (const _ of [1, 2]) {
      await using output = await destination(at("out"), { linkBlobs: true });
      await output.putBlob(await input.blob(first), layer);
      const { bytes, mediaType } = await input.manifest();
      await output.putManifest(bytes, { mediaType });
      await output.commit();
      expect(statSync(at("out", digestHex(first.digest))).ino).toBe(
        statSync(at("in", digestHex(first.digest))).ino,
      );
    }
    expect(statSync(at("in", digestHex(first.digest))).nlink).toBe(2);
  });
});
