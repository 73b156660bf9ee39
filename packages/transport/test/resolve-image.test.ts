import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { describe, expect, it } from "vitest";
import { describeReferrer, resolveImage, type Transport } from "../src/index.ts";
import { errorOf, example } from "./support.ts";

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const subject = { mediaType: mediaTypes.ociManifest, digest: digestBytes(encode("subject")), size: 9 };
const config = { mediaType: "application/vnd.example.config", digest: digestBytes(encode({})), size: 2 };
const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [] };

describe("resolveImage", () => {
  const bytes = encode(manifest);
  const described = { mediaType: mediaTypes.ociManifest, digest: digestBytes(bytes), size: bytes.length };

  function readable(mediaType: string): { readonly transport: Transport; closed(): number } {
    let closed = 0;
    const close = async (): Promise<void> => {
      closed += 1;
    };
    const transport = example({
      openSource: async (reference) => ({
        reference,
        manifest: async () => ({ bytes, mediaType }),
        blob: () => Promise.reject(new Error("no blobs")),
        close,
        [Symbol.asyncDispose]: close,
      }),
    });
    return { transport, closed: () => closed };
  }

  it("asks the transport where it can tell, and opens nothing", async () => {
    const resolved = { mediaType: "x", digest: subject.digest, size: 1 };
    const transport = example({
      resolveImage: async () => resolved,
      openSource: () => Promise.reject(new Error()),
    });
    expect(await resolveImage(transport, transport.parse("x"))).toBe(resolved);
  });

  it("reads the manifest elsewhere, and closes the source", async () => {
    const { transport, closed } = readable(mediaTypes.ociManifest);
    expect(await resolveImage(transport, transport.parse("x"))).toEqual(described);
    expect(closed()).toBe(1);
  });

  it("takes a manifest that is said to be none for what it looks like", async () => {
    const { transport } = readable("text/plain");
    expect(await resolveImage(transport, transport.parse("x"))).toEqual(described);
  });

  it("is refused by a transport that cannot be read", async () => {
    const transport = example();
    const error = await errorOf(() => resolveImage(transport, transport.parse("x")));
    expect(error.code).toBe("ERR_DRAYAGE_TRANSPORT_UNSUPPORTED");
  });
});

describe("describeReferrer", () => {
  const described = (document: unknown, mediaType: string = mediaTypes.ociManifest): unknown =>
    describeReferrer({ bytes: encode(document), mediaType }, subject.digest);

  it("describes a manifest by its artifactType, with its annotations", () => {
    const document = {
      ...manifest,
      artifactType: "application/vnd.example.sbom",
      subject,
      annotations: { a: "b" },
    };
    expect(described(document)).toEqual({
      mediaType: mediaTypes.ociManifest,
      digest: digestBytes(encode(document)),
      size: encode(document).length,
      artifactType: "application/vnd.example.sbom",
      annotations: { a: "b" },
    });
  });

  it("lets the config's type stand in for an artifactType that is not there", () => {
    expect(described({ ...manifest, subject })).toMatchObject({ artifactType: config.mediaType });
  });

  it("goes by what the bytes look like where their type is no manifest's", () => {
    expect(described({ ...manifest, subject }, "text/plain")).toMatchObject({
      mediaType: mediaTypes.ociManifest,
    });
  });

  it("describes an index, too", () => {
    const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [], subject };
    expect(described(index, mediaTypes.ociIndex)).toEqual({
      mediaType: mediaTypes.ociIndex,
      digest: digestBytes(encode(index)),
      size: encode(index).length,
    });
  });

  it("says nothing of what has another subject, or none, or is no manifest", () => {
    const other = { ...subject, digest: config.digest };
    expect(described({ ...manifest, subject: other })).toBeUndefined();
    expect(described(manifest)).toBeUndefined();
    expect(described([1, 2])).toBeUndefined();
  });
});
