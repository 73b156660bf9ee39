import { mediaTypes } from "@drayage/manifest";
import { describe, expect, it } from "vitest";
import { chooseLayerAction, type LayerQuestion, untouchableReason } from "../src/layer-action.ts";
import { chooseIndexType, chooseManifestType } from "../src/manifest-type.ts";

const {
  ociManifest,
  ociIndex,
  dockerManifest,
  dockerManifestList,
  dockerV1Manifest,
  dockerV1SignedManifest,
} = mediaTypes;

describe("the order of manifest types is that of containers/image", () => {
  const registry = [
    ociManifest,
    dockerManifest,
    ociIndex,
    dockerManifestList,
    dockerV1SignedManifest,
    dockerV1Manifest,
  ];
  it.each([
    // source, taken by the destination, forced → order
    [ociManifest, [], undefined, [ociManifest, dockerManifest, dockerV1SignedManifest, dockerV1Manifest]],
    [dockerManifest, [], undefined, [dockerManifest, dockerV1SignedManifest, ociManifest, dockerV1Manifest]],
    [
      ociManifest,
      registry,
      undefined,
      [ociManifest, dockerManifest, dockerV1SignedManifest, dockerV1Manifest],
    ],
    [
      dockerManifest,
      registry,
      undefined,
      [dockerManifest, dockerV1SignedManifest, ociManifest, dockerV1Manifest],
    ],
    [
      dockerV1Manifest,
      registry,
      undefined,
      [dockerV1Manifest, dockerManifest, dockerV1SignedManifest, ociManifest],
    ],
    [ociManifest, [dockerManifest], undefined, [dockerManifest]],
    [dockerManifest, [ociManifest, ociIndex], undefined, [ociManifest]],
    [ociManifest, registry, "v2s2", [dockerManifest]],
    [dockerManifest, [], "oci", [ociManifest]],
    [ociManifest, registry, "v2s1", [dockerV1SignedManifest]],
  ] as const)("%s to %j, forced %s", (sourceType, accepted, format, order) => {
    const choice = chooseManifestType({ sourceType, accepted, format });
    expect([choice.preferred, ...choice.fallbacks]).toEqual(order);
  });

  it("is the source's type alone where nothing may change, whatever the destination says", () => {
    expect(
      chooseManifestType({ sourceType: ociManifest, accepted: [dockerManifest], frozen: "so" }),
    ).toMatchObject({
      preferred: ociManifest,
      fallbacks: [],
    });
  });

  it("has only OCI manifests for zstd that was asked for", () => {
    const choice = chooseManifestType({
      sourceType: dockerManifest,
      accepted: registry,
      compression: "zstd",
    });
    expect([choice.preferred, ...choice.fallbacks]).toEqual([ociManifest]);
    expect(() =>
      chooseManifestType({ sourceType: ociManifest, accepted: [], format: "v2s2", compression: "zstd" }),
    ).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED" }));
  });

  it("is refused where a destination takes indexes only", () => {
    expect(() => chooseManifestType({ sourceType: ociManifest, accepted: [ociIndex] })).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_DESTINATION_REFUSED" }),
    );
  });
});

describe("the order of index types", () => {
  it.each([
    [ociIndex, [], undefined, [ociIndex, dockerManifestList]],
    [dockerManifestList, [], undefined, [dockerManifestList, ociIndex]],
    [dockerManifestList, [ociManifest, ociIndex], undefined, [ociIndex]],
    [ociIndex, [], "v2s2", [dockerManifestList]],
    [ociIndex, [], "v2s1", [dockerManifestList]],
    [dockerManifestList, [dockerManifest, dockerManifestList], "oci", [ociIndex]],
  ] as const)("%s to %j, forced %s", (sourceType, accepted, format, order) => {
    const choice = chooseIndexType({ sourceType, accepted, format });
    expect(choice && [choice.preferred, ...choice.fallbacks]).toEqual(order);
  });

  it("is none where the destination takes no index", () => {
    expect(chooseIndexType({ sourceType: ociIndex, accepted: [dockerManifest] })).toBeUndefined();
  });
});

describe("what is done to a layer", () => {
  const base: LayerQuestion = {
    wanted: "preserve",
    present: undefined,
    requested: undefined,
    untouchable: undefined,
    targetType: ociManifest,
    compat: undefined,
  };
  it.each([
    [{}, "copy"],
    [{ present: "gzip" }, "copy"],
    [{ wanted: "compress" }, "compress gzip"],
    [{ wanted: "compress", requested: "zstd" }, "compress zstd"],
    [{ wanted: "compress", present: "gzip" }, "copy"],
    [{ wanted: "compress", present: "bzip2" }, "copy"],
    [{ wanted: "compress", present: "gzip", requested: "gzip" }, "copy"],
    [{ wanted: "compress", present: "gzip", requested: "zstd" }, "recompress zstd"],
    [{ wanted: "compress", present: "xz", requested: "gzip" }, "recompress gzip"],
    [{ wanted: "preserve", present: "gzip", requested: "zstd" }, "copy"],
    [{ wanted: "decompress" }, "copy"],
    [{ wanted: "decompress", present: "zstd" }, "decompress"],
    [{ wanted: "compress", untouchable: "so" }, "copy"],
    [{ present: "zstd", targetType: dockerManifest }, "recompress gzip"],
    [{ present: "zstd", targetType: dockerManifest, compat: "go" }, "copy"],
    [{ wanted: "decompress", present: "zstd", targetType: dockerManifest }, "decompress"],
  ] as const)("%j: %s", (question, expected) => {
    const action = chooseLayerAction({ ...base, ...question });
    expect("algorithm" in action ? `${action.do} ${action.algorithm}` : action.do).toBe(expected);
  });

  it("is nothing for artifacts, encrypted layers and types without variants", () => {
    const image = { isArtifact: false, mediaType: ociManifest };
    expect(untouchableReason(image, mediaTypes.ociLayerGzip, undefined)).toBeUndefined();
    expect(untouchableReason(image, `${mediaTypes.ociLayerGzip}+encrypted`, undefined)).toMatch(/encrypted/);
    expect(untouchableReason({ ...image, isArtifact: true }, mediaTypes.ociLayerGzip, undefined)).toMatch(
      /artifact/,
    );
    expect(untouchableReason(image, "application/x-odd", undefined)).toMatch(/application\/x-odd/);
    expect(untouchableReason({ ...image, mediaType: dockerV1Manifest }, "", undefined)).toBeUndefined();
    expect(untouchableReason(image, mediaTypes.ociLayerGzip, "it is signed")).toBe(
      "it may not change: it is signed",
    );
  });
});
