import { describeImages, type ListContents, withImages } from "@drayage/composite";
import type { Descriptor, PlatformWish } from "@drayage/manifest";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import type { ConnectionFlags, RetryFlags } from "../flags/connection-flags.ts";
import type { GlobalFlags } from "../global-flags.ts";
import type { Locations } from "../locations.ts";
import { platformWish } from "../platform-wish.ts";
import { imageOptions } from "../source-options.ts";
import { type ListedImage, listedImage, withSource } from "./listed-image.ts";

type Flags = GlobalFlags &
  ConnectionFlags<""> &
  RetryFlags & {
    readonly all?: boolean | undefined;
    readonly nested?: boolean | undefined;
    readonly arch?: string | undefined;
    readonly os?: string | undefined;
    readonly variant?: string | undefined;
  };

interface DescribedOptions extends Flags {
  readonly store: Store;
  readonly locations: Locations;
  readonly texts: readonly string[];
}

/** Images that were read, to be added to a list: that takes no time. */
export type AddImages = ((contents: ListContents) => ListContents) & {
  readonly entries: readonly Descriptor[];
};

/** Reads what a list has to say of images. */
export async function describedImages(context: DrayContext, options: DescribedOptions): Promise<AddImages> {
  const { signal } = context;
  const platform = wish(options);
  const members = options.nested ? "nested" : options.all ? "all" : "system";
  const found: { readonly image: ListedImage; readonly entries: readonly Descriptor[] }[] = [];
  for (const text of options.texts) {
    const image = await listedImage(context, text, { ...options, members, platform });
    const entries = await withSource(image, imageOptions(context, options), (source) =>
      describeImages(source, { members, platform, signal }),
    );
    found.push({ image, entries });
  }
  const add = (contents: ListContents): ListContents =>
    found.reduce((before, { image, entries }) => withImages(before, entries, image.placeOf), contents);
  return Object.assign(add, { entries: found.flatMap(({ entries }) => entries) });
}

function wish({ arch, os, variant, ...flags }: Flags): PlatformWish | undefined {
  return platformWish({
    overrideArch: arch || flags.overrideArch,
    overrideOs: os || flags.overrideOs,
    overrideVariant: variant || flags.overrideVariant,
  });
}
