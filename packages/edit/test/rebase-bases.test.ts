import { digestBytes } from "@drayage/digest";
import { describe, expect, it } from "vitest";
import { type RebaseOptions, rebase } from "../src/index.ts";
import { type ImageInput, imageOf, layerOf, readBack, sourceOf, type TestImage } from "./support/images.ts";

const one = await layerOf({ base: "old" });
const two = await layerOf({ base: "new" });
const own = await layerOf({ app: "1" });

type Annotations = Readonly<Record<string, string>>;

describe("rebase, of annotations", () => {
  const created = "org.opencontainers.image.created";
  async function annotated(
    said: { readonly base: Annotations; readonly ours: Annotations; readonly theirs: Annotations },
    options: Partial<RebaseOptions> = {},
  ): Promise<Annotations> {
    const newImage = imageOf({ layers: [two], annotations: said.theirs });
    await using edited = await rebase(sourceOf(imageOf({ layers: [one, own], annotations: said.ours })), {
      oldBase: sourceOf(imageOf({ layers: [one], annotations: said.base })),
      newBase: sourceOf(newImage),
      ...options,
    });
    const { "org.opencontainers.image.base.digest": digest, ...others } =
      (await readBack(edited.source)).manifest.annotations ?? {};
    expect(digest).toBe(newImage.digest);
    return others;
  }

  it("those that the image has of its base follow it, but for when it was made", async () => {
    const base = { version: "1", [created]: "2024-01-01T00:00:00Z", same: "s", gone: "g", own: "1" };
    const ours = { ...base, [created]: "2024-02-02T00:00:00Z", own: "2", more: "m" };
    const theirs = { version: "2", [created]: "2024-03-03T00:00:00Z", same: "s", new: "n", own: "1" };
    expect(await annotated({ base, ours, theirs })).toEqual({
      version: "2",
      [created]: "2024-02-02T00:00:00Z",
      same: "s",
      own: "2",
      more: "m",
    });
  });

  it("both changed are named, unless it is said whose count", async () => {
    const said = { base: { "a b": "1" }, ours: { "a b": "2" }, theirs: { "a b": "3" } };
    await expect(annotated(said)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONFLICT",
      message: 'the image for linux/amd64 and the new base both changed annotations["a b"]',
    });
    expect(await annotated(said, { conflicts: "ours" })).toEqual({ "a b": "2" });
    expect(await annotated(said, { conflicts: "theirs" })).toEqual({ "a b": "3" });
  });

  it("the name of a base that is another now is not kept", async () => {
    const ours = { "org.opencontainers.image.base.name": "example.com/base:1", other: "o" };
    expect(await annotated({ base: {}, ours, theirs: {} })).toEqual({ other: "o" });
  });
});

describe("rebase refuses", () => {
  async function upon(newImage: TestImage, input: ImageInput = {}): Promise<void> {
    const options = { oldBase: sourceOf(imageOf({ layers: [one] })), newBase: sourceOf(newImage) };
    await using _ = await rebase(sourceOf(imageOf({ layers: [one, own], ...input })), options);
  }

  it("a new base whose config tells of other layers than its manifest", async () => {
    const rootfs = { type: "layers", diff_ids: [two.diffId, one.diffId] };
    await expect(upon(imageOf({ layers: [two], more: { rootfs } }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONFIG_INVALID",
    });
  });

  it("a layer that may not be given to others, where the image's format has no name for it", async () => {
    const image = imageOf({ layers: [two] });
    const text = Buffer.from(image.manifest.bytes).toString();
    const bytes = new Uint8Array(Buffer.from(text.replace("layer.v1.tar", "layer.nondistributable.v1.tar")));
    const foreign = { ...image, manifest: { ...image.manifest, bytes }, digest: digestBytes(bytes) };
    await upon(foreign);
    await expect(upon(foreign, { format: "docker" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
    });
  });
});
