import { execFileSync } from "node:child_process";
import {
  existsSync,
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
import { gzipSync } from "node:zlib";
import { bytesBlob, streamBlob } from "@drayage/blob";
import { digestBytes, digestHex } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";
import { readImage } from "@drayage/testkit";
import { abilities, type ImageDestination, type ImageSource, isTransport } from "@drayage/transport";
import {
  type Entry,
  HandMadeLayout,
  named,
  putImage,
  textOf,
  treeOf,
} from "@drayage-internal/fixtures/layouts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import plugin, { ociArchive } from "../src/index.ts";

const transport = ociArchive();
let folder: string;
let layout: HandMadeLayout;
let image: Entry;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  layout = new HandMadeLayout(at("in"));
  image = layout.image(["one", "two"], named("v1"));
  layout.index([image]);
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]): string => join(folder, ...names);
const layer = { kind: "layer", mediaType: mediaTypes.ociLayerTar } as const;
const source = (text: string, options = {}): Promise<ImageSource> =>
  transport.openSource?.(transport.parse(text), options) ?? Promise.reject(new Error("no source"));
const destination = (text: string, options = {}): Promise<ImageDestination> =>
  transport.openDestination?.(transport.parse(text), options) ?? Promise.reject(new Error("no destination"));
const tar = (...args: string[]): string => execFileSync("tar", args, { encoding: "utf8" });

/** The layout as an archive, as `tar -C in` writes it. */
function pack(name = "in.tar", ...members: string[]): string {
  tar("-C", at("in"), "-cf", at(name), ...(members.length > 0 ? members : ["."]));
  return at(name);
}

async function copy(from: string, to: string, options = {}, commit = {}): Promise<void> {
  await using input = await source(from);
  await using output = await destination(to, options);
  await putImage(input, output);
  await output.commit(commit);
}

function unpack(path: string): Record<string, string> {
  mkdirSync(`${path}.d`);
  tar("-C", `${path}.d`, "-xf", path);
  return treeOf(`${path}.d`);
}

it("of two that add to one archive at the same time, none loses what the other has added", async () => {
  pack();
  await copy(`${at("in.tar")}:v1`, `${at("out.tar")}:v1`);
  await using input = await source(at("in.tar"));
  await using slow = await destination(`${at("out.tar")}:slow`, { append: true });
  await putImage(input, slow);
  await copy(at("in.tar"), `${at("out.tar")}:quick`, { append: true });
  await expect(slow.commit()).rejects.toMatchObject({
    code: "ERR_DRAYAGE_DESTINATION_EXISTS",
    message: `${JSON.stringify(at("out.tar"))} was changed by somebody else while the image was written`,
    retryable: true,
  });
  expect(await transport.listTags?.(transport.parse(at("out.tar")))).toEqual(["v1", "quick"]);
});

it("an archive is not written in a folder's place, nor at a path that says so", async () => {
  mkdirSync(at("place"));
  for (const path of [at("place"), `${at("place")}/`, `${at("new")}/`]) {
    await expect(destination(`${path}:x`)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DESTINATION_REFUSED",
      message: `${JSON.stringify(path)} is a folder, not an archive`,
    });
  }
});

it.runIf(process.platform === "linux")("an abort ends the wait for a pipe's reader", async () => {
  execFileSync("mkfifo", [at("pipe")]);
  await using input = await source(pack());
  await using output = await destination(at("pipe"), { temporaryDir: folder });
  await putImage(input, output);
  const committing = output.commit({ signal: AbortSignal.timeout(50) });
  await expect(committing).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
});

type Member = Partial<TarEntryInput> & { readonly name: string; readonly data?: string | Uint8Array };

/** An archive made header by header, for what tar would not write. */
function archive(members: readonly Member[]): string {
  const parts = members.flatMap(({ data = "", ...header }) => {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    return [encodeTarHeader({ size: bytes.length, mode: 0o644, ...header }), bytes, tarPadding(bytes.length)];
  });
  writeFileSync(at("made.tar"), Buffer.concat([...parts, tarEnd()]));
  return at("made.tar");
}

