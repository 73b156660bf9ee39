import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { digestBytes } from "@drayage/digest";
import { checkConfigAgainstLayers, parseConfig, parseManifest } from "@drayage/manifest";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  hostileManifests,
  memoryTransport,
  randomImage,
  randomIndex,
  randomLayer,
  readImage,
  snapshotTree,
  writeImage,
} from "../src/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("randomLayer", () => {
  it("gives the same bytes for the same seed, and others for another", async () => {
    for (const compression of ["none", "gzip", "zstd"] as const) {
      const first = await randomLayer({ seed: "a", compression });
      expect(await randomLayer({ seed: "a", compression })).toEqual(first);
      expect((await randomLayer({ seed: "b", compression })).diffId).not.toBe(first.diffId);
    }
  });

  it("gives the bytes that it gave when this was written", async () => {
    const { diffId } = await randomLayer({ seed: 1 });
    expect(diffId).toBe("sha256:e4ef0b28dcf6d2084c04b8194a707b6ad89208d17d059a2865ccb06ea3f4ca57");
  });

  it("is an archive that tar reads", async () => {
    const { tar, bytes, digest, diffId } = await randomLayer({ seed: 1, files: 2 });
    expect(digestBytes(bytes)).toBe(digest);
    expect(digestBytes(tar)).toBe(diffId);
    expect(gunzipSync(bytes).equals(tar)).toBe(true);
    const names = execFileSync("tar", ["-tf", "-"], { input: tar, encoding: "utf8" }).trim().split("\n");
    const top = names[0];
    expect(names).toEqual([
      top,
      ...["file-0", "file-1", "symbolic", "hard", ".wh.gone"].map((name) => `${top}${name}`),
    ]);
  });
});

describe("randomImage and randomIndex", () => {
  it("give manifests and configs that agree with their layers", async () => {
    for (const format of ["oci", "docker"] as const) {
      const image = await randomImage({ seed: 1, layers: 3, format });
      const parsed = parseManifest(image.manifest.bytes);
      if (parsed.kind !== "image") throw new TypeError("no image");
      expect(parsed.mediaType).toBe(image.manifest.mediaType);
      expect(parsed.layers.map(({ digest }) => digest)).toEqual(
        image.layers.map(({ layer }) => layer.digest),
      );
      const config = parseConfig(image.config.bytes);
      const diffIds = image.layers.map(({ layer }) => layer.diffId);
      expect(() => checkConfigAgainstLayers(config, parsed.layers, { diffIds })).not.toThrow();
      expect(config.rootfs?.diff_ids).toEqual(image.layers.map(({ layer }) => layer.diffId));
      expect(digestBytes(image.config.bytes)).toBe(parsed.config?.digest);
    }
  });

  it("give an index that names its images and their platforms", async () => {
    const index = await randomIndex({ seed: 1, platforms: [{ architecture: "s390x", os: "linux" }] });
    const parsed = parseManifest(index.manifest.bytes);
    if (parsed.kind !== "index") throw new TypeError("no index");
    expect(parsed.manifests).toMatchObject([
      { digest: index.images[0]?.manifest.digest, platform: { architecture: "s390x", os: "linux" } },
    ]);
  });

  it("refuse zstd in docker's format, which has none", async () => {
    await expect(randomImage({ seed: 1, format: "docker", compression: "zstd" })).rejects.toThrow(RangeError);
  });
});

describe("hostile manifests", () => {
  it.each(hostileManifests().map((manifest) => [manifest.name, manifest] as const))(
    "parseManifest refuses %s",
    (_, { bytes, mediaType, code }) => {
      expect(() => parseManifest(bytes, mediaType)).toThrow(expect.objectContaining({ code }));
    },
  );
});

describe("memoryTransport", () => {
  it("replaces a place in one step, and deletes what only the deleted image needed", async () => {
    const memory = memoryTransport();
    const [one, two] = [memory.parse("place:one"), memory.parse("place:two")];
    const layer = await randomLayer({ seed: "shared" });
    const images = [
      await randomImage({ seed: 1, layers: [layer] }),
      await randomImage({ seed: 2, layers: [layer, await randomLayer({ seed: "own" })] }),
    ] as const;
    for (const [place, reference] of [one, two].entries()) {
      const destination = await memory.openDestination(reference);
      const image = images[place];
      if (image !== undefined) await writeImage(destination, image);
    }
    expect(await memory.listTags(one)).toEqual(["one", "two"]);
    const before = memory.places().get("place");
    await memory.deleteImage(two);
    expect(before?.tags.size).toBe(2);
    const after = memory.places().get("place");
    expect([...(after?.blobs.keys() ?? [])].sort((a, b) => a.localeCompare(b))).toEqual(
      [layer.digest, images[0].config.descriptor.digest].sort((a, b) => a.localeCompare(b)),
    );
    await memory.deleteImage(one);
    expect(memory.places()).toEqual(new Map());
  });

  it("gives a source what there was when it was opened", async () => {
    const memory = memoryTransport();
    const reference = memory.parse("place");
    const image = await randomImage({ seed: 1 });
    await writeImage(await memory.openDestination(reference), image);
    const source = await memory.openSource(reference);
    await memory.deleteImage(reference);
    expect((await readImage(source)).manifest.bytes).toEqual(image.manifest.bytes);
  });

  it("knows nothing of another one", async () => {
    const [one, other] = [memoryTransport(), memoryTransport({ scheme: "other" })];
    await writeImage(await one.openDestination(one.parse("place")), await randomImage({ seed: 1 }));
    expect(other.places().size).toBe(0);
    expect(other.scheme).toBe("other");
  });
});

describe("snapshotTree", () => {
  it("sees content, modes, links and folders, and an absent folder as empty", async () => {
    writeFileSync(join(folder, "file"), "content", { mode: 0o600 });
    symlinkSync("file", join(folder, "link"));
    const before = await snapshotTree(folder);
    expect(before).toEqual({
      file: "file 600 7 ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73",
      link: "link to file",
    });
    writeFileSync(join(folder, "file"), "Content");
    expect(await snapshotTree(folder)).not.toEqual(before);
    expect(await snapshotTree(join(folder, "missing"))).toEqual({});
  });
});
