import path from "node:path";
import { digestBytes, digestHex } from "@drayage/digest";
import { describeWithPeers, skopeo, temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import {
  convertIndex,
  convertManifest,
  type Descriptor,
  type ImageIndex,
  mediaTypes,
  parseImageIndex,
  parseImageManifest,
  updateIndex,
} from "../src/index.ts";
import { json, readDirImage, text, writeDirImage } from "./dir-image.ts";
import { dockerManifestOf, ociManifestOf, type Sample, samples } from "./sample-images.ts";

const formats = { v2s2: mediaTypes.dockerManifest, oci: mediaTypes.ociManifest };
type Format = keyof typeof formats;

interface Source {
  readonly folder: string;
  readonly index: ImageIndex;
}

/** An index of all samples with all that its format can say, and more. */
function writeSource(format: Format): Source {
  const isOci = format === "oci";
  const instances = samples.map(isOci ? ociManifestOf : dockerManifestOf);
  const platforms = [
    { architecture: "arm", os: "linux", variant: "v7", "os.features": ["a", "b"], "os.version": "1" },
    { architecture: "amd64", os: "linux", features: ["sse4"] },
    { architecture: "s390x", os: "linux" },
  ];
  const manifests = instances.map((bytes, i) => ({
    mediaType: formats[format],
    size: bytes.length,
    digest: digestBytes(bytes),
    platform: platforms[i],
    ...(isOci ? { annotations: { z: "<1>", a: "&" } } : {}),
  }));
  const bytes = json({
    schemaVersion: 2,
    mediaType: isOci ? mediaTypes.ociIndex : mediaTypes.dockerManifestList,
    manifests,
    ...(isOci ? { annotations: { k: "<v>" } } : {}),
    unknown: 1,
  });
  const folder = path.join(temporaryDirectory(), format);
  const blobs = samples.flatMap((sample) => [sample.config, ...sample.layers.map((layer) => layer.gzip)]);
  writeDirImage(folder, bytes, blobs, instances);
  return { folder, index: parseImageIndex(bytes) };
}

/** The index's entries after each image was converted as containers/image converts it. */
function convertedEntries({ folder, index }: Source, to: string): readonly Descriptor[] {
  const { files } = readDirImage(folder);
  return index.manifests.map((entry, i) => {
    const manifest = parseImageManifest(
      files.get(`${digestHex(entry.digest)}.manifest.json`) ?? new Uint8Array(),
    );
    const { config } = samples[i] as Sample;
    const { bytes, mediaType } = convertManifest({ manifest, config, to, compat: "go" });
    return { ...entry, mediaType, digest: digestBytes(bytes), size: bytes.length };
  });
}

describeWithPeers("indexes, against skopeo", ["skopeo"], () => {
  describe.each(["v2s2", "oci"] as const)("of %s", (from) => {
    it.each(["v2s2", "oci"] as const)("with all images as %s are byte for byte skopeo's", async (to) => {
      const source = writeSource(from);
      const target = path.join(temporaryDirectory(), to);
      await skopeo(["copy", "--quiet", "--all", "--format", to, `dir:${source.folder}`, `dir:${target}`]);
      const manifests = convertedEntries(source, formats[to]);
      const list = to === "oci" ? mediaTypes.ociIndex : mediaTypes.dockerManifestList;
      // An entry without a platform gets that of the machine; skopeo runs on this one.
      const ours = convertIndex(source.index, list, { manifests, compat: "go" });
      expect(text(ours)).toBe(text(readDirImage(target).manifest));
    });
  });

  it("with recompressed layers are byte for byte skopeo's", async () => {
    const source = writeSource("oci");
    const target = path.join(temporaryDirectory(), "image");
    await skopeo(["copy", "--quiet", "--all", "--dest-decompress", `dir:${source.folder}`, `dir:${target}`]);
    const theirs = readDirImage(target);
    const found = parseImageIndex(theirs.manifest);
    const manifests = source.index.manifests.map((entry, i) => {
      const { digest, size } = found.manifests[i] ?? entry;
      expect(digest).not.toBe(entry.digest);
      return { ...entry, digest, size };
    });
    expect(text(updateIndex(source.index, manifests, { compat: "go" }))).toBe(text(theirs.manifest));
  });
});