function members(): Member[] {
  const names = [
    "index.json",
    "oci-layout",
    ...readdirSync(at("in", "blobs", "sha256")).map((name) => `blobs/sha256/${name}`),
  ];
  return names.map((name) => ({ name, data: readFileSync(at("in", name)) }));
}
const blobOf = (digest: string): string => `blobs/sha256/${digest.slice(7)}`;

describe("the transport", () => {
  it("is a transport, as a function and as a plugin's default", () => {
    expect(isTransport(plugin)).toBe(true);
    expect(transport).toMatchObject({ scheme: "oci-archive", syntax: "PATH[:NAME]" });
    expect(abilities(transport)).toEqual(["openSource", "openDestination", "listTags"]);
  });
});

describe("a source", () => {
  it.each([
    ["with ./ before names", () => pack()],
    ["without", () => pack("in.tar", "index.json", "oci-layout", "blobs")],
    ["with absolute names", () => archive(members().map((each) => ({ ...each, name: `/${each.name}` })))],
  ])("reads an archive %s in place", async (_, make) => {
    const path = make();
    await using input = await source(`${path}:v1`);
    const read = await readImage(input);
    expect(read.kind === "image" && read.layers.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual([
      "one",
      "two",
    ]);
    const { layers } = JSON.parse(new TextDecoder().decode((await input.manifest()).bytes));
    const blob = await input.blob(layers[0]);
    expect(blob).toMatchObject({ origin: { kind: "file", path, length: 3 } });
    const { origin } = blob;
    if (origin.kind !== "file") throw new Error("it should be a range of the file");
    expect(readFileSync(path, "utf8").slice(origin.offset, origin.offset + 3)).toBe("one");
  });

  it("reads a position, and lists names", async () => {
    layout.index([layout.image(["x"], named("x")), image]);
    const path = pack();
    await using input = await source(`${path}:@1`);
    expect(digestBytes((await input.manifest()).bytes)).toBe(image.digest);
    expect(await transport.listTags?.(transport.parse(path))).toEqual(["x", "v1"]);
  });

  it("reads a compressed archive through a temporary file that goes away", async () => {
    writeFileSync(at("in.tar.gz"), gzipSync(readFileSync(pack())));
    mkdirSync(at("tmp"));
    const input = await source(at("in.tar.gz"), { temporaryDir: at("tmp") });
    expect(readdirSync(at("tmp"))).toHaveLength(1);
    await readImage(input);
    await input.close();
    expect(readdirSync(at("tmp"))).toEqual([]);
    await expect(source(`${at("in.tar.gz")}:no`, { temporaryDir: at("tmp") })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
    expect(readdirSync(at("tmp"))).toEqual([]);
  });

  it("reads a pipe", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    pack();
    execFileSync("sh", ["-c", `cat ${at("in.tar")} > ${at("pipe")} &`], { stdio: "ignore" });
    await using input = await source(at("pipe"), { temporaryDir: folder });
    await readImage(input);
  });

  it("takes the last of several entries of one name, as unpacking would", async () => {
    const { data } = members().find(({ name }) => name === "index.json") ?? {};
    const path = archive([
      { name: "index.json", data: "{" },
      ...members(),
      { name: "./index.json", data: data ?? "" },
    ]);
    await readImage(await source(path));
    const broken = archive([...members(), { name: "index.json/", type: "directory" }]);
    await expect(source(broken)).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
  });

  it("follows hard and symbolic links within the archive", async () => {
    const linked = members().map((each) =>
      each.name.startsWith("blobs/") ? { ...each, name: `store/${each.name.slice(13)}` } : each,
    );
    const hard = members().flatMap(({ name }): Member[] =>
      name.startsWith("blobs/") ? [{ name, type: "link", linkname: `./store/${name.slice(13)}` }] : [],
    );
    await readImage(await source(archive([...linked, ...hard])));
    const soft = hard.map(
      ({ name }): Member => ({ name, type: "symlink", linkname: `../../store/${name.slice(13)}` }),
    );
    await readImage(await source(archive([...soft, ...linked])));
    const folders: Member[] = [{ name: "blobs/sha256", type: "symlink", linkname: "../store" }];
    await readImage(await source(archive([...folders, ...linked])));
  });

  it.each<[string, (blob: string) => Member, string]>([
    [
      "leads out of the archive",
      (name) => ({ name, type: "symlink", linkname: "../../../secret" }),
      "leads out of the archive",
    ],
    [
      "is absolute",
      (name) => ({ name, type: "symlink", linkname: "/etc/passwd" }),
      "leads out of the archive",
    ],
    [
      "leads to itself",
      (name) => ({ name, type: "symlink", linkname: name.slice(13) }),
      "more than 40 symbolic links",
    ],
    [
      "is hard and leads to nothing",
      (name) => ({ name, type: "link", linkname: "nothing" }),
      "is a link to nothing",
    ],
    ["is a device", (name) => ({ name, type: "character" }), "is no regular file"],
  ])("refuses a blob whose link %s", async (_, make, message) => {
    writeFileSync(at("secret"), "secret");
    const input = await source(archive([...members(), make(blobOf(image.digest))]));
    await expect(input.manifest()).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
    await expect(input.manifest()).rejects.toThrow(message);
  });

  it("refuses names that lead out of the archive", async () => {
    const path = archive([...members(), { name: "blobs/../../etc/passwd", data: "x" }]);
    await expect(source(path)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ARCHIVE_INVALID",
      message: `${JSON.stringify(path)}: the name "blobs/../../etc/passwd" leads out of the archive`,
    });
  });

  it.each<[string, () => string, string]>([
    ["absent", () => at("no.tar"), "ERR_DRAYAGE_IMAGE_NOT_FOUND"],
    ["a folder", () => at("in"), "ERR_DRAYAGE_LAYOUT_INVALID"],
    ["no archive", () => join(pack(), "..", "in", "index.json"), "ERR_DRAYAGE_ARCHIVE_INVALID"],
    [
      "cut off",
      () => {
        const bytes = readFileSync(pack());
        writeFileSync(at("cut.tar"), bytes.subarray(0, 2000));
        return at("cut.tar");
      },
      "ERR_DRAYAGE_ARCHIVE_INVALID",
    ],
    [
      "compressed and cut off",
      () => {
        const bytes = gzipSync(readFileSync(pack()));
        writeFileSync(at("cut.tar.gz"), bytes.subarray(0, 300));
        return at("cut.tar.gz");
      },
      "ERR_DRAYAGE_COMPRESSION_INVALID",
    ],
    ["without index.json", () => archive([{ name: "x", data: "x" }]), "ERR_DRAYAGE_IMAGE_NOT_FOUND"],
    [
      "of another version",
      () => archive([...members(), { name: "oci-layout", data: '{"imageLayoutVersion":"2"}' }]),
      "ERR_DRAYAGE_LAYOUT_INVALID",
    ],
    [
      "with an index.json above 4 MiB",
      () => archive([{ name: "index.json", data: " ".repeat(4 * 1024 * 1024 + 1) }]),
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
    ],
  ])("that is %s is refused", async (_, make, code) => {
    const path = make();
    const before = treeOf(folder);
    await expect(source(path)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(JSON.stringify(path)) as string,
    });
    expect(treeOf(folder)).toEqual(before);
  });

  it("says what to do with a docker archive", async () => {
    const path = archive([{ name: "manifest.json", data: "[]" }]);
    await expect(source(path)).rejects.toMatchObject({
      hint: "this is a docker archive: read it as docker-archive:",
    });
  });

  it("refuses an archive of more entries than any layout has", { timeout: 60_000 }, async () => {
    const header = encodeTarHeader({ name: "x", type: "directory" });
    const many = Buffer.alloc(header.length * 100_001);
    for (let at = 0; at < many.length; at += header.length) many.set(header, at);
    writeFileSync(at("many.tar"), Buffer.concat([many, tarEnd()]));
    await expect(source(at("many.tar"))).rejects.toMatchObject({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" });
  });
});

describe("a destination", () => {
  it("writes the layout's files, with skopeo's headers and no time", async () => {
    await copy(pack(), `${at("out.tar")}:v1`);
    const entry = { mediaType: image.mediaType, digest: image.digest, size: image.size, ...named("v1") };
    expect(unpack(at("out.tar"))).toEqual({
      ...treeOf(at("in")),
      "index.json": `644 ${JSON.stringify({ schemaVersion: 2, manifests: [entry] })}`,
    });
    const lines = tar("--utc", "--full-time", "-tvf", at("out.tar")).trim().split("\n");
    expect(lines[0]).toMatch(/^drwxr-xr-x root\/root +0 1970-01-01 00:00:00 blobs\/$/);
    expect(lines[2]).toMatch(
      /^-rw-r--r-- root\/root +[0-9]+ 1970-01-01 00:00:00 blobs\/sha256\/[0-9a-f]{64}$/,
    );
    expect(lines.slice(-2).map((line) => line.split(" ").at(-1))).toEqual(["index.json", "oci-layout"]);
    expect(readdirSync(folder).sort()).toEqual(["in", "in.tar", "out.tar", "out.tar.d"]);
  });

  it("writes equal bytes for equal input, and the time that it is told", async () => {
    pack();
    await copy(at("in.tar"), at("a.tar"));
    await copy(at("in.tar"), at("b.tar"));
    expect(readFileSync(at("a.tar")).equals(readFileSync(at("b.tar")))).toBe(true);
    await copy(at("in.tar"), at("c.tar"), {}, { timestamp: new Date("2020-01-02T03:04:05.678Z") });
    const lines = tar("--utc", "--full-time", "-tvf", at("c.tar")).trim().split("\n");
    expect(lines.every((line) => line.includes(" 2020-01-02 03:04:05 "))).toBe(true);
    await readImage(await source(at("c.tar")));
    await expect(
      copy(at("in.tar"), at("d.tar"), {}, { timestamp: new Date("1960-01-01") }),
    ).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
    expect(existsSync(at("d.tar"))).toBe(false);
  });

  it("replaces an archive at the commit, and keeps its mode", async () => {
    pack();
    writeFileSync(at("out.tar"), "earlier", { mode: 0o640 });
    await using input = await source(at("in.tar"));
    const output = await destination(at("out.tar"));
    await putImage(input, output);
    expect(readFileSync(at("out.tar"), "utf8")).toBe("earlier");
    await output.commit();
    expect(statSync(at("out.tar")).mode & 0o777).toBe(0o640);
    await readImage(await source(at("out.tar")));
    await expect(output.commit()).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    await output.close();
    expect(existsSync(at("out.tar"))).toBe(true);
  });

  it("follows a symbolic link to the archive that is replaced", async () => {
    mkdirSync(at("elsewhere"));
    writeFileSync(at("elsewhere", "real.tar"), "earlier");
    symlinkSync(at("elsewhere", "real.tar"), at("link.tar"));
    await copy(pack(), at("link.tar"));
    await readImage(await source(at("elsewhere", "real.tar")));
  });

  it("may be an archive that is being read", async () => {
    pack();
    await copy(at("in.tar"), at("in.tar"));
    await readImage(await source(at("in.tar")));
  });

  it("leaves no trace of what failed", async () => {
    const output = await destination(at("out.tar"));
    const bytes = new TextEncoder().encode("right");
    const digest = digestBytes(bytes);
    const unknown = streamBlob(async function* () {
      yield new Uint8Array(5000);
      throw new Error("broken");
    });
    const wrong = bytesBlob(new TextEncoder().encode("wrong"), { digest });
    await expect(output.putBlob(wrong, layer)).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    await expect(output.putBlob(unknown, layer)).rejects.toThrow("broken");
    await Promise.all([1, 2, 3].map(() => output.putBlob(bytesBlob(bytes, { digest }), layer)));
    expect(await output.reuseBlob?.({ digest, size: 5, mediaType: "" }, layer)).toEqual({ size: 5 });
    expect(await output.reuseBlob?.({ digest, size: 6, mediaType: "" }, layer)).toBeUndefined();
    const manifest = readFileSync(at("in", "blobs", "sha256", digestHex(image.digest)));
    await output.putManifest(manifest, { mediaType: mediaTypes.ociManifest });
    await output.commit();
    expect(Object.keys(unpack(at("out.tar"))).sort()).toEqual(
      ["blobs", "blobs/sha256", blobOf(digest), blobOf(image.digest), "index.json", "oci-layout"].sort(),
    );
  });

  it("keeps blobs of sha512", async () => {
    const output = await destination(at("out.tar"));
    const bytes = new TextEncoder().encode("bytes");
    const digest = digestBytes(bytes, "sha512");
    await output.putBlob(bytesBlob(bytes, { digest }), layer);
    const manifest = { schemaVersion: 2, config: {}, layers: [] };
    await output.putManifest(new TextEncoder().encode(JSON.stringify(manifest)), {
      mediaType: mediaTypes.ociManifest,
    });
    await output.commit();
    const input = await source(at("out.tar"));
    expect(await textOf(input, { mediaType: "", digest, size: 5 })).toBe("bytes");
    expect(unpack(at("out.tar"))[`blobs/sha512/${digestHex(digest)}`]).toBe("644 bytes");
  });

  it.each<[string, () => string]>([
    ["a folder", () => at("in")],
    ["below a folder that is absent", () => at("no", "out.tar")],
  ])("that is %s is refused", async (_, path) => {
    const before = treeOf(folder);
    await expect(destination(path())).rejects.toMatchObject({ code: "ERR_DRAYAGE_DESTINATION_REFUSED" });
    await expect(destination(`${at("out.tar")}:@0`)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_REFERENCE_INVALID",
    });
    expect(treeOf(folder)).toEqual(before);
  });

  it("adds to the images that are there where it is told to", async () => {
    const other = layout.image(["one", "three"], named("v2"));
    layout.index([image, other]);
    pack();
    const append = { append: true };
    await copy(`${at("in.tar")}:v1`, `${at("out.tar")}:v1`, append);
    await copy(`${at("in.tar")}:v2`, `${at("out.tar")}:v2`, append);
    await copy(`${at("in.tar")}:v1`, `${at("out.tar")}:v3`, append);
    expect(await transport.listTags(transport.parse(at("out.tar")))).toEqual(["v1", "v2", "v3"]);
    for (const name of ["v1", "v2", "v3"]) await readImage(await source(`${at("out.tar")}:${name}`));
    const tree = unpack(at("out.tar"));
    expect(Object.keys(tree).sort()).toEqual(Object.keys(treeOf(at("in"))).sort());
    await copy(`${at("in.tar")}:v1`, `${at("out.tar")}:v1`);
    expect(await transport.listTags(transport.parse(at("out.tar")))).toEqual(["v1"]);
  });

  it("does not add to what is no archive, and leaves it", async () => {
    pack();
    writeFileSync(at("out.tar"), "no archive");
    await expect(copy(at("in.tar"), at("out.tar"), { append: true })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ARCHIVE_INVALID",
    });
    expect(readFileSync(at("out.tar"), "utf8")).toBe("no archive");
    expect(readdirSync(folder).sort()).toEqual(["in", "in.tar", "out.tar"]);
  });

  it("may be a pipe, which gets the whole archive at the commit", async () => {
    pack();
    execFileSync("mkfifo", [at("pipe")]);
    execFileSync("sh", ["-c", `cat ${at("pipe")} > ${at("piped.tar")} &`], { stdio: "ignore" });
    await copy(at("in.tar"), `${at("pipe")}:v1`, { temporaryDir: folder });
    await copy(at("in.tar"), `${at("file.tar")}:v1`);
    await expect.poll(() => readFileSync(at("piped.tar")).equals(readFileSync(at("file.tar")))).toBe(true);
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });
});
