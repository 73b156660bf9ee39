import { describe, expect, it } from "vitest";
import {
  convertIndex,
  type Descriptor,
  mediaTypes,
  needsZstd,
  parseImageIndex,
  sortZstdLast,
  updateIndex,
  zstdAnnotation,
} from "../src/index.ts";
import { json, someDigest, text } from "./dir-image.ts";

const platform = { architecture: "arm", os: "linux", "os.version": "1", "os.features": ["f"], variant: "v7" };
const entry = { mediaType: mediaTypes.ociManifest, digest: someDigest("a"), size: 1, platform };
const other = { mediaType: mediaTypes.ociManifest, digest: someDigest("b"), size: 2 };
const oci = parseImageIndex(
  json({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    artifactType: "a/b",
    manifests: [{ ...entry, annotations: { x: "<" }, artifactType: "c/d", new: 1 }, other],
    subject: other,
    annotations: { k: "v" },
  }),
);
const docker = parseImageIndex(
  json({
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifestList,
    manifests: [
      {
        mediaType: mediaTypes.dockerManifest,
        size: 1,
        digest: someDigest("a"),
        platform: { ...platform, features: ["sse4"] },
      },
    ],
  }),
);

const platformText =
  '{"architecture":"arm","os":"linux","os.version":"1","os.features":["f"],"variant":"v7"}';

describe("updateIndex", () => {
  it("gives back the index's own bytes where nothing changes", () => {
    expect(updateIndex(oci, oci.manifests)).toBe(oci.bytes);
    expect(updateIndex(docker, docker.manifests)).toBe(docker.bytes);
    expect(updateIndex(docker, docker.manifests, { compat: "go" })).toBe(docker.bytes);
  });

  it("writes entries that were converted, and drops those that were not copied", () => {
    const converted = oci.manifests
      .filter((member) => member.platform !== undefined)
      .map((member) => ({ ...member, digest: someDigest("new"), size: 3 }));
    expect(text(updateIndex(oci, converted))).toBe(
      `{"schemaVersion":2,"mediaType":"${mediaTypes.ociIndex}","artifactType":"a/b","manifests":[{"mediaType":"${mediaTypes.ociManifest}","digest":"${someDigest("new")}","size":3,"annotations":{"x":"\\u003c"},"platform":${platformText},"artifactType":"c/d","new":1}],"subject":${JSON.stringify(other)},"annotations":{"k":"v"}}`,
    );
    expect(text(updateIndex(oci, converted, { compat: "go" }))).toBe(
      `{"schemaVersion":2,"mediaType":"${mediaTypes.ociIndex}","manifests":[{"mediaType":"${mediaTypes.ociManifest}","digest":"${someDigest("new")}","size":3,"annotations":{"x":"\\u003c"},"platform":${platformText}}],"annotations":{"k":"v"}}`,
    );
  });

  it("writes indexes in an index", () => {
    const nested: Descriptor = { mediaType: mediaTypes.ociIndex, digest: someDigest("nested"), size: 5 };
    const updated = parseImageIndex(updateIndex(oci, [...oci.manifests, nested]));
    expect(updated.manifests.at(-1)).toEqual(nested);
  });

  it("always writes a platform in docker's lists", () => {
    const bytes = updateIndex(docker, [{ ...other, mediaType: mediaTypes.dockerManifest }]);
    expect(JSON.parse(text(bytes))).toMatchObject({
      manifests: [{ platform: { architecture: "", os: "" } }],
    });
  });
});

describe("convertIndex", () => {
  it("makes an OCI index of a docker list, with the CPU features that Go drops", () => {
    const manifests = (features: string): string =>
      `"manifests":[{"mediaType":"${mediaTypes.dockerManifest}","digest":"${someDigest("a")}","size":1,"platform":${platformText.slice(0, -1)}${features}}}]`;
    const head = `{"schemaVersion":2,"mediaType":"${mediaTypes.ociIndex}",`;
    expect(text(convertIndex(docker, mediaTypes.ociIndex))).toBe(
      `${head}${manifests(',"features":["sse4"]')}}`,
    );
    expect(text(convertIndex(docker, mediaTypes.ociIndex, { compat: "go" }))).toBe(
      `${head}${manifests("")}}`,
    );
  });

  it("and back is the same list", () => {
    const there = parseImageIndex(convertIndex(docker, mediaTypes.ociIndex));
    expect(text(convertIndex(there, mediaTypes.dockerManifestList))).toBe(text(docker.bytes));
  });

  it("needs a platform of each entry for a docker list", () => {
    const to = mediaTypes.dockerManifestList;
    expect(() => convertIndex(oci, to)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
        message: `index manifests[1] (${other.digest}): it has no platform, and a docker manifest list needs one`,
      }),
    );
    const platforms = new Map([[other.digest, { architecture: "s390x", os: "linux" }]]);
    expect(parseImageIndex(convertIndex(oci, to, { platforms })).manifests).toEqual([
      entry,
      { ...other, platform: { architecture: "s390x", os: "linux" } },
    ]);
    const host = { architecture: "arm64", os: "linux", variant: "v8" };
    expect(parseImageIndex(convertIndex(oci, to, { compat: "go", host })).manifests[1]?.platform).toEqual({
      architecture: "arm64",
      os: "linux",
    });
  });

  it("writes the entries that it is given", () => {
    const manifests = [{ ...entry, digest: someDigest("new") }];
    expect(
      parseImageIndex(convertIndex(oci, mediaTypes.dockerManifestList, { manifests })).manifests,
    ).toEqual(manifests);
    expect(parseImageIndex(convertIndex(oci, mediaTypes.ociIndex, { manifests })).manifests).toEqual(
      manifests,
    );
  });

  it("refuses what is no index", () => {
    expect(() => convertIndex(oci, mediaTypes.ociManifest)).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED" }),
    );
  });
});

it("sortZstdLast keeps the order otherwise", () => {
  const zstd = (name: string, value = "true"): Descriptor => ({
    ...other,
    digest: someDigest(name),
    annotations: { [zstdAnnotation]: value },
  });
  const entries = [zstd("1"), other, zstd("2"), entry, zstd("3", "false")];
  expect(sortZstdLast(entries)).toEqual([entries[1], entries[3], entries[4], entries[0], entries[2]]);
  expect(entries.map(needsZstd)).toEqual([true, false, true, false, false]);
});
