import path from "node:path";
import { type Digest, digestBytes, digestHex } from "@drayage/digest";
import { buildahStore, describeWithPeers, skopeo, temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, describe, expect, it } from "vitest";
import {
  convertManifest,
  emptyLayerDigest,
  type ImageManifest,
  type LayerCompression,
  type LayerEdit,
  layerTypeOf,
  mediaTypes,
  parseImageManifest,
} from "../src/index.ts";
import { type DirImage, readDirImage, text, writeDirImage } from "./dir-image.ts";
import { dockerManifestOf, ociManifestOf, type Sample, samples } from "./sample-images.ts";

const formats = {
  v2s1: mediaTypes.dockerV1SignedManifest,
  v2s2: mediaTypes.dockerManifest,
  oci: mediaTypes.ociManifest,
};
type Format = keyof typeof formats;

async function convertWithSkopeo(
  source: string,
  format: Format,
  flags: readonly string[] = [],
): Promise<string> {
  const destination = path.join(temporaryDirectory(), "image");
  await skopeo(["copy", "--quiet", ...flags, "--format", format, `dir:${source}`, `dir:${destination}`]);
  return destination;
}

function blobOf(image: DirImage, digest: Digest | undefined): Uint8Array | undefined {
  return digest === undefined ? undefined : image.files.get(digestHex(digest));
}

/** docker v2s1 without what differs from run to run. */
function comparable(bytes: Uint8Array): string {
  const document = JSON.parse(text(bytes)) as Record<string, unknown>;
  if (document.signatures === undefined) return text(bytes);
  return text(bytes).slice(0, text(bytes).indexOf(',"signatures":'));
}

function expectSame(ours: ReturnType<typeof convertManifest>, theirs: DirImage): void {
  expect(comparable(ours.bytes)).toBe(comparable(theirs.manifest));
  if (ours.config !== undefined) {
    const config = parseImageManifest(theirs.manifest).config?.digest;
    expect(text(ours.config.bytes)).toBe(text(blobOf(theirs, config)));
    expect(ours.config.descriptor.digest).toBe(config);
  }
  for (const { bytes, descriptor } of ours.extraBlobs) {
    expect(blobOf(theirs, descriptor.digest)).toEqual(Buffer.from(bytes));
  }
}

/** What is needed to convert docker v2s1, from the image that it was made of. */
function knowledgeOf(
  manifest: ImageManifest,
  sample: Pick<Sample, "layers">,
): { layers: LayerEdit[]; diffIds: Digest[] } {
  const byDigest = new Map(sample.layers.map((layer) => [layer.digest, layer]));
  const found = manifest.layers.map(({ digest }) => byDigest.get(digest));
  return {
    layers: manifest.layers.map(({ digest }, i) => ({ digest, size: found[i]?.size ?? 32 })),
    diffIds: found.map((layer) => layer?.diffId ?? emptyLayerDigest),
  };
}

describeWithPeers("conversions, against skopeo", ["skopeo"], () => {
  const sources: { name: string; sample: Sample; folder: string; from: Format }[] = [];
  for (const sample of samples) {
    for (const from of ["v2s2", "oci"] as const) {
      const manifest = from === "oci" ? ociManifestOf(sample) : dockerManifestOf(sample);
      const folder = path.join(temporaryDirectory(), from);
      writeDirImage(folder, manifest, [sample.config, ...sample.layers.map((layer) => layer.gzip)]);
      sources.push({ name: `${sample.name}, ${from}`, sample, folder, from });
    }
  }

  describe.each(sources)("$name", ({ sample, folder, from }) => {
    it.each((["v2s1", "v2s2", "oci"] as const).filter((to) => to !== from))(
      "becomes %s byte for byte as skopeo makes it",
      async (to) => {
        const theirs = readDirImage(await convertWithSkopeo(folder, to));
        const manifest = parseImageManifest(readDirImage(folder).manifest);
        const ours = convertManifest({ manifest, config: sample.config, to: formats[to], compat: "go" });
        expectSame(ours, theirs);
      },
    );

    it.each(["v2s2", "oci"] as const)(
      "as v2s1 it becomes %s byte for byte as skopeo makes it",
      async (to) => {
        const v1 = await convertWithSkopeo(folder, "v2s1");
        const theirs = readDirImage(await convertWithSkopeo(v1, to));
        const manifest = parseImageManifest(readDirImage(v1).manifest);
        expect(manifest.mediaType).toBe(mediaTypes.dockerV1SignedManifest);
        const ours = convertManifest({
          manifest,
          ...knowledgeOf(manifest, sample),
          to: formats[to],
          compat: "go",
        });
        expectSame(ours, theirs);
      },
    );
  });

  const recompressions: { flags: string[]; from: Format; to: Format; compression: LayerCompression }[] = [
    { flags: ["--dest-decompress"], from: "v2s2", to: "oci", compression: "none" },
    { flags: ["--dest-decompress"], from: "oci", to: "v2s2", compression: "none" },
    { flags: ["--dest-decompress"], from: "v2s2", to: "v2s2", compression: "none" },
    { flags: ["--dest-decompress"], from: "oci", to: "oci", compression: "none" },
    { flags: ["--dest-decompress"], from: "v2s2", to: "v2s1", compression: "none" },
    {
      flags: ["--dest-compress", "--dest-compress-format", "zstd"],
      from: "v2s2",
      to: "oci",
      compression: "zstd",
    },
    {
      flags: ["--dest-compress", "--dest-compress-format", "zstd"],
      from: "oci",
      to: "oci",
      compression: "zstd",
    },
  ];
  it.each(recompressions)("$from to $to with $flags", async ({ flags, from, to, compression }) => {
    const source = sources.find((candidate) => candidate.from === from);
    if (source === undefined) throw new Error("no source");
    const theirs = readDirImage(await convertWithSkopeo(source.folder, to, flags));
    const moved = parseImageManifest(theirs.manifest).layers.filter((layer) => layer.emptyLayer !== true);
    const layers = moved.map(({ digest }) => ({
      digest,
      size: blobOf(theirs, digest)?.length ?? -1,
      compression,
    }));
    const manifest = parseImageManifest(readDirImage(source.folder).manifest);
    const ours = convertManifest({
      manifest,
      config: source.sample.config,
      to: formats[to],
      layers,
      compat: "go",
    });
    expectSame(ours, theirs);
    for (const { mediaType } of parseImageManifest(theirs.manifest).layers) {
      if (to !== "v2s1") expect(layerTypeOf(mediaType)?.compression).toBe(compression);
    }
  });
});

