import { digestBytes } from "@drayage/digest";
import { describe, expect, it } from "vitest";
import {
  convertManifest,
  inspectImage,
  mediaTypes,
  parseConfig,
  parseImageManifest,
  platformOfConfig,
} from "../src/index.ts";
import { json, someDigest } from "./dir-image.ts";
import { dockerManifestOf, ociManifestOf, type Sample, samples } from "./sample-images.ts";

const [everything] = samples as [Sample];

describe("inspectImage", () => {
  it("shows what an OCI image says", () => {
    const shown = inspectImage(parseImageManifest(ociManifestOf(everything)), everything.config);
    expect(shown).toMatchObject({
      tag: "",
      created: "2026-11-21T11:12:38.144482+01:30",
      dockerVersion: "20.10.17",
      architecture: "arm64",
      variant: "v8",
      os: "linux",
      env: ["A=ü<&>", "B=", "C=\u2028"],
      layers: everything.layers.map(({ digest }) => digest),
    });
    expect(shown.labels?.z).toBe("<b>");
    expect(shown.layersData[1]).toEqual({
      mediaType: mediaTypes.ociLayerGzip,
      digest: everything.layers[1]?.digest,
      size: everything.layers[1]?.size,
      annotations: { place: "1", "<": "&" },
    });
  });

  it("shows what docker v2s1 says, without a config", () => {
    const { bytes } = convertManifest({
      manifest: parseImageManifest(dockerManifestOf(everything)),
      config: everything.config,
      to: mediaTypes.dockerV1Manifest,
      reference: { domain: "docker.io", path: "library/x", name: "docker.io/library/x", tag: "t" },
    });
    const shown = inspectImage(parseImageManifest(bytes));
    expect(shown).toMatchObject({ tag: "t", architecture: "arm64", author: expect.stringContaining("Jörg") });
    expect(shown.layers).toHaveLength(4);
    expect(shown.layersData[0]).toMatchObject({ mediaType: "", size: -1 });
  });

  it("has the time that was never set where a docker config says none, and none where an OCI config does", () => {
    const sample = { ...everything, config: json({}) };
    expect(inspectImage(parseImageManifest(dockerManifestOf(sample)), sample.config).created).toBe(
      "0001-01-01T00:00:00Z",
    );
    expect(inspectImage(parseImageManifest(ociManifestOf(sample)), sample.config).created).toBeUndefined();
  });

  it("verifies the config, and refuses artifacts", () => {
    const manifest = parseImageManifest(ociManifestOf(everything));
    expect(() => inspectImage(manifest)).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }));
    expect(() => inspectImage(manifest, json({}))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" }),
    );
    const artifact = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: "a/b", digest: someDigest("x"), size: 1 },
    };
    expect(() => inspectImage(parseImageManifest(json(artifact)), json({}))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED" }),
    );
  });
});

it("platformOfConfig leaves out an empty variant", () => {
  expect(platformOfConfig(parseConfig(everything.config))).toEqual({
    architecture: "arm64",
    os: "linux",
    variant: "v8",
  });
  expect(platformOfConfig(parseConfig(json({ os: "linux", variant: "" })))).toEqual({
    architecture: "",
    os: "linux",
  });
  expect(digestBytes(everything.config)).toBe(parseImageManifest(ociManifestOf(everything)).config?.digest);
});
