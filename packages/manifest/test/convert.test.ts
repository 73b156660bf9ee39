import { digestBytes } from "@drayage/digest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  convertManifest,
  emptyLayer,
  emptyLayerDigest,
  type ImageManifest,
  manifestDigest,
  mediaTypes,
  parseConfig,
  parseImageManifest,
} from "../src/index.ts";
import { json, someDigest, text, tinyLayer } from "./dir-image.ts";
import { dockerManifestOf, ociManifestOf, type Sample, samples } from "./sample-images.ts";

const [everything] = samples as [Sample];
const { config } = everything;

function converted(manifest: Uint8Array, to: string): ReturnType<typeof convertManifest> {
  return convertManifest({ manifest: parseImageManifest(manifest), config, to });
}

describe("docker v2s2 to OCI", () => {
  it("keeps the config byte for byte", () => {
    const result = converted(dockerManifestOf(everything), mediaTypes.ociManifest);
    expect(result.config?.bytes).toBe(config);
    expect(result.config?.descriptor).toEqual({
      mediaType: mediaTypes.ociConfig,
      digest: digestBytes(config),
      size: config.length,
    });
    expect(result.dropped).toEqual([]);
    expect(result.extraBlobs).toEqual([]);
    expect(parseConfig(result.config?.bytes ?? config).config).toMatchObject({
      Healthcheck: { Test: ["CMD-SHELL", "true"] },
      OnBuild: ["RUN x"],
      Shell: ["/bin/ash", "-c"],
    });
  });

  it("with Go's bytes drops Docker's fields from the config", () => {
    const result = convertManifest({
      manifest: parseImageManifest(dockerManifestOf(everything)),
      config,
      to: mediaTypes.ociManifest,
      compat: "go",
    });
    const kept = JSON.parse(text(result.config?.bytes)) as { config: object };
    expect(Object.keys(kept)).toEqual([
      "created",
      "author",
      "architecture",
      "variant",
      "os",
      "os.version",
      "os.features",
      "config",
      "rootfs",
      "history",
    ]);
    expect(Object.keys(kept.config)).toEqual([
      "User",
      "ExposedPorts",
      "Env",
      "Entrypoint",
      "Cmd",
      "Volumes",
      "WorkingDir",
      "Labels",
      "StopSignal",
      "ArgsEscaped",
    ]);
  });

  it.each([
    [mediaTypes.dockerLayerTar, mediaTypes.ociLayerTar],
    [mediaTypes.dockerLayerGzip, mediaTypes.ociLayerGzip],
    [mediaTypes.dockerForeignLayerTar, mediaTypes.ociNondistributableLayerTar],
    [mediaTypes.dockerForeignLayerGzip, mediaTypes.ociNondistributableLayerGzip],
    ["application/vnd.docker.image.rootfs.diff.tar.zstd", mediaTypes.ociLayerZstd],
  ])("makes of %s %s, and keeps its urls", (from, to) => {
    const layer = { mediaType: from, size: 1, digest: someDigest("x"), urls: ["https://x"] };
    const document = { ...(JSON.parse(text(dockerManifestOf(everything))) as object), layers: [layer] };
    const { bytes } = converted(json(document), mediaTypes.ociManifest);
    expect(parseImageManifest(bytes).layers).toEqual([{ ...layer, mediaType: to }]);
  });

  it("and back is the same manifest and config", () => {
    const there = converted(dockerManifestOf(everything), mediaTypes.ociManifest);
    const back = converted(there.bytes, mediaTypes.dockerManifest);
    expect(text(back.bytes)).toBe(text(dockerManifestOf(everything)));
    expect(back.config?.bytes).toBe(config);
  });
});

