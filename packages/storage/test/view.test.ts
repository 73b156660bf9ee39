import { describe, expect, it } from "vitest";
import type { ImageRecord, LayerRecord } from "../src/records/types.ts";
import { createView } from "../src/view/create.ts";

const layer = (id: string, parent?: string): LayerRecord =>
  ({ kind: "layer", id, names: [], parent, incomplete: false, readOnly: false }) as unknown as LayerRecord;
const image = (id: string, top: string | undefined, more: Partial<ImageRecord> = {}): ImageRecord =>
  ({
    ...{ kind: "image", id, layer: top, names: [], mappedLayers: [], readOnly: false, digests: [] },
    ...more,
  }) as unknown as ImageRecord;
const ids = (records: readonly { readonly id: string }[]): readonly string[] => records.map(({ id }) => id);

describe("a view of the records", () => {
  const view = createView({
    layers: [layer("a"), layer("b", "a"), layer("c", "b"), layer("m", "a"), layer("x")],
    images: [
      image("base", "a"),
      image("middle", "b"),
      image("top", "c", { names: ["top"] }),
      image("mapped", "b", { mappedLayers: ["m"], names: ["mapped"] }),
      image("empty", undefined),
    ],
    containers: [],
  });

  it("knows the images whose layers include one, also by mapped copies", () => {
    expect(ids(view.imagesOn("a"))).toEqual(["base", "middle", "top", "mapped"]);
    expect(ids(view.imagesOn("b"))).toEqual(["middle", "top", "mapped"]);
    expect(ids(view.imagesOn("m"))).toEqual(["mapped"]);
    expect(view.imagesOn("x")).toEqual([]);
  });

  it("knows what an image was built on, the nearest first", () => {
    const top = view.image("top");
    expect(ids(view.parents(top))).toEqual(["middle", "mapped", "base"]);
    expect(view.parents(view.image("base"))).toEqual([]);
    expect(view.parents(view.image("empty"))).toEqual([]);
  });

  it("calls those dangling that have no name and that nothing is built on", () => {
    expect(ids(view.dangling())).toEqual(["empty"]);
    expect(ids(view.unreferencedLayers())).toEqual(["x"]);
  });

  it("answers for each of thousands of images on ten thousands of layers, which takes no time", () => {
    const layers: LayerRecord[] = [];
    const images: ImageRecord[] = [];
    for (let number = 0; number < 3000; number++) {
      for (let depth = 0; depth < 15; depth++) {
        layers.push(layer(`${number}/${depth}`, depth === 0 ? undefined : `${number}/${depth - 1}`));
      }
      images.push(image(`${number}`, `${number}/14`));
    }
    const large = createView({ layers, images, containers: [] });
    const found = large.images.map((one) => ({
      images: large.imageLayers(one).reduce((sum, { id }) => sum + large.imagesOn(id).length, 0),
      parents: large.parents(one).length,
    }));
    expect(found.every(({ images: count, parents }) => count === 15 && parents === 0)).toBe(true);
    expect(large.dangling()).toHaveLength(3000);
  });
});
