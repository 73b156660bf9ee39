import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ImageIndex,
  type ImageManifest,
  manifestDigest,
  manifestLimit,
  mediaTypes,
  parseImageIndex,
  parseImageManifest,
  parseManifest,
} from "../src/index.ts";
import { json, someDigest } from "./dir-image.ts";

const config = { mediaType: mediaTypes.ociConfig, digest: someDigest("config"), size: 7 };
const layer = { mediaType: mediaTypes.ociLayerGzip, digest: someDigest("layer"), size: 8 };
const image = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] };
const index = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests: [{ ...layer, mediaType: mediaTypes.ociManifest }],
};

function refuse(document: unknown, message: string, mediaType?: string): void {
  const bytes = document instanceof Uint8Array ? document : json(document);
  expect(() => parseManifest(bytes, mediaType)).toThrow(
    expect.objectContaining({ code: "ERR_DRAYAGE_MANIFEST_INVALID", message }),
  );
}

function table(
  rows: readonly (readonly [document: unknown, message: string])[],
): { document: unknown; message: string }[] {
  return rows.map(([document, message]) => ({ document, message }));
}

describe("an OCI manifest", () => {
  it("is read with all that it says", () => {
    const full = {
      ...image,
      artifactType: "a/b",
      config: { ...config, annotations: { k: "v" }, data: "aGk=" },
      layers: [
        {
          ...layer,
          urls: ["https://x"],
          artifactType: "c/d",
          platform: { architecture: "arm", os: "linux", variant: "v7", "os.features": ["f"] },
        },
      ],
      subject: { mediaType: "e/f", digest: someDigest("subject"), size: 9 },
      annotations: { b: "2", a: "1" },
    };
    const bytes = json(full);
    const manifest = parseImageManifest(bytes);
    expect(manifest.kind).toBe("image");
    expect(manifest.mediaType).toBe(mediaTypes.ociManifest);
    expect(manifest.bytes).toBe(bytes);
    expect(manifest.config).toEqual(full.config);
    expect(manifest.layers).toEqual(full.layers);
    expect(manifest.subject).toEqual(full.subject);
    expect(manifest.annotations).toEqual(full.annotations);
    expect(manifest.artifactType).toBe("a/b");
    expect(manifest.isArtifact).toBe(false);
    expect(manifest.extra).toBeUndefined();
    expect(JSON.parse(JSON.stringify(manifest.document))).toEqual(full);
  });

  it("is an artifact when its config is no image's", () => {
    const empty = { mediaType: mediaTypes.ociEmpty, digest: someDigest("{}"), size: 2 };
    expect(parseImageManifest(json({ ...image, config: empty })).isArtifact).toBe(true);
  });

  it("keeps unknown fields as they were written", () => {
    const text = JSON.stringify(image).replace("{", '{"new" : [ 1.0 ],');
    const { extra } = parseManifest(Buffer.from(text));
    expect([...(extra ?? [])].map(([name, value]) => [name, Buffer.from(value.bytes).toString()])).toEqual([
      ["new", "[1.0]"],
    ]);
  });

  it("may lack its layers, its own type, and have null for what is absent", () => {
    const { mediaType: _, layers: __, ...bare } = image;
    const manifest = parseImageManifest(json({ ...bare, annotations: null, subject: null, manifests: null }));
    expect(manifest.mediaType).toBe(mediaTypes.ociManifest);
    expect(manifest.layers).toEqual([]);
    expect(manifest.annotations).toBeUndefined();
  });

  it("cannot be changed", () => {
    const manifest = parseImageManifest(json({ ...image, annotations: { a: "1" } }));
    const attempts = [
      () => Object.assign(manifest, { kind: "x" }),
      () => Object.assign(manifest.layers, { length: 0 }),
      () => Object.assign(manifest.layers[0] ?? {}, { size: 1 }),
      () => Object.assign(manifest.annotations ?? {}, { a: "2" }),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(TypeError);
  });

  it("keeps annotations that are named like parts of JavaScript's objects", () => {
    const text = JSON.stringify(image).replace("{", '{"annotations":{"__proto__":"x","constructor":"y"},');
    const { annotations = {} } = parseManifest(Buffer.from(text));
    expect(Object.entries(annotations)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });
});

describe("what is wrong is named with its place", () => {
  it.each(
    table([
      [{ ...image, config: undefined }, "manifest config: it is missing"],
      [{ ...image, config: [] }, "manifest config: an object is expected, and there is a list"],
      [{ ...image, layers: {} }, "manifest layers: a list is expected, and there is an object"],
      [{ ...image, layers: [layer, 3] }, "manifest layers[1]: an object is expected, and there is a number"],
      [{ ...image, layers: [{ ...layer, digest: undefined }] }, "manifest layers[0].digest: it is missing"],
      [{ ...image, layers: [{ ...layer, size: undefined }] }, "manifest layers[0].size: it is missing"],
      [{ ...image, layers: [{ ...layer, mediaType: null }] }, "manifest layers[0].mediaType: it is missing"],
      [{ ...image, layers: [{ ...layer, size: -1 }] }, "manifest layers[0].size: the size -1 is negative"],
      [
        { ...image, layers: [{ ...layer, size: 1.5 }] },
        "manifest layers[0].size: 1.5 is not a whole number from -2^53 to 2^53",
      ],
      [
        { ...image, layers: [{ ...layer, size: 2 ** 53 }] },
        "manifest layers[0].size: 9007199254740992 is not a whole number from -2^53 to 2^53",
      ],
      [
        { ...image, layers: [{ ...layer, size: "8" }] },
        "manifest layers[0].size: a number is expected, and there is text",
      ],
      [
        { ...image, layers: [{ ...layer, urls: [1] }] },
        "manifest layers[0].urls[0]: text is expected, and there is a number",
      ],
      [
        { ...image, annotations: { "a b": 1 } },
        'manifest annotations["a b"]: text is expected, and there is a number',
      ],
      [{ ...image, config: { ...config, data: "%" } }, "manifest config.data: it is not base64"],
      [
        { ...image, subject: { ...layer, digest: "x" } },
        'manifest subject.digest: "x" is not a digest: it has no algorithm',
      ],
      [
        { ...index, manifests: [{ ...layer, platform: { os: 1 } }] },
        "manifest manifests[0].platform.os: text is expected, and there is a number",
      ],
      [
        { ...image, schemaVersion: 1 },
        `manifest schemaVersion: 2 is expected of ${mediaTypes.ociManifest}, and it is 1`,
      ],
      [{ ...image, schemaVersion: undefined }, "manifest schemaVersion: it is missing"],
      [{ ...image, schemaVersion: "2" }, "manifest schemaVersion: a number is expected, and there is text"],
      [{ schemaVersion: 7 }, "manifest schemaVersion: version 7 is not known"],
      [{}, "manifest schemaVersion: it is missing"],
      [[], "manifest: an object is expected"],
    ]),
  )("$message", ({ document: wrong, message }) => refuse(wrong, message));

  it("a digest with capitals comes with a hint", () => {
    const digest = layer.digest.toUpperCase().replace("SHA256", "sha256");
    expect(() => parseManifest(json({ ...image, config: { ...config, digest } }))).toThrow(
      expect.objectContaining({ hint: "write the digest in lower case" }),
    );
  });

  it("a size like 1e3 is refused, as Go refuses it", () => {
    refuse(
      Buffer.from(JSON.stringify(image).replace('"size":8', '"size":1e3')),
      "manifest layers[0].size: 1e3 is not a whole number from -2^53 to 2^53",
    );
  });

  it("long names are cut in messages", () => {
    const name = "x".repeat(100_000);
    for (const document of [
      { ...image, annotations: { [name]: 1 } },
      { ...image, schemaVersion: 2, mediaType: name },
    ]) {
      expect(() => parseManifest(json(document))).toThrow(
        expect.objectContaining({ message: expect.stringMatching(/^.{20,400}$/) }),
      );
    }
  });

  it("more than 4 MiB: ERR_DRAYAGE_LIMIT_EXCEEDED", () => {
    const text = JSON.stringify(image);
    const largest = Buffer.from(text + " ".repeat(manifestLimit - text.length));
    expect(parseManifest(largest).kind).toBe("image");
    expect(() => parseManifest(Buffer.concat([largest, Buffer.from(" ")]))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" }),
    );
  });
});

describe("a document that can be read in two ways is refused", () => {
  it.each(
    table([
      [
        { ...image, manifests: [] },
        `manifest manifests: ambiguous: no ${mediaTypes.ociManifest} has this field`,
      ],
      [
        { ...image, MANIFESTS: [] },
        `manifest MANIFESTS: ambiguous: no ${mediaTypes.ociManifest} has this field`,
      ],
      [
        { ...image, "manife\u017fts": [] },
        `manifest manife\u017fts: ambiguous: no ${mediaTypes.ociManifest} has this field`,
      ],
      [
        { ...image, fsLayers: [] },
        `manifest fsLayers: ambiguous: no ${mediaTypes.ociManifest} has this field`,
      ],
      [
        { ...image, history: "x" },
        `manifest history: ambiguous: no ${mediaTypes.ociManifest} has this field`,
      ],
      [{ ...index, config: {} }, `manifest config: ambiguous: no ${mediaTypes.ociIndex} has this field`],
      [{ ...index, layers: 0 }, `manifest layers: ambiguous: no ${mediaTypes.ociIndex} has this field`],
      [
        { ...image, mediaType: undefined, manifests: [layer] },
        `manifest manifests: ambiguous: no ${mediaTypes.ociManifest} has this field`,
      ],
      [{ ...image, Layers: [layer] }, 'manifest Layers: ambiguous: "layers" differs from it by case alone'],
      [
        { ...image, layers: undefined, Layers: [layer] },
        'manifest Layers: ambiguous: it is not "layers", but some readers take it for that',
      ],
      [
        { ...image, "\u212aonfig": 1, artifactType: "x", ArtifactType: "y" },
        'manifest ArtifactType: ambiguous: "artifactType" differs from it by case alone',
      ],
      [
        { ...image, layers: [{ ...layer, Digest: layer.digest }] },
        'manifest layers[0].Digest: ambiguous: "digest" differs from it by case alone',
      ],
      [
        { ...image, layers: [{ ...layer, digest: undefined, Digest: layer.digest }] },
        'manifest layers[0].Digest: ambiguous: it is not "digest", but some readers take it for that',
      ],
    ]),
  )("$message", ({ document: wrong, message }) => refuse(wrong, message));

  it("a name that stands twice", () => {
    const text = JSON.stringify(image).replace('"layers":', '"layers":[],"layers":');
    const at = text.lastIndexOf('"layers"') + 1;
    refuse(
      Buffer.from(text),
      `manifest: the name "layers" stands twice in one object (line 1, column ${at})`,
    );
  });

  it("another type inside than outside", () => {
    refuse(
      image,
      `manifest mediaType: ambiguous: it says ${mediaTypes.ociManifest}, where the place it came from says ${mediaTypes.ociIndex}`,
      mediaTypes.ociIndex,
    );
    refuse(
      image,
      `manifest mediaType: ambiguous: it says ${mediaTypes.ociManifest}, where the place it came from says ${mediaTypes.dockerManifest}`,
      mediaTypes.dockerManifest,
    );
    const { mediaType: _, ...bare } = index;
    refuse(
      bare,
      `manifest manifests: ambiguous: no ${mediaTypes.dockerManifest} has this field`,
      mediaTypes.dockerManifest,
    );
  });

  it("annotations and labels may differ by case, since there it means something", () => {
    expect(parseManifest(json({ ...image, annotations: { a: "1", A: "2" } })).annotations).toEqual({
      a: "1",
      A: "2",
    });
  });
});

describe("the media type", () => {
  it.each(["", "text/plain", "application/json", "application/octet-stream"])(
    "outside of %j says nothing",
    (outside) => {
      expect(parseManifest(json(image), outside).mediaType).toBe(mediaTypes.ociManifest);
      expect(parseManifest(json(index), outside).mediaType).toBe(mediaTypes.ociIndex);
    },
  );

  it("outside counts where there is none inside", () => {
    const { mediaType: _, ...bare } = image;
    expect(
      parseManifest(json({ ...bare, config: { ...config, mediaType: "a/b" } }), mediaTypes.dockerManifest)
        .mediaType,
    ).toBe(mediaTypes.dockerManifest);
  });

  it.each([
    { schemaVersion: 2, mediaType: "application/vnd.oci.artifact.manifest.v1+json", blobs: [] },
    { schemaVersion: 2, manifests: [layer], config: { mediaType: "a/b" } },
  ])("%# is not known: ERR_DRAYAGE_MANIFEST_UNSUPPORTED", (document) => {
    expect(() => parseManifest(json(document))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED" }),
    );
  });

  it("an image where an index is wanted, and the reverse: ERR_DRAYAGE_MANIFEST_UNSUPPORTED", () => {
    expect(parseImageIndex(json(index)).kind).toBe("index");
    expect(() => parseImageIndex(json(image))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED" }),
    );
    expect(() => parseImageManifest(json(index))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED" }),
    );
  });
});

describe("an index", () => {
  it("has images, artifacts and other indexes", () => {
    const nested = {
      mediaType: mediaTypes.ociIndex,
      digest: someDigest("nested"),
      size: 10,
      annotations: { x: "y" },
    };
    const full = {
      ...index,
      manifests: [...index.manifests, nested],
      artifactType: "a/b",
      subject: layer,
      annotations: { k: "v" },
    };
    const parsed = parseImageIndex(json(full));
    expect(parsed.manifests).toEqual(full.manifests);
    expect([parsed.subject, parsed.artifactType, parsed.annotations]).toEqual([layer, "a/b", { k: "v" }]);
  });

  it("of docker has CPU features", () => {
    const platform = { architecture: "amd64", os: "linux", features: ["sse4"] };
    const list = {
      schemaVersion: 2,
      mediaType: mediaTypes.dockerManifestList,
      manifests: [{ ...layer, platform }],
    };
    expect(parseImageIndex(json(list)).manifests[0]?.platform).toEqual(platform);
  });
});

describe("docker v2s1", () => {
  const id = (digit: string): string => digit.repeat(64);
  const entry = (fields: Record<string, unknown>): { v1Compatibility: string } => ({
    v1Compatibility: JSON.stringify(fields),
  });
  const document = {
    schemaVersion: 1,
    name: "library/x",
    tag: "1",
    architecture: "amd64",
    fsLayers: [{ blobSum: someDigest("c") }, { blobSum: someDigest("b") }, { blobSum: someDigest("a") }],
    history: [
      entry({
        id: id("c"),
        parent: id("b"),
        created: "2020-01-01T00:00:00.10Z",
        container_config: { Cmd: ["top"] },
      }),
      entry({ id: id("b"), parent: id("a"), throwaway: true, author: "me" }),
      entry({ id: id("a"), comment: "base", container_config: { Cmd: ["x", "y"] } }),
    ],
  };

  it("has its layers with the base first, of which some are empty", () => {
    const manifest = parseImageManifest(json(document));
    expect(manifest.mediaType).toBe(mediaTypes.dockerV1Manifest);
    expect(manifest.config).toBeUndefined();
    expect(manifest.layers).toEqual([
      { mediaType: "", digest: someDigest("a"), size: -1 },
      { mediaType: "", digest: someDigest("b"), size: -1, emptyLayer: true },
      { mediaType: "", digest: someDigest("c"), size: -1 },
    ]);
    expect(manifest.v1).toMatchObject({ name: "library/x", tag: "1", architecture: "amd64" });
    expect(manifest.v1?.history[0]).toMatchObject({
      id: id("c"),
      created: "2020-01-01T00:00:00.1Z",
      cmd: ["top"],
      throwaway: false,
    });
    expect(manifest.v1?.history[1]).toMatchObject({
      author: "me",
      created: "0001-01-01T00:00:00Z",
      throwaway: true,
    });
  });

  it("with an id that stands twice in a row counts that once, with the older layer", () => {
    const { history, fsLayers } = document;
    const [top, middle, base] = history;
    const twice = {
      ...document,
      history: [top, middle, middle, base],
      fsLayers: [fsLayers[0], { blobSum: someDigest("newer") }, fsLayers[1], fsLayers[2]],
    };
    expect(parseImageManifest(json(twice)).layers).toEqual(parseImageManifest(json(document)).layers);
  });

  it.each(
    table([
      [{ ...document, fsLayers: [], history: [] }, "manifest fsLayers: there is none"],
      [
        { ...document, history: document.history.slice(1) },
        "manifest history: it has 2 entries for 3 layers",
      ],
      [
        { ...document, history: [{ v1Compatibility: "{" }, ...document.history.slice(1)] },
        "manifest history[0].v1Compatibility: the JSON text ends where a name in quotes is expected (line 1, column 2)",
      ],
      [
        { ...document, history: [entry({ id: "x" }), ...document.history.slice(1)] },
        "manifest history[0].v1Compatibility id: it is not 64 lower-case hex digits",
      ],
      [
        { ...document, history: [entry({ id: id("a"), parent: id("b") }), ...document.history.slice(1)] },
        `manifest history[2]: the id ${id("a")} stands at several places`,
      ],
      [
        { ...document, history: [entry({ id: id("c"), parent: id("a") }), ...document.history.slice(1)] },
        `manifest history: the layer ${id("c")} says its parent is "${id("a")}", and the next older layer asks for the parent ${id("b")}`,
      ],
      [
        { ...document, history: [...document.history.slice(0, 2), entry({ id: id("a"), parent: id("f") })] },
        `manifest history: the layer ${id("a")} says its parent is "${id("f")}", and the next older layer asks for no parent`,
      ],
      [
        { ...document, layers: [] },
        `manifest layers: ambiguous: no ${mediaTypes.dockerV1Manifest} has this field`,
      ],
    ]),
  )("$message", ({ document: wrong, message }) => refuse(wrong, message));

  it("that says more than its signatures cover is refused", () => {
    const payload = JSON.stringify(document);
    const header = Buffer.from(
      JSON.stringify({ formatLength: payload.length - 1, formatTail: "fQ" }),
    ).toString("base64url");
    const signatures = `"signatures":[{"header":{},"signature":"","protected":"${header}"}]`;
    const signed = Buffer.from(`${payload.slice(0, -1)},${signatures}}`);
    expect(parseImageManifest(signed).mediaType).toBe(mediaTypes.dockerV1SignedManifest);
    expect(manifestDigest(signed)).toBe(manifestDigest(Buffer.from(payload)));
    refuse(
      Buffer.from(`${payload.slice(0, -1)},${signatures},"more":1}`),
      "manifest more: ambiguous: it is not part of what the manifest's signatures and digest cover",
    );
  });
});

it("no damage to a manifest gets anything but a typed error", () => {
  const bytes = json({ ...image, annotations: { a: "1" } });
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, cut) => {
      const damaged = Uint8Array.from(cut ? bytes.subarray(0, at) : bytes);
      if (!cut) damaged[at] = byte;
      let result: ImageManifest | ImageIndex | undefined;
      try {
        result = parseManifest(damaged);
      } catch (error) {
        expect(error).toMatchObject({
          code: expect.stringMatching(/^ERR_DRAYAGE_(MANIFEST_INVALID|MANIFEST_UNSUPPORTED|LIMIT_EXCEEDED)$/),
        });
      }
      if (result !== undefined) expect(["image", "index"]).toContain(result.kind);
    }),
    { numRuns: 2000 },
  );
});
