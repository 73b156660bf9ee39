import { bytesBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import type { ImageSource, RawManifest } from "@drayage/transport";
import { describe, expect, it } from "vitest";
import { append, mutate, scratchSource, squash } from "../src/index.ts";
import {
  describe as descriptorOf,
  type Files,
  imageOf,
  indexOf,
  json,
  layerOf,
  readBack,
  sourceOf,
} from "./support/images.ts";

describe("edits of indexes", () => {
  it("that stand in themselves end", async () => {
    const mediaType = mediaTypes.ociIndex;
    const index: RawManifest = {
      mediaType,
      bytes: json({ schemaVersion: 2, mediaType, manifests: [descriptorOf(mediaType, json({}))] }),
    };
    let asked = 0;
    const source: ImageSource = {
      ...sourceOf(imageOf({})),
      async manifest() {
        asked += 1;
        return index;
      },
    };
    await expect(mutate(source, { config: { user: "me" } })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
    expect(asked).toBeLessThan(16);
  });

  it("have no annotations where they are docker's lists", async () => {
    const image = imageOf({ format: "docker" });
    const mediaType = mediaTypes.dockerManifestList;
    const text = Buffer.from(indexOf([image]).bytes)
      .toString()
      .replace(mediaTypes.ociIndex, mediaType);
    const list = sourceOf(image, { bytes: new Uint8Array(Buffer.from(text)), mediaType });
    const refused = mutate(list, {}, { index: { set: { a: "1" } } });
    await expect(refused).rejects.toMatchObject({ code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED" });
  });
});

it("a config that was in its manifest, too, is not there any more once it is another", async () => {
  const image = imageOf({ layers: [await layerOf({ a: "1" })] });
  const document = JSON.parse(Buffer.from(image.manifest.bytes).toString()) as { config: { digest: string } };
  const [, config] = [...image.blobs].find(([digest]) => digest === document.config.digest) ?? [];
  const data = Buffer.from(config ?? []).toString("base64");
  const bytes = json({ ...document, config: { ...document.config, data } });
  const embedded = { ...image, manifest: { ...image.manifest, bytes }, digest: digestBytes(bytes) };
  await using edited = await mutate(sourceOf(embedded), { config: { user: "me" } });
  const { manifest } = await readBack(edited.source);
  expect(manifest.config?.digest).not.toBe(document.config.digest);
  expect(manifest.config).not.toHaveProperty("data");
  await using same = await mutate(sourceOf(embedded), {});
  expect((await readBack(same.source)).manifest.config?.data).toBe(data);
});

const hidden: readonly [what: string, files: Files, link: string][] = [
  ["that was taken away", { ".wh.f": "" }, "f"],
  ["in a folder that was taken away", { ".wh.d": "" }, "d/f"],
  ["in a folder that was emptied", { "d/.wh..wh..opq": "" }, "d/f"],
  ["in a folder that became a file", { d: "" }, "d/f"],
];
it.each(hidden)("a hard link does not bring back a file of below %s", async (_, files, link) => {
  const layers = [{ f: "1", "d/f": "2" }, files, { hard: `=> ${link}` }];
  const source = sourceOf(imageOf({ layers: await Promise.all(layers.map((one) => layerOf(one))) }));
  await expect(squash(source, { fromLayer: 2 })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_ARCHIVE_INVALID",
  });
});

it("a tar without a byte, as a pipe gives it whose writer has failed, is no layer", async () => {
  const empty = append(scratchSource({ created: new Date(0) }), [{ tar: bytesBlob(new Uint8Array()) }]);
  await expect(empty).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
});
