import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { randomImage, randomLayer, type SampleImage, type SampleLayer, writeImage } from "@drayage/testkit";
import { ociDir } from "@drayage/transport-oci-dir";

/** A layout with an image `app`, what it stands upon as `old`, and another base as `new`; and a tar beside it. */
export interface EditSamples {
  readonly layout: string;
  /** Not compressed. */
  readonly tar: string;
  readonly images: Readonly<Record<"app" | "new" | "old", SampleImage>>;
  /** A layer that the images do not have. */
  readonly more: SampleLayer;
}

export interface EditSamplesOptions {
  /** About how large a layer is, in bytes. */
  readonly layerSize?: number | undefined;
  readonly format?: "oci" | "docker" | undefined;
  readonly compression?: "gzip" | "none" | "zstd" | undefined;
}

/** Writes them into a folder, the same each time. */
export async function writeEditSamples(
  folder: string,
  { layerSize = 6000, format = "oci", compression = "gzip" }: EditSamplesOptions = {},
): Promise<EditSamples> {
  const [one, two, three, own, more] = await Promise.all([
    sample("one"),
    sample("two"),
    sample("three"),
    sample("own"),
    sample("more"),
  ]);
  function sample(seed: string): Promise<SampleLayer> {
    return randomLayer({ seed, files: 3, fileSize: layerSize / 3, compression });
  }
  const layout = path.join(folder, "layout");
  const tar = path.join(folder, "more.tar");
  mkdirSync(folder, { recursive: true });
  writeFileSync(tar, more.tar);
  const made = async (layers: readonly SampleLayer[]): Promise<SampleImage> =>
    randomImage({ seed: "edited", layers, format });
  const images = { old: await made([one]), new: await made([two, three]), app: await made([one, own]) };
  const layouts = ociDir();
  for (const [name, image] of Object.entries(images)) {
    await using destination = await layouts.openDestination(layouts.parse(`${layout}:${name}`));
    await writeImage(destination, image);
  }
  return { layout, tar, images, more };
}

export type Edit = "append" | "flatten" | "mutate" | "normalize" | "rebase" | "squash";

/** Command lines that edit, but for SOURCE and DESTINATION. `at` gives a reference to an image of the samples. */
export function editLines(
  tar: string,
  at: (name: "new" | "old") => string,
): Readonly<Record<Edit, readonly string[]>> {
  return {
    append: ["append", "--quiet", "--layer", tar],
    rebase: ["rebase", "--quiet", "--conflicts", "ours", "--old-base", at("old"), "--new-base", at("new")],
    mutate: ["mutate", "--quiet", "--env", "EDITED=yes"],
    flatten: ["flatten", "--quiet"],
    squash: ["squash", "--quiet", "--from-layer", "1"],
    normalize: ["normalize", "--quiet"],
  };
}
