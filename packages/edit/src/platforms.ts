import { type Descriptor, type ImageConfig, type Platform, parseConfig } from "@drayage/manifest";
import type { EditableImage, ImageEdit } from "./image.ts";

/** Whether an image is one that is wished for: a wish without a variant takes any. */
export function suits(wish: Platform, platform: Platform): boolean {
  const { os, architecture, variant } = wish;
  const sameVariant = variant === undefined || (platform.variant ?? usual[architecture] ?? "") === variant;
  return platform.os === os && platform.architecture === architecture && sameVariant;
}

const usual: Readonly<Record<string, string>> = { arm64: "v8", arm: "v7" };

/** What the index says of an image after its edit: another platform, where the config says another. */
export function entryAfter({ entry, config }: EditableImage, edit: ImageEdit): Descriptor | undefined {
  if (entry === undefined) return undefined;
  const { entryAnnotations: annotations } = edit;
  const platform =
    edit.config === undefined ? undefined : movedPlatform(entry.platform, config, parseConfig(edit.config));
  return { ...entry, ...(annotations && { annotations }), ...(platform && { platform }) };
}

function movedPlatform(
  named: Platform | undefined,
  before: ImageConfig,
  after: ImageConfig,
): Platform | undefined {
  const was = fullPlatform(before);
  const is = fullPlatform(after);
  if (named === undefined || JSON.stringify(was) === JSON.stringify(is)) return undefined;
  const { variant: _, "os.version": __, "os.features": ___, ...kept } = named;
  return { ...kept, ...is };
}

function fullPlatform({
  os,
  architecture,
  variant,
  "os.version": version,
  "os.features": features,
}: ImageConfig): Platform {
  return {
    architecture,
    os,
    ...(version && { "os.version": version }),
    ...(features && features.length > 0 && { "os.features": features }),
    ...(variant && { variant }),
  };
}
