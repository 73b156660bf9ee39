import { describe, expect, it } from "vitest";
import {
  acceptablePlatforms,
  chooseInstance,
  type Descriptor,
  formatPlatform,
  hostPlatform,
  type ImageIndex,
  matchingInstances,
  mediaTypes,
  type Platform,
  parseImageIndex,
  parsePlatform,
  zstdAnnotation,
} from "../src/index.ts";
import { json, someDigest } from "./dir-image.ts";

const amd64: Platform = { os: "linux", architecture: "amd64" };
const armHost: Platform = { os: "linux", architecture: "arm", variant: "v7" };

/** Entries by their names, which their digests are made of: `linux/arm/v7`, `linux/amd64+zstd`, `none`, `none+artifact`. */
function indexOf(names: readonly string[], mediaType: string = mediaTypes.ociIndex): ImageIndex {
  const manifests = names.map((name) => {
    const [platform = "", ...tags] = name.split("+");
    return {
      mediaType: mediaTypes.ociManifest,
      digest: someDigest(name),
      size: 1,
      ...(platform === "none" ? {} : { platform: parsePlatform(platform) }),
      ...(tags.includes("artifact") ? { artifactType: "application/spdx+json" } : {}),
      ...(tags.includes("image") ? { artifactType: mediaTypes.ociConfig } : {}),
      ...(tags.includes("zstd") ? { annotations: { [zstdAnnotation]: "true" } } : {}),
    };
  });
  return parseImageIndex(json({ schemaVersion: 2, mediaType, manifests }));
}

function choose(names: readonly string[], options: Parameters<typeof chooseInstance>[1]): string | undefined {
  const { digest } = chooseInstance(indexOf(names), options);
  return names.find((name) => someDigest(name) === digest);
}

describe("acceptablePlatforms", () => {
  const variants = (wish: Parameters<typeof acceptablePlatforms>[0], host: Platform): string[] =>
    acceptablePlatforms(wish, host).map((platform) => platform.variant ?? "");

  it.each<[string, Parameters<typeof acceptablePlatforms>[0], Platform, string[]]>([
    ["the machine's variant goes down to none", {}, armHost, ["v7", "v6", "v5", ""]],
    ["a wished variant goes down to none", { architecture: "arm", variant: "v6" }, amd64, ["v6", "v5", ""]],
    [
      "an architecture without a variant has none first, then all",
      { architecture: "arm" },
      armHost,
      ["", "v8", "v7", "v6", "v5"],
    ],
    ["arm64 has v8", { architecture: "arm64" }, amd64, ["", "v8"]],
    ["arm64 with v8", { architecture: "arm64", variant: "v8" }, amd64, ["v8", ""]],
    [
      "an unknown variant stands for itself and none",
      { architecture: "amd64", variant: "v3" },
      amd64,
      ["v3", ""],
    ],
    ["others have none", {}, amd64, [""]],
    ["empty text is no wish", { os: "", architecture: "", variant: "" }, armHost, ["v7", "v6", "v5", ""]],
    [
      "a name like a part of JavaScript's objects is only a name",
      { architecture: "constructor" },
      amd64,
      [""],
    ],
  ])("%s", (_name, wish, host, wanted) => {
    expect(variants(wish, host)).toEqual(wanted);
  });

  it("takes the operating system of the wish, or of the machine", () => {
    expect(acceptablePlatforms({ os: "windows" }, amd64)).toEqual([{ os: "windows", architecture: "amd64" }]);
    expect(acceptablePlatforms({ architecture: "s390x" }, amd64)).toEqual([
      { os: "linux", architecture: "s390x" },
    ]);
  });
});

