import type { Descriptor, PlatformWish } from "@drayage/manifest";
import { type ImageSource, requireAbility, resolveImage } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { chosenPlatform } from "../platform-wish.ts";
import { resolveSource } from "../source-location.ts";
import { imageOptions } from "../source-options.ts";
import type { DigestFlags } from "./digest.command.ts";

type Named = Pick<Descriptor, "mediaType" | "digest" | "size">;

/** `dray digest` */
export async function digest(this: DrayContext, flags: DigestFlags, image: string): Promise<void> {
  const options = imageOptions(this, flags);
  await using location = await resolveSource(this, flags, { text: image, what: "digest" });
  const { transport, reference } = location;
  const platform = chosenPlatform(flags);
  let found: Named;
  if (platform === undefined) {
    found = await resolveImage(transport, reference, options);
  } else {
    await using source = await requireAbility(transport, "openSource").openSource(reference, options);
    found = await imageFor(source, { platform, signal: this.signal });
  }
  const { mediaType, digest: text, size } = found;
  this.process.stdout.write(
    flags.json ? `${JSON.stringify({ mediaType, digest: text, size }, null, 4)}\n` : `${text}\n`,
  );
}

/** The image of an index that suits a platform; what is no index is taken as it is. */
async function imageFor(
  source: ImageSource,
  options: { readonly platform: PlatformWish; readonly signal: AbortSignal },
): Promise<Named> {
  const { inspectImage } = await import("@drayage/copy");
  const { instances, image, manifest, digest: own } = await inspectImage(source, options);
  const chosen = instances?.find((instance) => instance.digest === image?.digest);
  return chosen ?? { mediaType: manifest.mediaType, digest: own, size: manifest.bytes.length };
}
