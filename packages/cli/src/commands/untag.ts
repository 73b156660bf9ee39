import { DrayageError } from "@drayage/errors";
import { formatReference } from "@drayage/reference";
import type { ImageRecord } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { registriesPlace } from "../registries-place.ts";
import { type FindLocalOptions, findLocalImage, localCandidates } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { StoreFlags } from "../store/store-flags.ts";

/** `dray untag IMAGE [NAME…]` */
export async function untag(this: DrayContext, flags: StoreFlags, ...texts: string[]): Promise<void> {
  const [text = "", ...given] = texts;
  const { env, signal } = this;
  const options = { env, ...registriesPlace(flags) };
  await using store = await openLocalStore(this, flags);
  const { image } = await findLocalImage(await store.read({ signal }), text, options);
  const asked: string[] = [];
  for (const each of given) asked.push(await nameOf(image, each, options));
  const names = given.length === 0 ? image.names : asked;
  await store.removeNames("image", image.id, names, { signal });
  for (const name of names) this.process.stdout.write(`Untagged: ${name}\n`);
}

async function nameOf(image: ImageRecord, text: string, options: FindLocalOptions): Promise<string> {
  const candidates = [text, ...(await localCandidates(text, options)).map(formatReference)];
  const found = candidates.find((name) => image.names.includes(name));
  if (found !== undefined) return found;
  throw new DrayageError(
    "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    `the image ${image.id.slice(0, 12)} has no name ${JSON.stringify(text)}`,
    { hint: image.names.length === 0 ? "it has no name" : `it has ${image.names.join(", ")}` },
  );
}
