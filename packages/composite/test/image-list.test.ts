import { digestBytes } from "@drayage/digest";
import { type Descriptor, mediaTypes } from "@drayage/manifest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addEntries,
  addEntry,
  annotateEntry,
  annotateList,
  emptyList,
  encodeList,
  type ImageList,
  onlyInOci,
  parseList,
  removeEntry,
} from "../src/index.ts";

const entry = (hex: string, architecture: string): Descriptor => ({
  mediaType: mediaTypes.ociManifest,
  digest: `sha256:${hex}` as Descriptor["digest"],
  size: 495,
  platform: { architecture, os: "linux" },
});
const amd64 = entry("2ebae38063c6f02b551c81077ab3d5c152722f2e6da1a3f1c22328dd78f55b46", "amd64");
const arm64 = entry("3a6a4c4e39aa5b635672b06fc753af253f39d40e811d66af7090ca550f4c543f", "arm64");
const text = (list: ImageList, format?: Parameters<typeof encodeList>[1]): string =>
  new TextDecoder().decode(encodeList(list, format).bytes);
const parsed = (json: string): ImageList => parseList(new TextEncoder().encode(json));

// What buildah 1.28.2 wrote for the same steps.
const buildah = {
  created:
    '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":null}',
  emptied:
    '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[]}',
  createdWithBoth:
    '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":495,"digest":"sha256:2ebae38063c6f02b551c81077ab3d5c152722f2e6da1a3f1c22328dd78f55b46","platform":{"architecture":"amd64","os":"linux"}},{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":495,"digest":"sha256:3a6a4c4e39aa5b635672b06fc753af253f39d40e811d66af7090ca550f4c543f","platform":{"architecture":"arm64","os":"linux"}}]}',
  added:
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:2ebae38063c6f02b551c81077ab3d5c152722f2e6da1a3f1c22328dd78f55b46","size":495,"platform":{"architecture":"amd64","os":"linux"}}]}',
  annotated:
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:2ebae38063c6f02b551c81077ab3d5c152722f2e6da1a3f1c22328dd78f55b46","size":495,"platform":{"architecture":"amd64","os":"linux"}},{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:3a6a4c4e39aa5b635672b06fc753af253f39d40e811d66af7090ca550f4c543f","size":495,"annotations":{"u":"v","w":"x"},"platform":{"architecture":"x","os":"linux","os.features":["a","b"]}}]}',
};

describe("a list is written as buildah writes it", () => {
  it("when it is new, and when it is empty again", () => {
    expect(text(emptyList, "new")).toBe(buildah.created);
    expect(text(parsed(buildah.created))).toBe(buildah.created);
    expect(text(removeEntry(parsed(buildah.added), amd64.digest))).toBe(buildah.emptied);
    expect(text(parsed(buildah.emptied))).toBe(buildah.emptied);
  });

  it("with images from the beginning, and with images that are added", () => {
    expect(text(addEntries(emptyList, [amd64, arm64]), "new")).toBe(buildah.createdWithBoth);
    expect(text(addEntry(parsed(buildah.created), amd64))).toBe(buildah.added);
  });

  it("when entries are annotated", () => {
    const list = annotateEntry(parsed(buildah.createdWithBoth), arm64.digest, {
      architecture: "x",
      osFeatures: ["a", "b"],
      annotations: { w: "x", u: "v" },
    });
    expect(text(list)).toBe(buildah.annotated);
  });

  it("as docker's list where an image needs features of a CPU, and nothing else would be lost", () => {
    const list = annotateEntry(addEntry(emptyList, amd64), amd64.digest, { features: ["sse4"] });
    expect(encodeList(list).mediaType).toBe(mediaTypes.dockerManifestList);
    const both = annotateEntry(list, amd64.digest, { annotations: { a: "b" } });
    expect(encodeList(both).mediaType).toBe(mediaTypes.ociIndex);
    expect(parseList(encodeList(both).bytes).entries[0]).toEqual({
      ...amd64,
      annotations: { a: "b" },
      platform: { architecture: "amd64", os: "linux", features: ["sse4"] },
    });
  });
});