describeWithPeers("conversions of an image that buildah made", ["skopeo", "buildah"], () => {
  const work = temporaryDirectory();
  const folder = path.join(work, "docker");

  beforeAll(async () => {
    const { buildah } = buildahStore(work);
    const make = async (args: readonly string[]): Promise<string> => (await buildah(args)).stdout.trim();
    const first = await make(["from", "--format", "docker", "scratch"]);
    await buildah(["copy", first, path.join(import.meta.dirname, "dir-image.ts"), "/one"]);
    await buildah([
      "config",
      "--author",
      'Jörg <j@x> & "co"',
      "--env",
      "A=ü<&>",
      "--label",
      "z=<b>&amp;",
      first,
    ]);
    await buildah([
      "config",
      "--port",
      "80/tcp",
      "--volume",
      "/data",
      "--workingdir",
      "/w",
      "--user",
      "1:2",
      first,
    ]);
    await buildah([
      "config",
      "--cmd",
      "sh -c <x>",
      "--healthcheck",
      "CMD-SHELL true",
      "--shell",
      "/bin/ash -c",
      first,
    ]);
    await buildah(["config", "--created-by", "RUN <a> & b", "--history-comment", "c<1>", first]);
    await buildah(["commit", "--quiet", "--format", "docker", first, "first"]);
    const second = await make(["from", "--format", "docker", "first"]);
    await buildah(["config", "--env", "B=2", "--onbuild", "RUN x", "--stop-signal", "SIGINT", second]);
    await buildah(["commit", "--quiet", "--format", "docker", second, "second"]);
    await buildah(["push", "--quiet", "second", `dir:${folder}`]);
  }, 120_000);

  it.each(["v2s1", "oci"] as const)("it becomes %s byte for byte as skopeo makes it", async (to) => {
    const image = readDirImage(folder);
    const manifest = parseImageManifest(image.manifest);
    const theirs = readDirImage(await convertWithSkopeo(folder, to));
    const config = blobOf(image, manifest.config?.digest);
    expectSame(convertManifest({ manifest, config, to: formats[to], compat: "go" }), theirs);
  });

  it("as OCI it keeps its config, and with it Docker's fields, where skopeo drops them", async () => {
    const image = readDirImage(folder);
    const manifest = parseImageManifest(image.manifest);
    const config = blobOf(image, manifest.config?.digest);
    const ours = convertManifest({ manifest, config, to: mediaTypes.ociManifest });
    expect(ours.config?.bytes).toEqual(config);
    const kept = text(ours.config?.bytes);
    for (const field of ["Healthcheck", "Shell", "OnBuild"]) expect(kept).toContain(`"${field}":`);
    const target = path.join(work, "kept");
    const layers = manifest.layers.map(({ digest }) => blobOf(image, digest) ?? new Uint8Array());
    writeDirImage(target, ours.bytes, [ours.config?.bytes ?? new Uint8Array(), ...layers]);
    const layout = path.join(work, "layout");
    await skopeo(["copy", "--quiet", `dir:${target}`, `oci:${layout}:x`]);
    const inspected = JSON.parse((await skopeo(["inspect", "--config", `oci:${layout}:x`])).stdout) as {
      config: { Env: string[] };
    };
    expect(inspected.config.Env).toContain("B=2");
    expect(digestBytes(config ?? new Uint8Array())).toBe(ours.config?.descriptor.digest);
  });
});
