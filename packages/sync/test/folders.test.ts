import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestBytes } from "@drayage/digest";
import { randomImage, type SampleImage } from "@drayage/testkit";
import { dir } from "@drayage/transport-dir";
import { ociArchive } from "@drayage/transport-oci-archive";
import { ociDir } from "@drayage/transport-oci-dir";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createNaming,
  dirDestination,
  dirSource,
  ociArchiveDestination,
  ociArchiveSource,
  ociDirDestination,
  ociDirSource,
  parseRegistryText,
  registryDestination,
  registrySource,
  runSync,
  type SyncDestination,
  type SyncSource,
} from "../src/index.ts";
import { type MemoryRegistry, memoryRegistry } from "./memory-registry.ts";

const root = mkdtempSync(join(tmpdir(), "drayage-"));
let images: readonly SampleImage[];
let from: MemoryRegistry;

beforeAll(async () => {
  images = await Promise.all(Array.from({ length: 3 }, (_, seed) => randomImage({ seed })));
  from = memoryRegistry();
  for (const [at, image] of images.entries()) from.put(`src.test/team/app:v${at}`, image);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const kinds = {
  dir: {
    write: (path: string) => dirDestination(path, { transport: dir() }),
    read: (path: string) => dirSource(path, { transport: dir() }),
    files: ["src.test/team/app:v0", "src.test/team/app:v1", "src.test/team/app:v2"],
  },
  "oci-dir": {
    write: (path: string) => ociDirDestination(path, { transport: ociDir() }),
    read: (path: string) => ociDirSource(path, { transport: ociDir() }),
    files: ["src.test/team/app"],
  },
  "oci-archive": {
    write: (path: string) => ociArchiveDestination(path, { transport: ociArchive() }),
    read: (path: string) => ociArchiveSource(path, { transport: ociArchive() }),
    files: ["src.test/team/app/v0.tar", "src.test/team/app/v1.tar", "src.test/team/app/v2.tar"],
  },
};

const naming = createNaming({ scoped: true });

function fill(destination: SyncDestination): Promise<unknown> {
  const source = registrySource(parseRegistryText("src.test/team/app"), { transport: from.transport });
  return runSync({ source, destination, naming });
}

async function readBack(source: SyncSource): Promise<MemoryRegistry> {
  const to = memoryRegistry();
  await runSync({
    source,
    destination: registryDestination("dst.test", { transport: to.transport }),
    naming,
  });
  return to;
}

describe.each(Object.entries(kinds))("%s", (kind, { write, read, files }) => {
  it("holds what a registry has, under its names, and gives it back byte for byte", async () => {
    const path = join(root, kind);
    await fill(write(path));
    for (const file of files) expect(existsSync(join(path, file))).toBe(true);
    const to = await readBack(read(path));
    expect(to.tags("dst.test/src.test/team/app")).toEqual(["v0", "v1", "v2"]);
    for (const [at, image] of images.entries()) {
      expect(to.digestOf(`dst.test/src.test/team/app:v${at}`)).toBe(image.manifest.digest);
    }
  });

  it("is left alone where it has the image, and brought up to date where a tag has moved", async () => {
    const path = join(root, `${kind}-again`);
    await fill(write(path));
    const moved = memoryRegistry();
    for (const [at, image] of [images[0], images[1], images[0]].entries()) {
      if (image !== undefined) moved.put(`src.test/team/app:v${at}`, image);
    }
    const opened = new Set<string>();
    moved.onCall = (what, text) => void (what === "blob" && opened.add(text.split(" ")[0] ?? ""));
    const source = registrySource(parseRegistryText("src.test/team/app"), { transport: moved.transport });
    const summary = await runSync({ source, destination: write(path), naming });
    expect(summary.images).toEqual({ copied: 1, present: 2, failed: 0 });
    expect([...opened]).toEqual(kind === "oci-dir" ? [] : ["//src.test/team/app:v2"]);
    const to = await readBack(read(path));
    expect(to.digestOf("dst.test/src.test/team/app:v2")).toBe(images[0]?.manifest.digest);
  });

  it("images that were named by their digests keep these names", async () => {
    const path = join(root, `${kind}-digest`);
    const digest = images[1]?.manifest.digest;
    const source = registrySource(parseRegistryText(`src.test/team/app@${digest}`), {
      transport: from.transport,
    });
    await runSync({ source, destination: write(path) });
    const to = await readBack(read(path));
    expect([...(to.repositories.get("dst.test/app")?.manifests.keys() ?? [])]).toEqual([digest]);
    expect(to.tags("dst.test/app")).toEqual([]);
  });

  it("a folder without images is an error, and so is none", async () => {
    const path = join(root, `${kind}-empty`);
    mkdirSync(path);
    await expect(readBack(read(path))).rejects.toThrow("no images to sync are found");
    await expect(readBack(read(join(path, "none")))).rejects.toThrow("there is no such path");
  });
});

describe("dir", () => {
  it("with refuse it is never written where something is, as by skopeo", async () => {
    const path = join(root, "refuse");
    mkdirSync(join(path, "app:v1"), { recursive: true });
    const source = registrySource(parseRegistryText("src.test/team/app:v1"), { transport: from.transport });
    await expect(
      runSync({ source, destination: kinds.dir.write(path), existing: "refuse" }),
    ).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DESTINATION_EXISTS",
      message: expect.stringContaining("Refusing to overwrite destination directory"),
    });
    expect(readdirSync(join(path, "app:v1"))).toEqual([]);
  });

  it("a folder of other things is not touched", async () => {
    const path = join(root, "other");
    mkdirSync(join(path, "app:v1"), { recursive: true });
    writeFileSync(join(path, "app:v1", "thesis.txt"), "mine");
    const source = registrySource(parseRegistryText("src.test/team/app:v1"), { transport: from.transport });
    await expect(runSync({ source, destination: kinds.dir.write(path) })).rejects.toMatchObject({
      side: "destination",
    });
    expect(readFileSync(join(path, "app:v1", "thesis.txt"), "utf8")).toBe("mine");
  });

  it("an image's own folder is a source with its own name, and links are not followed", async () => {
    const path = join(root, "dir");
    const to = await readBack(kinds.dir.read(join(path, "src.test/team/app:v1")));
    expect(to.tags("dst.test/app")).toEqual(["v1"]);
    const loop = join(root, "loop");
    mkdirSync(loop);
    symlinkSync(loop, join(loop, "self"));
    symlinkSync(join(path, "src.test"), join(loop, "there"));
    await expect(readBack(kinds.dir.read(loop))).rejects.toThrow("no images to sync are found");
  });
});

