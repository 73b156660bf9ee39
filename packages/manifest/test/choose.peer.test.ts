import path from "node:path";
import { digestBytes } from "@drayage/digest";
import { describeWithPeers, skopeo, temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import {
  chooseInstance,
  convertManifest,
  inspectImage,
  manifestDigest,
  mediaTypes,
  type PlatformWish,
  parseImageIndex,
  parseImageManifest,
  parsePlatform,
} from "../src/index.ts";
import { json, readDirImage, writeDirImage } from "./dir-image.ts";
import { dockerManifestOf, ociManifestOf, type Sample, samples } from "./sample-images.ts";

const [everything] = samples as [Sample];

/** An index whose images differ in their annotations alone. */
function writeIndex(platforms: readonly string[]): { folder: string; bytes: Uint8Array } {
  const plain = JSON.parse(Buffer.from(ociManifestOf(everything)).toString()) as object;
  const instances = platforms.map((platform) => json({ ...plain, annotations: { platform } }));
  const manifests = instances.map((bytes, i) => {
    const platform = platforms[i] ?? "none";
    return {
      mediaType: mediaTypes.ociManifest,
      digest: digestBytes(bytes),
      size: bytes.length,
      ...(platform === "none" ? {} : { platform: parsePlatform(platform) }),
    };
  });
  const bytes = json({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
  const blobs = [everything.config, ...everything.layers.map((layer) => layer.gzip)];
  return { folder: writeDirImage(path.join(temporaryDirectory(), "index"), bytes, blobs, instances), bytes };
}

describeWithPeers("the choice of an image, against skopeo", ["skopeo"], () => {
  const all = [
    "linux/arm/v5",
    "none",
    "linux/arm/v8",
    "linux/arm64/v8",
    "linux/arm",
    "linux/arm64",
    "linux/arm/v7",
  ];
  const { folder, bytes } = writeIndex(all);

  it.each<PlatformWish>([
    { architecture: "arm" },
    { architecture: "arm", variant: "v8" },
    { architecture: "arm", variant: "v6" },
    { architecture: "arm", variant: "v9" },
    { architecture: "arm64" },
    { architecture: "arm64", variant: "v8" },
    { architecture: "s390x" },
    { architecture: "arm", os: "windows" },
    {},
  ])("%j", async (wish) => {
    const { os, architecture, variant } = wish;
    const flags = [
      ...(os === undefined ? [] : ["--override-os", os]),
      ...(architecture === undefined ? [] : ["--override-arch", architecture]),
      ...(variant === undefined ? [] : ["--override-variant", variant]),
    ];
    const target = path.join(temporaryDirectory(), "image");
    await skopeo([...flags, "copy", "--quiet", `dir:${folder}`, `dir:${target}`]);
    const chosen = chooseInstance(parseImageIndex(bytes), { platform: wish });
    expect(chosen.digest).toBe(manifestDigest(readDirImage(target).manifest));
  });
});

describeWithPeers("what is shown of an image, against skopeo", ["skopeo"], () => {
  describe.each(samples)("$name", (sample) => {
    it.each(["v2s1", "v2s2", "oci"] as const)("as %s", async (format) => {
      const docker = parseImageManifest(dockerManifestOf(sample));
      const manifest =
        format === "oci"
          ? parseImageManifest(ociManifestOf(sample))
          : format === "v2s2"
            ? docker
            : parseImageManifest(
                convertManifest({
                  manifest: docker,
                  config: sample.config,
                  to: mediaTypes.dockerV1SignedManifest,
                }).bytes,
              );
      const folder = path.join(temporaryDirectory(), "image");
      writeDirImage(folder, manifest.bytes, [sample.config, ...sample.layers.map((layer) => layer.gzip)]);
      const shown = inspectImage(manifest, sample.config);
      const theirs = JSON.parse((await skopeo(["inspect", `dir:${folder}`])).stdout) as Record<
        string,
        unknown
      >;
      expect({
        Digest: manifestDigest(manifest.bytes),
        Created: shown.created ?? null,
        DockerVersion: shown.dockerVersion,
        Labels: shown.labels ?? null,
        Architecture: shown.architecture,
        Os: shown.os,
        Layers: shown.layers,
        Env: shown.env ?? null,
      }).toEqual({
        Digest: theirs.Digest,
        Created: theirs.Created,
        DockerVersion: theirs.DockerVersion,
        Labels: theirs.Labels,
        Architecture: theirs.Architecture,
        Os: theirs.Os,
        Layers: theirs.Layers,
        Env: theirs.Env,
      });
    });
  });
});
