import { describe, expect, it } from "vitest";
import { guessMediaType, manifestDigest, mediaTypes } from "../src/index.ts";
import { json, someDigest } from "./dir-image.ts";

const descriptor = { mediaType: "x", digest: someDigest("d"), size: 1 };

// What containers/image's GuessMIMEType answers.
describe("guessMediaType", () => {
  it.each<[string, unknown, string]>([
    ["its own docker type", { mediaType: mediaTypes.dockerManifest }, mediaTypes.dockerManifest],
    ["its own list type", { mediaType: mediaTypes.dockerManifestList }, mediaTypes.dockerManifestList],
    ["its own OCI type", { mediaType: mediaTypes.ociManifest, schemaVersion: 1 }, mediaTypes.ociManifest],
    ["its own index type", { mediaType: mediaTypes.ociIndex }, mediaTypes.ociIndex],
    ["schema 1", { schemaVersion: 1 }, mediaTypes.dockerV1Manifest],
    ["schema 1, signed", { schemaVersion: 1, signatures: [] }, mediaTypes.dockerV1SignedManifest],
    ["schema 1, signatures null", { schemaVersion: 1, signatures: null }, mediaTypes.dockerV1Manifest],
    [
      "schema 1 whose type is not trusted",
      { schemaVersion: 1, mediaType: mediaTypes.dockerV1SignedManifest },
      mediaTypes.dockerV1Manifest,
    ],
    [
      "an OCI config",
      { schemaVersion: 2, config: { mediaType: mediaTypes.ociConfig } },
      mediaTypes.ociManifest,
    ],
    [
      "a docker config",
      { schemaVersion: 2, config: { mediaType: mediaTypes.dockerConfig } },
      mediaTypes.dockerManifest,
    ],
    ["manifests", { schemaVersion: 2, manifests: [descriptor] }, mediaTypes.ociIndex],
    [
      "manifests and a config of some kind",
      { schemaVersion: 2, manifests: [descriptor], config: { mediaType: "a/b" } },
      "a/b",
    ],
    ["no manifests", { schemaVersion: 2, manifests: [] }, mediaTypes.ociManifest],
    ["nothing but a version", { schemaVersion: 2 }, mediaTypes.ociManifest],
    ["an artifact's config", { schemaVersion: 2, config: { mediaType: "a/b" } }, mediaTypes.ociManifest],
    ["names in other cases", { SCHEMAVERSION: 2, Manife\u017fts: [descriptor] }, mediaTypes.ociIndex],
    ["version 3", { schemaVersion: 3 }, ""],
    ["no version", {}, ""],
    ["a version that is text", { schemaVersion: "2" }, ""],
    ["a version with a fraction", { schemaVersion: 2.5 }, ""],
    ["a type that is no text", { schemaVersion: 2, mediaType: 1 }, ""],
    ["a config that is no object", { schemaVersion: 2, config: "x" }, ""],
    ["entries of a wrong type", { schemaVersion: 2, manifests: [{ size: "1" }] }, ""],
    ["annotations of a wrong type", { schemaVersion: 2, manifests: [{ annotations: { a: 1 } }] }, ""],
    ["a list", [], ""],
    ["null", null, ""],
  ])("by %s", (_name, document, wanted) => {
    expect(guessMediaType(json(document))).toBe(wanted);
  });

  it("takes the last of several names, as Go does", () => {
    const text = `{"schemaVersion":1,"schemaVersion":2,"mediaType":"${mediaTypes.ociManifest}","MEDIATYPE":"${mediaTypes.ociIndex}"}`;
    expect(guessMediaType(Buffer.from(text))).toBe(mediaTypes.ociIndex);
  });

  it("says nothing of what is no JSON", () => {
    expect(guessMediaType(Buffer.from("<html>"))).toBe("");
    expect(guessMediaType(new Uint8Array())).toBe("");
    expect(guessMediaType(Buffer.from('{"schemaVersion":2} x'))).toBe("");
  });
});

describe("manifestDigest", () => {
  const base64Url = (text: string): string => Buffer.from(text).toString("base64url");
  const sign = (payload: string, header: unknown): Uint8Array => {
    const signature = { header: {}, signature: "", protected: base64Url(JSON.stringify(header)) };
    return Buffer.from(payload.replace(/\n}\n$/, `,\n   "signatures": [${JSON.stringify(signature)}]\n}\n`));
  };
  const payload = '{\n   "schemaVersion": 1,\n   "name": "x"\n}\n';
  const format = { formatLength: payload.length - 3, formatTail: base64Url("\n}\n") };

  it("of signed docker v2s1 is that of the text without signatures", () => {
    expect(manifestDigest(sign(payload, format))).toBe(manifestDigest(Buffer.from(payload)));
    expect(manifestDigest(sign(payload, format), "sha512")).toBe(
      manifestDigest(Buffer.from(payload), "sha512"),
    );
  });

  it("of other manifests is that of the bytes", () => {
    expect(manifestDigest(Buffer.from("{}"))).toBe(
      "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    );
  });

  it.each<[string, unknown]>([
    ["formatLength is missing", { formatTail: "" }],
    ["formatLength is beyond the document", { ...format, formatLength: 100000 }],
    ["formatLength is negative", { ...format, formatLength: -1 }],
    ["formatTail is missing", { formatLength: 1 }],
    ["formatTail is no base64url", { ...format, formatTail: "+" }],
  ])("%s: ERR_DRAYAGE_MANIFEST_INVALID", (_name, header) => {
    expect(() => manifestDigest(sign(payload, header))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_MANIFEST_INVALID" }),
    );
  });

  it("is refused where there are no signatures in the list of them", () => {
    expect(() => manifestDigest(json({ schemaVersion: 1, signatures: [] }))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_MANIFEST_INVALID" }),
    );
  });
});