describe("oci-dir", () => {
  it("prunes names, and the blobs that only they needed", async () => {
    const path = join(root, "prune");
    await fill(kinds["oci-dir"].write(path));
    const less = memoryRegistry();
    if (images[0] !== undefined) less.put("src.test/team/app:v0", images[0]);
    const source = registrySource(parseRegistryText("src.test/team/app"), { transport: less.transport });
    const summary = await runSync({ source, destination: kinds["oci-dir"].write(path), naming, prune: true });
    expect(summary).toMatchObject({ images: { present: 1 }, pruned: { deleted: 2 } });
    const left = readdirSync(join(path, "src.test/team/app/blobs/sha256"));
    expect(left).toHaveLength(1 + 1 + (images[0]?.layers.length ?? 0));
  });

  it("full names in a layout are taken for what they are", async () => {
    const path = join(root, "podman");
    const transport = ociDir();
    for (const [name, image] of [
      ["docker.io/library/busybox:1.36", images[0]],
      ["plain", images[1]],
    ] as const) {
      if (image === undefined) continue;
      const one = memoryRegistry();
      one.put("src.test/x:1", image);
      const source = registrySource(parseRegistryText("src.test/x:1"), { transport: one.transport });
      const place = transport.parse(`${path}:${name}`);
      const location = { transport, reference: place, text: `oci-dir:${path}:${name}` };
      await runSync({ source, destination: { locate: () => location, keepsReferrers: true } });
    }
    const to = await readBack(kinds["oci-dir"].read(path));
    expect(to.digestOf("dst.test/docker.io/library/busybox:1.36")).toBe(images[0]?.manifest.digest);
    expect(to.digestOf("dst.test/podman:plain")).toBe(images[1]?.manifest.digest);
  });

  it("what refers to an image travels with it, also where a layout has no name for it", async () => {
    const path = join(root, "referrers");
    const transport = ociDir();
    const [image] = images;
    if (image === undefined) throw new RangeError("there is no image");
    const empty = new TextEncoder().encode("{}");
    const descriptor = {
      mediaType: "application/vnd.oci.empty.v1+json",
      digest: digestBytes(empty),
      size: 2,
    };
    const registry = memoryRegistry();
    registry.put("src.test/app:1", image);
    registry.repositories.get("src.test/app")?.blobs.set(descriptor.digest, empty);
    const { mediaType, digest, bytes } = image.manifest;
    const artifact = registry.putManifest("src.test/app:sbom", {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      artifactType: "application/sbom",
      config: descriptor,
      layers: [descriptor],
      subject: { mediaType, digest, size: bytes.length },
    });
    for (const [tag, name] of [
      ["1", ":v1"],
      ["sbom", ""],
    ]) {
      const source = registrySource(parseRegistryText(`src.test/app:${tag}`), {
        transport: registry.transport,
      });
      const place = `${path}${name}`;
      const location = { transport, reference: transport.parse(place), text: `oci-dir:${place}` };
      await runSync({ source, destination: { locate: () => location, keepsReferrers: true } });
    }
    const to = memoryRegistry();
    const destination = registryDestination("dst.test", { transport: to.transport });
    const summary = await runSync({ source: kinds["oci-dir"].read(path), destination, referrers: true });
    expect(summary).toMatchObject({ images: { copied: 1 }, referrers: { copied: 1 } });
    expect(to.tags("dst.test/referrers")).toEqual(["v1"]);
    expect(to.repositories.get("dst.test/referrers")?.manifests.has(artifact)).toBe(true);
  });
});