describe("OCI to docker v2s2", () => {
  it("says what it drops", () => {
    const document = {
      ...(JSON.parse(text(ociManifestOf(everything))) as object),
      subject: { mediaType: "a/b", digest: someDigest("s"), size: 1 },
      more: 1,
    };
    const { bytes, dropped } = converted(json(document), mediaTypes.dockerManifest);
    expect(dropped).toEqual([
      'annotations["b"]',
      'annotations["a"]',
      "subject",
      "more",
      'layers[0].annotations["place"]',
      'layers[0].annotations["<"]',
      'layers[1].annotations["place"]',
      'layers[1].annotations["<"]',
    ]);
    expect(text(bytes)).toBe(text(dockerManifestOf(everything)));
  });

  it.each([
    [mediaTypes.ociLayerZstd, "manifest layers[0]: docker manifests cannot have layers compressed with zstd"],
    [
      mediaTypes.ociNondistributableLayerZstd,
      "manifest layers[0]: docker manifests cannot have layers compressed with zstd",
    ],
    [
      `${mediaTypes.ociLayerGzip}+encrypted`,
      `manifest layers[0].mediaType: an encrypted layer ("${mediaTypes.ociLayerGzip}+encrypted") can be neither converted nor recompressed`,
    ],
    ["a/b", 'manifest layers[0].mediaType: "a/b" is no layer of an image, so it has no counterpart'],
  ])("refuses %s", (mediaType, message) => {
    const layer = { mediaType, digest: someDigest("x"), size: 1 };
    const document = { ...(JSON.parse(text(ociManifestOf(everything))) as object), layers: [layer] };
    for (const to of [mediaTypes.dockerManifest, mediaTypes.dockerV1Manifest]) {
      const oneLayer = json({ rootfs: { type: "layers" }, history: [{}] });
      const descriptor = {
        mediaType: mediaTypes.ociConfig,
        digest: digestBytes(oneLayer),
        size: oneLayer.length,
      };
      const manifest = parseImageManifest(json({ ...document, config: descriptor }));
      expect(() => convertManifest({ manifest, config: oneLayer, to })).toThrow(
        expect.objectContaining({ code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED", message }),
      );
    }
  });

  it("takes zstd that became gzip", () => {
    const layer = { mediaType: mediaTypes.ociLayerZstd, digest: someDigest("x"), size: 1 };
    const document = { ...(JSON.parse(text(ociManifestOf(everything))) as object), layers: [layer] };
    const layers = [{ digest: someDigest("y"), size: 2, compression: "gzip" as const }];
    const { bytes } = convertManifest({
      manifest: parseImageManifest(json(document)),
      config,
      to: mediaTypes.dockerManifest,
      layers,
    });
    expect(parseImageManifest(bytes).layers).toEqual([
      { mediaType: mediaTypes.dockerLayerGzip, digest: someDigest("y"), size: 2 },
    ]);
  });
});

describe("docker v2s1", () => {
  const { layers } = everything;
  const diffIdsOf = (manifest: ImageManifest): (typeof emptyLayerDigest | undefined)[] =>
    manifest.layers.map(({ digest }) => layers.find((layer) => layer.digest === digest)?.diffId);
  const editsOf = (manifest: ImageManifest): { digest: typeof emptyLayerDigest; size: number }[] =>
    manifest.layers.map(({ digest }) => ({
      digest,
      size: layers.find((layer) => layer.digest === digest)?.size ?? 32,
    }));

  it("is made with an empty layer for each step that made none, and brings that layer", () => {
    const result = converted(dockerManifestOf(everything), mediaTypes.dockerV1Manifest);
    const manifest = parseImageManifest(result.bytes);
    expect(result.config).toBeUndefined();
    expect(result.extraBlobs).toEqual([emptyLayer()]);
    expect(digestBytes(emptyLayer().bytes)).toBe(emptyLayerDigest);
    expect(manifest.layers.map((layer) => [layer.digest, layer.emptyLayer ?? false])).toEqual([
      [layers[0]?.digest, false],
      [emptyLayerDigest, true],
      [layers[1]?.digest, false],
      [emptyLayerDigest, true],
    ]);
  });

  it("is the same each time but for its signature", () => {
    const once = converted(dockerManifestOf(everything), mediaTypes.dockerV1SignedManifest).bytes;
    const again = converted(dockerManifestOf(everything), mediaTypes.dockerV1SignedManifest).bytes;
    expect(once).not.toEqual(again);
    expect(manifestDigest(once)).toBe(manifestDigest(again));
    const unsigned = converted(dockerManifestOf(everything), mediaTypes.dockerV1Manifest).bytes;
    expect(manifestDigest(once)).toBe(digestBytes(unsigned));
  });

  it("carries the name of its destination", () => {
    const reference = { domain: "quay.io", path: "a/b", name: "quay.io/a/b", tag: "c" };
    const { bytes } = convertManifest({
      manifest: parseImageManifest(dockerManifestOf(everything)),
      config,
      to: mediaTypes.dockerV1Manifest,
      reference,
    });
    expect(parseImageManifest(bytes).v1).toMatchObject({ name: "a/b", tag: "c", architecture: "arm64" });
  });

  it("and back keeps all of the config that says how to run the image", () => {
    const there = converted(dockerManifestOf(everything), mediaTypes.dockerV1SignedManifest);
    const manifest = parseImageManifest(there.bytes);
    const back = convertManifest({
      manifest,
      layers: editsOf(manifest),
      diffIds: diffIdsOf(manifest),
      to: mediaTypes.dockerManifest,
    });
    const before = parseConfig(config);
    const after = parseConfig(back.config?.bytes ?? new Uint8Array());
    expect(after.config).toEqual(before.config);
    expect(after.rootfs).toEqual(before.rootfs);
    expect(after.container_config).toEqual(before.container_config);
    expect([after.architecture, after.os, after.author, after.created]).toEqual([
      before.architecture,
      before.os,
      before.author,
      before.created,
    ]);
    expect(after.history?.map((entry) => entry.empty_layer === true)).toEqual([false, true, false, true]);
    expect(parseImageManifest(back.bytes).layers).toEqual(
      layers.map(({ digest, size }) => ({ mediaType: mediaTypes.dockerLayerGzip, digest, size })),
    );
  });

  it("to OCI has layers of the compression that was found", () => {
    const manifest = parseImageManifest(
      converted(dockerManifestOf(everything), mediaTypes.dockerV1Manifest).bytes,
    );
    const edits = editsOf(manifest).map((edit) => ({
      ...edit,
      compression: "none" as const,
      annotations: { a: "1" },
    }));
    const { bytes, mediaType } = convertManifest({
      manifest,
      layers: edits,
      diffIds: diffIdsOf(manifest),
      to: mediaTypes.ociManifest,
    });
    expect(mediaType).toBe(mediaTypes.ociManifest);
    expect(parseImageManifest(bytes).layers[0]).toMatchObject({
      mediaType: mediaTypes.ociLayerTar,
      annotations: { a: "1" },
    });
  });

  it("needs sizes and diffIDs, one for each layer", () => {
    const manifest = parseImageManifest(
      converted(dockerManifestOf(everything), mediaTypes.dockerV1Manifest).bytes,
    );
    const edits = editsOf(manifest);
    const to = mediaTypes.dockerManifest;
    const attempts = [
      { layers: edits },
      { diffIds: diffIdsOf(manifest) },
      { layers: edits, diffIds: [] },
      { layers: edits, diffIds: edits.map(() => undefined) },
    ];
    for (const attempt of attempts) {
      expect(() => convertManifest({ manifest, to, ...attempt })).toThrow(
        expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }),
      );
    }
  });

  it.each([
    [
      { history: [] },
      "config history: 0 of its 0 entries made a layer, and there are 2 layers; docker v2s1 needs an entry for each",
    ],
    [
      { history: [{}, {}, {}] },
      "config history: 3 of its 3 entries made a layer, and there are 2 layers; docker v2s1 needs an entry for each",
    ],
    [
      { history: [{}, { empty_layer: true }] },
      "config history: 1 of its 2 entries made a layer, and there are 2 layers; docker v2s1 needs an entry for each",
    ],
  ])("needs a history: %j", (other, message) => {
    const sample = { ...everything, config: json(other) };
    const manifest = parseImageManifest(dockerManifestOf(sample));
    expect(() =>
      convertManifest({ manifest, config: sample.config, to: mediaTypes.dockerV1Manifest }),
    ).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED", message }));
  });

  it("can be made of an image that has no layers, only steps", () => {
    const sample = {
      ...everything,
      layers: [],
      config: json({ rootfs: { type: "layers" }, history: [{ empty_layer: true }] }),
    };
    const { bytes } = convertManifest({
      manifest: parseImageManifest(dockerManifestOf(sample)),
      config: sample.config,
      to: mediaTypes.dockerV1Manifest,
    });
    expect(parseImageManifest(bytes).layers.map(({ digest }) => digest)).toEqual([emptyLayerDigest]);
  });
});