describe("chooseInstance", () => {
  it.each<[string, string[], Parameters<typeof chooseInstance>[1], string]>([
    ["the platform", ["linux/arm64", "linux/amd64", "windows/amd64"], { host: amd64 }, "linux/amd64"],
    [
      "the best variant, wherever it stands",
      ["linux/arm", "linux/arm/v5", "linux/arm/v7", "linux/arm/v6"],
      { host: armHost },
      "linux/arm/v7",
    ],
    ["a lesser variant", ["linux/arm/v8", "linux/arm", "linux/arm/v6"], { host: armHost }, "linux/arm/v6"],
    [
      "no variant before a greater one",
      ["linux/arm/v8", "linux/arm"],
      { platform: { architecture: "arm" }, host: amd64 },
      "linux/arm",
    ],
    ["the first of two", ["linux/amd64+a", "linux/amd64+b"], { host: amd64 }, "linux/amd64+a"],
    ["zstd before gzip", ["linux/amd64", "linux/amd64+zstd"], { host: amd64 }, "linux/amd64+zstd"],
    [
      "gzip where that is preferred",
      ["linux/amd64+zstd", "linux/amd64"],
      { host: amd64, preferGzip: true },
      "linux/amd64",
    ],
    [
      "zstd where there is nothing else",
      ["linux/amd64+zstd"],
      { host: amd64, preferGzip: true },
      "linux/amd64+zstd",
    ],
    [
      "the variant before the compression",
      ["linux/arm/v7", "linux/arm/v6+zstd"],
      { host: armHost },
      "linux/arm/v7",
    ],
    ["an entry without a platform as the last resort", ["none", "linux/arm64"], { host: amd64 }, "none"],
    [
      "an entry with the platform before one without",
      ["none", "linux/amd64"],
      { host: amd64 },
      "linux/amd64",
    ],
    [
      "an image before an artifact for the platform",
      ["linux/amd64+artifact", "linux/amd64"],
      { host: amd64 },
      "linux/amd64",
    ],
    [
      "an image without a platform before an artifact",
      ["linux/amd64+artifact", "none"],
      { host: amd64 },
      "none",
    ],
    [
      "an artifact for the platform where there are no images at all",
      ["none+artifact", "linux/amd64+artifact"],
      { host: amd64 },
      "linux/amd64+artifact",
    ],
    ["an entry that is said to be an image", ["none+artifact", "none+image"], { host: amd64 }, "none+image"],
  ])("takes %s", (_name, names, options, wanted) => {
    expect(choose(names, options)).toBe(wanted);
  });

  it("sees no compressions and no last resort in a docker manifest list", () => {
    const { mediaType } = indexOf([], mediaTypes.dockerManifestList);
    expect(mediaType).toBe(mediaTypes.dockerManifestList);
    const both = indexOf(["linux/amd64", "linux/amd64+zstd"], mediaTypes.dockerManifestList);
    expect(chooseInstance(both, { host: amd64 }).digest).toBe(someDigest("linux/amd64"));
    expect(() => chooseInstance(indexOf(["none"], mediaTypes.dockerManifestList), { host: amd64 })).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND" }),
    );
  });

  it("says what there is where there is nothing fitting", () => {
    const names = ["linux/arm64/v8", "windows/amd64", "linux/arm64/v8+again"];
    expect(() => chooseInstance(indexOf(names), { host: amd64 })).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
        message: "the index has no image for linux/amd64; it has linux/arm64/v8, windows/amd64",
      }),
    );
    expect(() => chooseInstance(indexOf([]), { host: amd64 })).toThrow(
      expect.objectContaining({ message: "the index has no image for linux/amd64; it has no entries" }),
    );
  });

  it("takes no artifact without a platform for an image", () => {
    const options = { platform: { os: "linux", architecture: "s390x" } };
    expect(() => choose(["linux/amd64", "none+artifact", "unknown/unknown"], options)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
        message: "the index has no image for linux/s390x; it has linux/amd64, artifacts, unknown/unknown",
      }),
    );
    const opaque = { mediaType: "application/json", digest: someDigest("opaque"), size: 1 };
    expect(() => chooseInstance({ ...indexOf([]), manifests: [opaque] }, options)).toThrow(
      "it has artifacts",
    );
  });

  it("takes no artifact for the platform in an index of images, and says what there is", () => {
    const names = ["linux/arm64", "linux/amd64+artifact", "none+artifact"];
    expect(() => choose(names, { host: amd64 })).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
        message:
          "the index has no image for linux/amd64; it has linux/arm64, an artifact for linux/amd64, artifacts",
        hint: "choose one of the platforms that it has images for",
      }),
    );
    expect(choose(names, { host: amd64, artifacts: true })).toBe("linux/amd64+artifact");
    expect(() => choose(["linux/amd64+artifact"], { host: amd64, artifacts: false })).toThrow(
      "it has an artifact for linux/amd64",
    );
  });

  it("takes this machine's platform where nothing is wished", () => {
    const here = formatPlatform(hostPlatform());
    expect(choose(["none", here], {})).toBe(here);
  });
});

describe("matchingInstances", () => {
  const index = indexOf(["linux/arm/v6", "linux/amd64", "none", "linux/arm/v7", "linux/amd64+zstd"]);
  const names = (entries: readonly Descriptor[]): number[] =>
    entries.map((entry) => index.manifests.indexOf(entry));

  it("finds all entries of the platforms, in the order of the index", () => {
    expect(names(matchingInstances(index, [parsePlatform("linux/arm"), amd64]))).toEqual([0, 1, 3, 4]);
    expect(names(matchingInstances(index, [parsePlatform("linux/arm/v7")]))).toEqual([3]);
    expect(matchingInstances(index, [])).toEqual([]);
  });

  it("counts no artifact for an image, though it comes with one", () => {
    const both = indexOf(["linux/amd64", "linux/amd64+artifact", "linux/s390x+artifact"]);
    expect(matchingInstances(both, [amd64])).toEqual(both.manifests.slice(0, 2));
    expect(() => matchingInstances(both, [parsePlatform("linux/s390x")])).toThrow(
      "an artifact for linux/s390x",
    );
    const artifacts = indexOf(["linux/amd64+artifact"]);
    expect(matchingInstances(artifacts, [amd64])).toEqual(artifacts.manifests);
  });

  it("names the platforms that have none", () => {
    const wanted = [amd64, parsePlatform("linux/s390x"), parsePlatform("linux/arm/v5")];
    expect(() => matchingInstances(index, wanted)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
        message: expect.stringContaining(
          "no image for linux/s390x, linux/arm/v5; it has linux/arm/v6, linux/amd64",
        ),
      }),
    );
  });
});

describe("platforms as text", () => {
  it.each<[string, Platform]>([
    ["linux/amd64", amd64],
    ["linux/arm/v7", armHost],
    ["linux/x86_64", amd64],
    ["linux/aarch64", { os: "linux", architecture: "arm64" }],
    ["linux/armhf", armHost],
    ["linux/armhf/v6", { ...armHost, variant: "v6" }],
    ["linux/constructor", { os: "linux", architecture: "constructor" }],
  ])("%s is read", (text, platform) => {
    expect(parsePlatform(text)).toEqual(platform);
  });

  it.each([
    "",
    "linux",
    "linux/",
    "/amd64",
    "linux/amd64/",
    "linux/a/b/c",
    "Linux/amd64",
    "linux/amd 64",
    "x/y\n",
  ])("%j is refused", (text) => {
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }));
  });

  it("are written with unknown for what is empty", () => {
    expect(formatPlatform({ os: "", architecture: "" })).toBe("unknown/unknown");
    expect(formatPlatform({ os: "linux", architecture: "arm", variant: "" })).toBe("linux/arm");
  });
});
