import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { copy } from "@drayage/copy";
import { type Digest, digestBytes, parseDigest } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { openStore, type Store } from "@drayage/storage";
import { memoryDriver } from "@drayage/storage-driver-memory";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { memoryTransport, randomImage, randomIndex, readImage, writeImage } from "@drayage/testkit";
import type { Location } from "@drayage/transport";
import { containersStorage } from "@drayage/transport-containers-storage";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type Artifact,
  addEntry,
  changeStoredList,
  createArtifact,
  createStoredList,
  describeImages,
  isStoredList,
  listLocation,
  noContents,
  placeText,
  readStoredList,
  storedPlaceText,
  subjectOf,
  unknownArtifactType,
  withArtifact,
  withImages,
  withoutImage,
} from "../src/index.ts";
import { indexOf, open, testPlace } from "./support/places.ts";

const name = "localhost/list:latest";
const text = new TextEncoder();

function testFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "drayage-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function memoryStore(): Promise<Store> {
  const store = await openStore({ driver: memoryDriver });
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
}

const entryOf = (number: number) => ({
  mediaType: mediaTypes.ociManifest,
  digest: digestBytes(text.encode(`${number}`)),
  size: number,
  platform: { os: "linux", architecture: `a${number}` },
});

describe("a list of a store", () => {
  it("is an image without layers that has the list and where its images are", async () => {
    const store = await memoryStore();
    const contents = withImages(noContents, [entryOf(1)], () => "docker://example.com/one:latest");
    const { id } = await createStoredList(store, { name, contents });
    const [image] = (await store.read()).images;
    if (image === undefined) throw new Error("an image");
    expect(image).toMatchObject({ id, names: [name], layer: undefined });
    expect([...image.bigData.keys()]).toEqual(["manifest", "instances.json"]);
    expect(isStoredList(image)).toBe(true);
    const instances = await store.bigData("image", id, "instances.json");
    expect(new TextDecoder().decode(instances)).toBe(
      `{"":"${id}","${entryOf(1).digest}":"docker://example.com/one:latest"}`,
    );
    expect(await readStoredList(store, id)).toEqual({
      ...contents,
      list: { ...contents.list, mediaType: mediaTypes.dockerManifestList },
      id,
    });
  });

  it("does not take the name of another image", async () => {
    const store = await memoryStore();
    await createStoredList(store, { name });
    await expect(createStoredList(store, { name })).rejects.toMatchObject({ code: "ERR_DRAYAGE_NAME_TAKEN" });
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => createStoredList(store, { name: "localhost/race:latest" })),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("loses nothing where several change it at the same time through stores of their own", async () => {
    const folder = testFolder();
    const place = { graphRoot: path.join(folder, "root"), runRoot: path.join(folder, "run") };
    const stores = await Promise.all([0, 1, 2].map(() => openStore({ ...place, driver: vfsDriver() })));
    const [first] = stores;
    if (first === undefined) throw new Error("a store");
    const { id } = await createStoredList(first, { name });
    await Promise.all(
      Array.from({ length: 30 }, (_, at) => {
        const store = stores[at % 3] ?? first;
        return changeStoredList(store, id, {
          change: (before) => withImages(before, [entryOf(at)], () => `docker://example.com/${at}`),
        });
      }),
    );
    const after = await readStoredList(first, id);
    expect(after.list.entries.map(({ size }) => size).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, at) => at),
    );
    expect(after.instances.size).toBe(30);
    for (const store of stores) await store[Symbol.asyncDispose]();
  });

  it("stays as it was where a change fails, and the next one does not wait", async () => {
    const store = await memoryStore();
    const { id } = await createStoredList(store, { name });
    await expect(
      changeStoredList(store, id, {
        change() {
          throw new Error("no");
        },
      }),
    ).rejects.toThrow("no");
    const after = await changeStoredList(store, id, {
      change: (before) => withImages(before, [entryOf(1)], () => "dir:/x"),
    });
    expect(after.list.entries).toEqual([entryOf(1)]);
    const gone = await changeStoredList(store, id, {
      change: (before) => withoutImage(before, entryOf(1).digest),
    });
    expect([gone.list.entries, [...gone.instances]]).toEqual([[], []]);
    await expect(
      changeStoredList(store, id, { change: (before) => withoutImage(before, entryOf(1).digest) }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
  });

  it("is told from an image, and damage is told of", async () => {
    const store = await memoryStore();
    const image = await store.commitImage({
      layers: [],
      bigData: [{ key: "manifest", bytes: text.encode("{}") }],
    });
    await expect(readStoredList(store, image.id)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    });
    await expect(readStoredList(store, "0".repeat(64))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
    const { id } = await createStoredList(store, { name });
    for (const damage of ["", "{", '{"x":"y"}', '{"":"a","sha256:0":1}', "[1]", '"x"']) {
      await store.setBigData("image", id, { key: "instances.json", bytes: text.encode(damage) });
      await expect(readStoredList(store, id), damage).rejects.toMatchObject({
        code: "ERR_DRAYAGE_STORE_INVALID",
      });
    }
    await store.setBigData("image", id, { key: "instances.json", bytes: text.encode("{}") });
    for (const damage of [
      "",
      "[]",
      '{"manifests":{"x":"y"}}',
      '{"layers":{"sha256:00":[]}}',
      '{"blobs":1}',
    ]) {
      await store.setBigData("image", id, { key: "artifacts.json", bytes: text.encode(damage) });
      await expect(readStoredList(store, id), damage).rejects.toMatchObject({
        code: "ERR_DRAYAGE_STORE_INVALID",
      });
    }
    await store.setBigData("image", id, { key: "artifacts.json", bytes: text.encode("{}") });
    await store.setBigData("image", id, { key: "manifest", bytes: text.encode('{"manifests":1}') });
    await expect(readStoredList(store, id)).rejects.toMatchObject({ code: "ERR_DRAYAGE_STORE_INVALID" });
  });

  it("ends its changes when they are interrupted", async () => {
    const store = await memoryStore();
    const { id } = await createStoredList(store, { name });
    const signal = AbortSignal.abort();
    await expect(changeStoredList(store, id, { signal, change: (before) => before })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
    await expect(readStoredList(store, id, { signal })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
  });
});

describe("places in a list", () => {
  it("are written as the Go tools read them", async () => {
    const { transport } = testPlace({});
    const at = (scheme: string, reference: string): string =>
      placeText({ transport: { ...transport, scheme }, reference: { text: reference }, text: "" });
    expect(at("oci-dir", "/tmp/x:app")).toBe("oci:/tmp/x:app");
    expect(at("oci-dir", "x/../y:app")).toBe(`oci:${process.cwd()}/y:app`);
    expect(at("docker", "//quay.io/me/app:1")).toBe("docker://quay.io/me/app:1");
    const store = { driver: "vfs", graphRoot: "/g", runRoot: "/r" } as Store;
    expect(storedPlaceText(store, "@abc")).toBe("containers-storage:[vfs@/g+/r]@abc");
  });
});

describe("what a list says of an image", () => {
  it("is what its config says, or the list that it is taken from", async () => {
    const platform = { os: "linux", architecture: "arm64", variant: "v8" };
    const image = await randomImage({ seed: "described", platform });
    await using source = await open(testPlace({ images: [image] }));
    const { bytes, mediaType, digest } = image.manifest;
    const entry = { mediaType, digest, size: bytes.length, platform };
    expect(await describeImages(source)).toEqual([entry]);
    const index = await randomIndex({ seed: "listed" });
    const place = testPlace({ documents: [index.manifest], images: index.images, own: index.manifest });
    await using list = await open(place);
    const entries = index.images.map((each) => ({
      mediaType: each.manifest.mediaType,
      digest: each.manifest.digest,
      size: each.manifest.bytes.length,
      platform: each.platform,
    }));
    expect(await describeImages(list, { members: "all" })).toEqual(entries);
    expect(await describeImages(list, { platform: { os: "linux", architecture: "arm64" } })).toEqual([
      entries[1],
    ]);
    expect(await describeImages(list, { members: "nested" })).toEqual([
      { mediaType: mediaTypes.ociIndex, digest: index.manifest.digest, size: index.manifest.bytes.length },
    ]);
    await expect(
      describeImages(list, { platform: { os: "plan9", architecture: "mips" } }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND" });
    await expect(describeImages(list, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
  });

  it("is refused where the list that it is taken from lies, or has too much to be read", async () => {
    const image = await randomImage({ seed: "lied about" });
    const own = { mediaType: image.manifest.mediaType, bytes: image.manifest.bytes };
    const list = (said: object): { bytes: Uint8Array; mediaType: string } => {
      const { digest, bytes, mediaType } = image.manifest;
      const entry = { mediaType, digest, size: bytes.length, ...said };
      const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [entry] };
      return { bytes: text.encode(JSON.stringify(document)), mediaType: mediaTypes.ociIndex };
    };
    const other = text.encode("{}");
    for (const [said, code, given] of [
      [{ size: 1 }, "ERR_DRAYAGE_SIZE_MISMATCH", own],
      [{ mediaType: mediaTypes.ociIndex }, "ERR_DRAYAGE_MANIFEST_INVALID", own],
      [{}, "ERR_DRAYAGE_DIGEST_MISMATCH", { ...own, bytes: other }],
    ] as const) {
      const document = list(said);
      const place = testPlace({ documents: [document, own], images: [image], own: document });
      await using source = await open(place);
      const lying = {
        ...source,
        manifest: (instance?: Digest) =>
          instance === undefined ? source.manifest() : Promise.resolve(given),
      };
      await expect(describeImages(lying, { members: "all" })).rejects.toMatchObject({ code });
      await expect(describeImages(lying, { platform: image.platform })).rejects.toMatchObject({ code });
    }
    const size = 4 * 1024 * 1024;
    const large = Array.from({ length: 65 }, (_, at) => ({
      bytes: text.encode(`{"a":"${at}"}`.padEnd(size)),
      mediaType: "application/x-odd",
    }));
    await using source = await open(testPlace({ documents: [indexOf(large), ...large] }));
    await expect(describeImages(source, { members: "all" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
  });

  it("is completed from configs where the list that it is taken from says nothing", async () => {
    const platform = { os: "linux", architecture: "riscv64" };
    const image = await randomImage({ seed: "nameless", platform });
    const place = testPlace({ documents: [indexOf([image.manifest])], images: [image] });
    await using source = await open(place);
    expect(await describeImages(source, { members: "all" })).toMatchObject([{ platform }]);
  });
});

describe("an artifact", () => {
  it("is as buildah makes it, and is copied with its list", async () => {
    const folder = testFolder();
    const file = path.join(folder, "notes.json");
    writeFileSync(file, '{"a":1}\n');
    const config = path.join(folder, "config");
    writeFileSync(config, "text");
    const subject = { mediaType: mediaTypes.ociManifest, digest: entryOf(1).digest, size: 1 };
    const made = await createArtifact({
      files: [file],
      artifactType: "application/x-notes",
      config,
      annotations: { a: "b" },
      subject,
    });
    const bytes = text.encode('{"a":1}\n');
    expect(new TextDecoder().decode(made.manifest)).toBe(
      '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/x-notes",' +
        `"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"${digestBytes(text.encode("text"))}","size":4},` +
        `"layers":[{"mediaType":"application/json","digest":"${digestBytes(bytes)}","size":8,"annotations":{"org.opencontainers.image.title":"notes.json"}}],` +
        `"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"${subject.digest}","size":1},"annotations":{"a":"b"}}`,
    );
    expect(made.entry).toEqual({
      mediaType: mediaTypes.ociManifest,
      digest: digestBytes(made.manifest),
      size: made.manifest.length,
      artifactType: "application/x-notes",
    });

    const store = await memoryStore();
    const { id } = await createStoredList(store, { name });
    const add = await changeStoredList(store, id, {
      change: ({ list, artifacts, instances }) => ({
        list: addEntry(list, made.entry),
        artifacts: withArtifact(artifacts, made),
        instances,
      }),
    });
    expect(await readStoredList(store, id)).toMatchObject({
      artifacts: add.artifacts,
      list: { entries: [made.entry] },
    });
    const memory = memoryTransport();
    const reference = memory.parse("to:list");
    const to: Location = { transport: memory, reference, text: "memory:to:list" };
    const resolve = async (): Promise<Location> => to;
    const result = await copy(await listLocation(store, add, { select: "all", resolve }), to, {
      platforms: "all",
    });
    await using copied = await memory.openSource(reference);
    expect((await copied.manifest(made.entry.digest)).bytes).toEqual(made.manifest);
    expect(result.digest).toBe(digestBytes((await copied.manifest()).bytes));

    // A file that has changed since is told of.
    writeFileSync(file, '{"a":2}\n');
    const other: Location = { ...to, reference: memory.parse("other:list"), text: "memory:other:list" };
    await expect(
      copy(await listLocation(store, add, { select: "all", resolve }), other, { platforms: "all" }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    const without = await changeStoredList(store, id, {
      change: (before) => withoutImage(before, made.entry.digest),
    });
    expect([...without.artifacts.manifests, ...without.artifacts.detached]).toEqual([]);
    expect(new TextDecoder().decode(await store.bigData("image", id, "artifacts.json"))).toBe("{}");
  });

  it("whose file is gone is told of by its own file, and read from one of equal content where there is one", async () => {
    const folder = testFolder();
    const [one, two] = ["one.txt", "two.txt"].map((name) => path.join(folder, name));
    if (one === undefined || two === undefined) throw new Error("two files");
    const store = await memoryStore();
    const { id } = await createStoredList(store, { name });
    const made: Artifact[] = [];
    for (const file of [one, two]) {
      writeFileSync(file, "equal");
      const artifact = await createArtifact({ files: [file] });
      made.push(artifact);
      await changeStoredList(store, id, {
        change: ({ list, artifacts, instances }) => ({
          list: addEntry(list, artifact.entry),
          artifacts: withArtifact(artifacts, artifact),
          instances,
        }),
      });
    }
    const memory = memoryTransport();
    const to: Location = { transport: memory, reference: memory.parse("to:list"), text: "memory:to:list" };
    const push = async () => {
      const stored = await readStoredList(store, id);
      const resolve = async (): Promise<Location> => to;
      return copy(await listLocation(store, stored, { select: "all", resolve }), to, { platforms: "all" });
    };
    rmSync(two);
    expect((await push()).documents).toHaveLength(3);
    writeFileSync(one, "other");
    const lacks = (artifact: Artifact | undefined, file: string) => ({
      code: "ERR_DRAYAGE_BLOB_NOT_FOUND",
      message: `the artifact ${artifact?.entry.digest} of the list lacks its file: ${JSON.stringify(file)} is gone`,
      hint: `put it back, or leave the artifact out: dray manifest remove ${name} ${artifact?.entry.digest}`,
    });
    writeFileSync(two, "equal");
    expect((await push()).documents).toHaveLength(3);
    rmSync(one);
    rmSync(two);
    await expect(push()).rejects.toMatchObject(lacks(made[0], one));
    await changeStoredList(store, id, {
      change: (before) => withoutImage(before, made[0]?.entry.digest as never),
    });
    await expect(push()).rejects.toMatchObject(lacks(made[1], two));
  });

  it("of nothing is an empty object", async () => {
    const { manifest } = await createArtifact({ files: [] });
    const empty =
      '{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"data":"e30="}';
    expect(new TextDecoder().decode(manifest)).toBe(
      `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"${unknownArtifactType}","config":${empty},"layers":[${empty}]}`,
    );
  });

  it("may be the subject of another, which says what it is", async () => {
    const { entry, manifest } = await createArtifact({ files: [], artifactType: "application/x-notes" });
    const of = testPlace({ documents: [{ bytes: manifest, mediaType: mediaTypes.ociManifest }] });
    await using source = await open(of);
    expect(await subjectOf(source)).toEqual(entry);
    const list = indexOf([{ bytes: manifest, mediaType: mediaTypes.ociManifest }]);
    await using index = await open(testPlace({ documents: [list] }));
    expect(await subjectOf(index)).toEqual({
      mediaType: list.mediaType,
      digest: list.digest,
      size: list.bytes.length,
    });
  });

  it("of files that are not there, or no files, is refused", async () => {
    const folder = testFolder();
    await expect(createArtifact({ files: [path.join(folder, "nothing")] })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
    });
    await expect(createArtifact({ files: [folder] })).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
  });

  it.runIf(process.platform === "linux")("of a queue that nobody writes to is refused", async () => {
    const queue = path.join(testFolder(), "queue");
    execFileSync("mkfifo", [queue]);
    await expect(createArtifact({ files: [queue] })).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
  });

  it.each([
    ["a.png", "x", "image/png"],
    ["a.HTML", "x", "text/html"],
    ["a", "%PDF-1.7", "application/pdf"],
    ["a.tgz", "\x1f\x8b\x08\0", "application/x-gzip"],
    ["a.txt", "plain words\n", "text/plain"],
    ["a.bin", "a\0b", "application/octet-stream"],
  ])("calls %s with %j %s", async (file, content, type) => {
    const folder = testFolder();
    writeFileSync(path.join(folder, file), content, "latin1");
    const { manifest } = await createArtifact({ files: [path.join(folder, file)] });
    expect(JSON.parse(new TextDecoder().decode(manifest))).toMatchObject({ layers: [{ mediaType: type }] });
  });
});

describe("a list of a store as an image", () => {
  it("has images of the store, whose layers are unpacked there, and of elsewhere, and lists of the store", async () => {
    const store = await memoryStore();
    const memory = memoryTransport();
    const at = (reference: string): Location => ({
      transport: memory,
      reference: memory.parse(reference),
      text: `memory:${reference}`,
    });
    const images = await Promise.all(
      ["s390x", "arm64"].map((architecture) =>
        randomImage({ seed: architecture, platform: { os: "linux", architecture } }),
      ),
    );
    for (const [index, image] of images.entries()) {
      await using destination = await memory.openDestination(memory.parse(`from:${index}`));
      await writeImage(destination, image);
    }
    const transport = containersStorage({ store });
    const stored: Location = { transport, reference: transport.parse("localhost/one:latest"), text: "one" };
    await copy(at("from:0"), stored);
    const [record] = (await store.read()).images;
    if (record === undefined) throw new Error("an image");
    const entries = async (location: Location) => describeImages(await open(location));
    const { id } = await createStoredList(store, {
      name: "localhost/inner:latest",
      contents: withImages(noContents, await entries(stored), () => storedPlaceText(store, `@${record.id}`)),
    });
    const resolve = async (place: string): Promise<Location> => at(place.slice("memory:".length));
    const inner = await listLocation(store, await readStoredList(store, id), { select: "all", resolve });
    const nested = await describeImages(await open(inner), { members: "nested" });
    const outer = await createStoredList(store, {
      name,
      contents: withImages(
        withImages(noContents, await entries(at("from:1")), () => "memory:from:1"),
        nested,
        () => storedPlaceText(store, `@${id}`),
      ),
    });
    const location = await listLocation(store, outer, { select: "all", resolve });
    const result = await copy(location, at("to:list"), { platforms: "all" });
    expect(result.digest).toMatch(/^sha256:/);
    await using source = await memory.openSource(memory.parse("to:list"));
    const index = JSON.parse(new TextDecoder().decode((await source.manifest()).bytes)) as {
      manifests: { mediaType: string; digest: string }[];
    };
    expect(index.manifests.map(({ mediaType }) => mediaType)).toEqual([
      mediaTypes.ociManifest,
      mediaTypes.dockerManifestList,
    ]);
    const inside = parseDigest(index.manifests[1]?.digest ?? "");
    expect(guessed(await source.manifest(inside))).toBe(1);

    // A list that is in itself.
    await changeStoredList(store, id, {
      change: (before) => withImages(before, nested, () => storedPlaceText(store, `@${id}`)),
    });
    await expect(
      listLocation(store, await readStoredList(store, id), { select: "all", resolve }),
    ).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
      message: `the list ${id.slice(0, 12)} stands in itself`,
    });
  });

  it("names the place of an image that cannot be found", async () => {
    const store = await memoryStore();
    const contents = withImages(noContents, [entryOf(1)], () => "nosuch:place");
    const list = await createStoredList(store, { name, contents });
    const { createRegistry } = await import("@drayage/transport");
    await expect(
      listLocation(store, list, { select: "all", resolve: (place) => createRegistry([]).resolve(place) }),
    ).rejects.toMatchObject({
      code: "ERR_DRAYAGE_TRANSPORT_UNKNOWN",
      message: expect.stringContaining("nosuch:place"),
    });
    await expect(
      readImage(
        await open(
          await listLocation(store, list, { select: { instances: [] }, resolve: async () => testPlace({}) }),
        ),
      ),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
  });
});

function guessed({ bytes }: { readonly bytes: Uint8Array }): number {
  return (JSON.parse(new TextDecoder().decode(bytes)) as { manifests: unknown[] }).manifests.length;
}
