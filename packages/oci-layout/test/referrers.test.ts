import type { Digest } from "@drayage/digest";
import type { Descriptor } from "@drayage/manifest";
import { describe, expect, it } from "vitest";
import { openLayoutSource, resolveLayoutImage } from "../src/index.ts";
import { encode, MemoryLayout, named, ociIndex, ociManifest, sha256 } from "./images.ts";

const empty = { mediaType: "application/vnd.oci.empty.v1+json", digest: sha256("{}"), size: 2 };

/** An artifact about `subject`. */
function artifact(layout: MemoryLayout, subject: Digest, fields: Record<string, unknown> = {}): Descriptor {
  const about = { mediaType: ociManifest, digest: subject, size: 1 };
  const document = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: empty,
    layers: [],
    subject: about,
    ...fields,
  };
  return { mediaType: ociManifest, ...layout.add(document) };
}

async function referrers(layout: MemoryLayout, subject: Digest): Promise<readonly Descriptor[] | undefined> {
  const source = await openLayoutSource({ text: "x" }, { path: "x", position: 0 }, layout);
  return source.referrers?.(subject);
}

describe("the referrers of an image in a layout", () => {
  it("are the manifests and indexes with it for a subject, each once, in the layout's order", async () => {
    const layout = new MemoryLayout();
    const image = layout.image("a");
    const sbom = artifact(layout, image.digest, { artifactType: "sbom", annotations: { a: "b" } });
    const signature = artifact(layout, image.digest);
    const about = { mediaType: ociManifest, digest: image.digest, size: 1 };
    const index = layout.add({ schemaVersion: 2, mediaType: ociIndex, manifests: [sbom], subject: about });
    const other = artifact(layout, sha256("other"));
    layout.index([
      image,
      { ...sbom, ...named("sbom") },
      { ...signature, mediaType: undefined },
      { mediaType: ociIndex, ...index },
      other,
      { mediaType: ociManifest, digest: sha256("absent"), size: 1 },
      { mediaType: ociManifest, digest: "no digest", size: 1 },
      { mediaType: ociManifest, ...layout.add("no manifest") },
      { mediaType: "text/plain", ...layout.add({ subject: about }) },
    ]);
    expect(await referrers(layout, image.digest)).toEqual([
      { ...sbom, artifactType: "sbom", annotations: { a: "b" } },
      { ...signature, artifactType: empty.mediaType },
      { mediaType: ociIndex, ...index },
    ]);
    expect(await referrers(layout, sha256("other"))).toEqual([{ ...other, artifactType: empty.mediaType }]);
    expect(await referrers(layout, sha256("nothing"))).toEqual([]);
  });

  it("are found in indexes within indexes, also in those that name themselves", async () => {
    const layout = new MemoryLayout();
    const image = layout.image("a");
    const sbom = artifact(layout, image.digest);
    const inner = {
      mediaType: ociIndex,
      ...layout.add({ schemaVersion: 2, mediaType: ociIndex, manifests: [sbom] }),
    };
    const outer = layout.add({ schemaVersion: 2, mediaType: ociIndex, manifests: [image, inner] });
    // No bytes hash to a digest within themselves, but a layout may say so.
    const loop = sha256("loop");
    const self = { mediaType: ociIndex, digest: loop, size: 1 };
    layout.blobs.set(loop, encode({ schemaVersion: 2, mediaType: ociIndex, manifests: [self] }));
    layout.index([{ mediaType: ociIndex, ...outer }, self]);
    expect(await referrers(layout, image.digest)).toEqual([{ ...sbom, artifactType: empty.mediaType }]);
  });

  it("are read once", async () => {
    const layout = new MemoryLayout();
    const image = layout.image("a");
    layout.index([image, artifact(layout, image.digest)]);
    const source = await openLayoutSource({ text: "x" }, { path: "x", position: 0 }, layout);
    const first = await source.referrers?.(image.digest);
    layout.blobs.clear();
    expect(await source.referrers?.(image.digest)).toEqual(first);
    expect(first).toHaveLength(1);
  });
});

describe("resolveLayoutImage", () => {
  it("gives what index.json says, without the name", async () => {
    const layout = new MemoryLayout();
    const image = layout.image("a");
    layout.index([{ ...image, ...named("v1"), platform: { os: "linux", architecture: "amd64" } }]);
    const { digest, size } = image as unknown as Descriptor;
    expect(await resolveLayoutImage({ path: "x", name: "v1" }, layout)).toEqual({
      mediaType: ociManifest,
      digest,
      size,
    });
  });

  it("reads a manifest whose type index.json does not say", async () => {
    const layout = new MemoryLayout();
    const { mediaType, ...image } = layout.image("a");
    layout.index([image]);
    expect(await resolveLayoutImage({ path: "x" }, layout)).toEqual({ mediaType, ...image });
  });

  it("gives the index that flat entries stand for", async () => {
    const layout = new MemoryLayout();
    const on = (architecture: string) =>
      layout.image(architecture, { platform: { os: "linux", architecture } });
    layout.index([on("amd64"), on("arm64")]);
    const source = await openLayoutSource({ text: "x" }, { path: "x" }, layout);
    const { bytes, mediaType } = await source.manifest();
    const resolved = await resolveLayoutImage({ path: "x" }, layout);
    expect(resolved).toEqual({
      mediaType,
      size: bytes.length,
      digest: sha256(new TextDecoder().decode(bytes)),
    });
  });

  it("finds no image whose manifest is absent or of another size", async () => {
    const layout = new MemoryLayout();
    const image = layout.image("a");
    layout.index([{ ...image, size: 1 }]);
    await expect(resolveLayoutImage({ path: "x" }, layout)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_SIZE_MISMATCH",
    });
    layout.blobs.delete(image.digest);
    await expect(resolveLayoutImage({ path: "x" }, layout)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_BLOB_NOT_FOUND",
    });
  });
});
