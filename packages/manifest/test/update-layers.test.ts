import { describe, expect, it } from "vitest";
import {
  type LayerEdit,
  manifestDigest,
  mediaTypes,
  parseImageManifest,
  updateLayers,
} from "../src/index.ts";
import { json, someDigest, text } from "./dir-image.ts";

const config = { mediaType: mediaTypes.ociConfig, digest: someDigest("config"), size: 7 };
const chunked = "io.github.containers.zstd-chunked.manifest-checksum";

function layerOf(mediaType: string): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: someDigest("layer"), size: 8 };
}

function manifestOf(layer: object, more: object = {}): ReturnType<typeof parseImageManifest> {
  const oci = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer], ...more };
  return parseImageManifest(json(oci));
}

function edited(
  layer: object,
  edit: Omit<LayerEdit, "digest" | "size"> & Partial<LayerEdit>,
  compat?: "go",
): unknown {
  const bytes = updateLayers(manifestOf(layer), [{ digest: someDigest("new"), size: 9, ...edit }], {
    compat,
  });
  return (JSON.parse(text(bytes)) as { layers: unknown[] }).layers[0];
}

describe("updateLayers", () => {
  it("gives back the manifest's own bytes where nothing changes", () => {
    const manifest = parseImageManifest(
      Buffer.from(
        ` ${JSON.stringify({ schemaVersion: 2, config, layers: [layerOf(mediaTypes.ociLayerGzip)] })}`,
      ),
    );
    const same: LayerEdit = { digest: someDigest("layer"), size: 8, compression: "gzip" };
    expect(updateLayers(manifest, [same])).toBe(manifest.bytes);
    expect(updateLayers(manifest, [same], { compat: "go" })).toBe(manifest.bytes);
    expect(updateLayers(manifest, [{ ...same, compression: "none" }], { compat: "go" })).toBe(manifest.bytes);
    expect(updateLayers(manifest, [{ ...same, compression: "none" }])).not.toBe(manifest.bytes);
  });

  const ociTypes = [mediaTypes.ociLayerTar, mediaTypes.ociLayerGzip, mediaTypes.ociLayerZstd] as const;
  const nondistributable = [
    mediaTypes.ociNondistributableLayerTar,
    mediaTypes.ociNondistributableLayerGzip,
    mediaTypes.ociNondistributableLayerZstd,
  ] as const;
  const compressions = ["none", "gzip", "zstd"] as const;

  it.each(
    [ociTypes, nondistributable].flatMap((types) =>
      types.flatMap((from) => compressions.map((compression, i) => ({ from, compression, to: types[i] }))),
    ),
  )("$from that became $compression is $to", ({ from, compression, to }) => {
    expect(edited(layerOf(from), { compression })).toEqual({
      mediaType: to,
      digest: someDigest("new"),
      size: 9,
    });
  });

  it.each([
    [mediaTypes.dockerLayerGzip, "none", mediaTypes.dockerLayerTar],
    [mediaTypes.dockerLayerTar, "gzip", mediaTypes.dockerLayerGzip],
    [mediaTypes.dockerForeignLayerGzip, "none", mediaTypes.dockerForeignLayerTar],
    [mediaTypes.dockerForeignLayerTar, "gzip", mediaTypes.dockerForeignLayerGzip],
  ] as const)("%s that became %s is %s", (from, compression, to) => {
    expect(edited(layerOf(from), { compression })).toEqual({
      mediaType: to,
      digest: someDigest("new"),
      size: 9,
    });
  });

  it.each([mediaTypes.dockerLayerGzip, mediaTypes.dockerForeignLayerTar])("%s cannot become zstd", (from) => {
    expect(() => edited(layerOf(from), { compression: "zstd" })).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
        message: "manifest layers[0]: docker manifests cannot have layers compressed with zstd",
        hint: "compress the layers with gzip, or write an OCI manifest",
      }),
    );
  });

  it("keeps an unknown media type as long as its compression is not touched", () => {
    expect(edited(layerOf("a/b"), {})).toMatchObject({ mediaType: "a/b", digest: someDigest("new") });
    expect(edited(layerOf("a/b"), { digest: someDigest("layer"), compression: "gzip" })).toMatchObject({
      mediaType: "a/b",
    });
    for (const mediaType of ["a/b", `${mediaTypes.ociLayerGzip}+encrypted`]) {
      expect(() => edited(layerOf(mediaType), { compression: "none" })).toThrow(
        expect.objectContaining({ code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED" }),
      );
    }
  });

  it("drops what described the old bytes, and keeps the rest", () => {
    const layer = {
      ...layerOf(mediaTypes.ociLayerZstd),
      urls: ["https://x"],
      annotations: { [chunked]: "y", title: "t" },
      data: "aGk=",
      platform: { architecture: "a", os: "b" },
      artifactType: "c/d",
      new: [1],
    };
    expect(edited(layer, { compression: "gzip" })).toEqual({
      mediaType: mediaTypes.ociLayerGzip,
      digest: someDigest("new"),
      size: 9,
      annotations: { title: "t" },
      platform: { architecture: "a", os: "b" },
      artifactType: "c/d",
      new: [1],
    });
    expect(edited(layer, { compression: "gzip" }, "go")).toEqual({
      mediaType: mediaTypes.ociLayerGzip,
      digest: someDigest("new"),
      size: 9,
    });
    const told = { urls: ["https://z"], annotations: { a: "1" } };
    expect(edited(layer, told)).toMatchObject(told);
    expect(edited(layer, told, "go")).toMatchObject(told);
    expect(edited(layer, { digest: someDigest("layer"), size: 8, annotations: {} })).toEqual({
      ...layer,
      annotations: undefined,
    });
  });

  it("keeps the manifest's other fields, in the order of Go's structs", () => {
    const manifest = manifestOf(layerOf(mediaTypes.ociLayerGzip), {
      zebra: { b: 1 },
      annotations: { b: "<", a: "1" },
      subject: { ...config, mediaType: "a/b" },
      artifactType: "c/d",
    });
    const edit = { digest: someDigest("new"), size: 9, compression: "none" } as const;
    const layer = `{"mediaType":"${mediaTypes.ociLayerTar}","digest":"${someDigest("new")}","size":9}`;
    const [configText, head] = [
      JSON.stringify(config),
      `{"schemaVersion":2,"mediaType":"${mediaTypes.ociManifest}"`,
    ];
    const subject = configText.replace(mediaTypes.ociConfig, "a/b");
    const tail = `"annotations":{"a":"1","b":"\\u003c"}`;
    expect(text(updateLayers(manifest, [edit]))).toBe(
      `${head},"artifactType":"c/d","config":${configText},"layers":[${layer}],"subject":${subject},${tail},"zebra":{"b":1}}`,
    );
    expect(text(updateLayers(manifest, [edit], { compat: "go" }))).toBe(
      `${head},"config":${configText},"layers":[${layer}],"subject":${subject},${tail}}`,
    );
  });

  it("wants one edit for each layer", () => {
    expect(() => updateLayers(manifestOf(layerOf(mediaTypes.ociLayerTar)), [])).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_USAGE",
        message: "there are 0 edits for 1 layers of the manifest",
      }),
    );
  });

  describe("of docker v2s1", () => {
    const id = (digit: string): string => digit.repeat(64);
    const document = {
      schemaVersion: 1,
      name: "x",
      tag: "y",
      architecture: "amd64",
      fsLayers: [{ blobSum: someDigest("b") }, { blobSum: someDigest("a") }],
      history: [
        { v1Compatibility: JSON.stringify({ id: id("b"), parent: id("a") }) },
        { v1Compatibility: JSON.stringify({ id: id("a") }) },
      ],
      more: 1,
    };
    const manifest = parseImageManifest(json(document));
    const edits = ["A", "B"].map((name) => ({ digest: someDigest(name), size: 1 }));
    const wanted = `{"name":"x","tag":"y","architecture":"amd64","fsLayers":[{"blobSum":"${someDigest("B")}"},{"blobSum":"${someDigest("A")}"}],"history":${JSON.stringify(document.history)},"schemaVersion":1`;

    it("replaces the blobs, of which the base is given first and written last", () => {
      expect(text(updateLayers(manifest, edits))).toBe(`${wanted},"more":1}`);
      expect(text(updateLayers(manifest, edits, { compat: "go" }))).toBe(`${wanted}}`);
    });

    it("gives back its own bytes where nothing changes", () => {
      const same = manifest.layers.map(({ digest }) => ({ digest, size: 1 }));
      expect(updateLayers(manifest, same)).toBe(manifest.bytes);
    });

    it("takes a new name, and no zstd", () => {
      const same = manifest.layers.map(({ digest }) => ({ digest, size: 1 }));
      const reference = { domain: "docker.io", path: "library/z", name: "docker.io/library/z" };
      expect(JSON.parse(text(updateLayers(manifest, same, { reference })))).toMatchObject({
        name: "library/z",
        tag: "",
      });
      expect(() =>
        updateLayers(
          manifest,
          same.map((edit) => ({ ...edit, compression: "zstd" as const })),
        ),
      ).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED" }));
    });

    it("signs anew what was signed, with the digest of the text without signatures", () => {
      const signed = parseImageManifest(
        updateLayers({ ...manifest, mediaType: mediaTypes.dockerV1SignedManifest }, edits, { compat: "go" }),
      );
      expect(signed.mediaType).toBe(mediaTypes.dockerV1SignedManifest);
      expect(manifestDigest(signed.bytes)).toBe(manifestDigest(Buffer.from(`${wanted}}`)));
    });
  });
});