describe("what only an OCI index holds", () => {
  const base = addEntry(emptyList, amd64);
  const subject = { mediaType: mediaTypes.ociManifest, digest: arm64.digest, size: 495 };
  it.each<readonly [string, ImageList]>([
    ["annotations of the list", annotateList(base, { annotations: { a: "b" } })],
    ["a subject", annotateList(base, { subject })],
    ["an artifact type", annotateList(base, { artifactType: "application/x" })],
    ["annotations", annotateEntry(base, amd64.digest, { annotations: { a: "b" } })],
    ["artifact type", annotateEntry(base, amd64.digest, { artifactType: "application/x" })],
    ["no platform", addEntry(base, { mediaType: mediaTypes.ociManifest, digest: arm64.digest, size: 1 })],
    ["nested list", addEntry(base, { ...arm64, mediaType: mediaTypes.ociIndex })],
  ])("%s is not lost: the list is an index, or refused to be docker's", (what, list) => {
    expect(onlyInOci(list).join()).toContain(what);
    for (const format of ["new", "auto", "oci"] as const) {
      const encoded = encodeList(list, format);
      expect(encoded.mediaType).toBe(mediaTypes.ociIndex);
      expect(parseList(encoded.bytes)).toEqual({ ...list, mediaType: mediaTypes.ociIndex });
    }
    expect(() => encodeList(list, "docker")).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED" }),
    );
  });
});

describe("changes", () => {
  it("leave the list as it was, and make another", () => {
    const before = addEntries(emptyList, [amd64, arm64]);
    const kept = structuredClone(before);
    removeEntry(before, amd64.digest);
    annotateEntry(before, amd64.digest, { os: "windows", osVersion: "10" });
    annotateList(before, { annotations: { a: "b" } });
    expect(before).toEqual(kept);
    expect(emptyList).toEqual({ entries: [] });
  });

  it("of an entry that is not there are refused", () => {
    for (const change of [
      () => removeEntry(emptyList, amd64.digest),
      () => annotateEntry(emptyList, amd64.digest, { os: "linux" }),
    ]) {
      expect(change).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" }));
    }
  });

  it("add, replace and take away", () => {
    const list = addEntry(addEntries(emptyList, [amd64, arm64]), { ...amd64, size: 7 });
    expect(list.entries.map(({ digest, size }) => [digest, size])).toEqual([
      [arm64.digest, 495],
      [amd64.digest, 7],
    ]);
    const annotated = annotateEntry(list, amd64.digest, { annotations: { a: "1", b: "2" }, variant: "v8" });
    const again = annotateEntry(annotated, amd64.digest, {
      annotations: { c: "3" },
      removeAnnotations: ["a"],
      variant: "",
    });
    expect(again.entries[1]).toEqual({ ...amd64, size: 7, annotations: { b: "2", c: "3" } });
    const bare = annotateEntry(again, amd64.digest, {
      removeAnnotations: ["b", "c"],
      os: "",
      architecture: "",
    });
    expect(bare.entries[1]).toEqual({ mediaType: amd64.mediaType, digest: amd64.digest, size: 7 });
    const subject = { mediaType: mediaTypes.ociManifest, digest: arm64.digest, size: 495 };
    const whole = annotateList(list, { annotations: { a: "b" }, subject, artifactType: "x/y" });
    expect(annotateList(whole, { removeAnnotations: ["a"], subject: null, artifactType: "" })).toEqual(list);
  });

  it("of more entries than 4 MiB hold are refused when the list is written", () => {
    const entries = Array.from({ length: 30_000 }, (_, at) => ({
      ...amd64,
      digest: digestBytes(new TextEncoder().encode(`${at}`)),
    }));
    expect(() => encodeList(addEntries(emptyList, entries))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" }),
    );
  });
});

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const anyEntry: fc.Arbitrary<Descriptor> = fc
  .record({
    seed: fc.nat(1e6),
    os: word,
    architecture: word,
    variant: fc.option(word, { nil: undefined }),
    annotations: fc.dictionary(word, fc.string(), { maxKeys: 3 }),
    features: fc.array(word, { maxLength: 2 }),
  })
  .map(({ seed, os, architecture, variant, annotations, features }) => ({
    mediaType: mediaTypes.dockerManifest,
    digest: digestBytes(new TextEncoder().encode(`${seed}`)),
    size: seed,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    platform: {
      architecture,
      os,
      ...(variant === undefined ? {} : { variant }),
      ...(features.length === 0 ? {} : { features }),
    },
  }));

it("whatever a list says is read again as it was written, whichever type is chosen", () => {
  fc.assert(
    fc.property(
      fc.array(anyEntry, { maxLength: 5 }),
      fc.constantFrom("new", "auto", "oci"),
      (entries, format) => {
        const list = addEntries(emptyList, entries);
        expect(parseList(encodeList(list, format as "oci").bytes).entries).toEqual(list.entries);
      },
    ),
  );
});