describe("convertManifest", () => {
  const manifest = parseImageManifest(dockerManifestOf(everything));

  it("verifies the config", () => {
    const to = mediaTypes.ociManifest;
    expect(() => convertManifest({ manifest, to })).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }),
    );
    expect(() => convertManifest({ manifest, config: json({}), to })).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" }),
    );
  });

  it("leaves an image alone that is of the format already", () => {
    const result = convertManifest({ manifest, config, to: mediaTypes.dockerManifest });
    expect(result.bytes).toBe(manifest.bytes);
    expect(result.config).toEqual({ bytes: config, descriptor: manifest.config });
  });

  it("refuses artifacts, indexes and unknown types", () => {
    const artifact = parseImageManifest(
      json({
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: { mediaType: mediaTypes.ociEmpty, digest: someDigest("{}"), size: 2 },
        layers: [],
      }),
    );
    expect(() => convertManifest({ manifest: artifact, to: mediaTypes.dockerManifest })).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED" }),
    );
    for (const to of [mediaTypes.ociIndex, "a/b", ""]) {
      expect(() => convertManifest({ manifest, config, to })).toThrow(
        expect.objectContaining({ code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED" }),
      );
    }
  });

  it("keeps the meaning of any image there and back", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
    const arbitraryConfig = fc.record(
      {
        created: fc
          .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
          .map((date) => date.toISOString()),
        author: name,
        architecture: fc.constantFrom("amd64", "arm64"),
        os: fc.constant("linux"),
        config: fc.record(
          {
            Env: fc.array(name),
            Cmd: fc.option(fc.array(name)),
            Labels: fc.option(fc.dictionary(name, name)),
            Volumes: fc.dictionary(name, fc.constant({})),
            Healthcheck: fc.record({ Test: fc.array(name), Interval: fc.nat() }, { requiredKeys: [] }),
            OnBuild: fc.option(fc.array(name)),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: ["architecture", "os"] },
    );
    const layer = tinyLayer("x");
    fc.assert(
      fc.property(
        arbitraryConfig,
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        (fields, empties) => {
          const made = empties.filter((empty) => !empty);
          const bytes = json({
            ...fields,
            rootfs: { type: "layers", diff_ids: made.map(() => layer.diffId) },
            history: empties.map((empty_layer) => ({ created_by: "x", empty_layer })),
          });
          const sample = { name: "any", config: bytes, layers: made.map(() => layer) };
          const source = parseImageManifest(dockerManifestOf(sample));

          const oci = convertManifest({ manifest: source, config: bytes, to: mediaTypes.ociManifest });
          const back = convertManifest({
            manifest: parseImageManifest(oci.bytes),
            config: bytes,
            to: mediaTypes.dockerManifest,
          });
          expect(text(back.bytes)).toBe(text(source.bytes));

          const v1 = parseImageManifest(
            convertManifest({ manifest: source, config: bytes, to: mediaTypes.dockerV1Manifest }).bytes,
          );
          expect(v1.layers.map((entry) => entry.emptyLayer === true)).toEqual(empties);
          const again = convertManifest({
            manifest: v1,
            layers: v1.layers.map(({ digest }) => ({ digest, size: layer.size })),
            diffIds: v1.layers.map(() => layer.diffId),
            to: mediaTypes.dockerManifest,
          });
          const [before, after] = [parseConfig(bytes), parseConfig(again.config?.bytes ?? bytes)];
          expect(after.config).toEqual(before.config);
          expect(after.rootfs?.diff_ids ?? []).toEqual(before.rootfs?.diff_ids ?? []);
          expect([after.author, after.created]).toEqual([before.author, before.created]);
          expect(text(again.bytes).replace(/"config":\{[^}]*\}/, "")).toBe(
            text(source.bytes).replace(/"config":\{[^}]*\}/, ""),
          );
        },
      ),
    );
  });
});
