import { DrayageError, isDrayageError } from "@drayage/errors";
import { isIndexMediaType, RawJson } from "@drayage/manifest";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { openLocations } from "../locations.ts";
import { findList } from "../manifest-list/find-list.ts";
import { inspection } from "../manifest-list/inspection.ts";
import { listedImage, withSource } from "../manifest-list/listed-image.ts";
import { goIndentedJson } from "../output/json.ts";
import { imageOptions } from "../source-options.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { ManifestInspectFlags } from "./manifest-inspect.command.ts";

/** `dray manifest inspect LIST` */
export async function manifestInspect(
  this: DrayContext,
  flags: ManifestInspectFlags,
  text: string,
): Promise<void> {
  await using store = await openLocalStore(this, flags);
  const shown = (await ofStore(this, store, flags, text)) ?? (await elsewhere(this, store, flags, text));
  this.process.stdout.write(goIndentedJson(shown));
}

async function ofStore(
  context: DrayContext,
  store: Store,
  flags: ManifestInspectFlags,
  text: string,
): Promise<object | undefined> {
  try {
    return inspection((await findList(context, store, { ...flags, text })).stored);
  } catch (error) {
    const isElsewhere =
      isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND") ||
      isDrayageError(error, "ERR_DRAYAGE_MANIFEST_UNSUPPORTED");
    if (isElsewhere) return undefined;
    throw error;
  }
}

async function elsewhere(
  context: DrayContext,
  store: Store,
  flags: ManifestInspectFlags,
  text: string,
): Promise<RawJson> {
  const locations = await openLocations(context, flags.plugin);
  const image = await listedImage(context, text, {
    ...flags,
    store,
    locations,
    members: "nested",
    platform: undefined,
  });
  const { bytes, mediaType } = await withSource(image, imageOptions(context, flags), (source) =>
    source.manifest(undefined, { signal: context.signal }),
  );
  if (isIndexMediaType(mediaType)) return new RawJson(bytes);
  throw new DrayageError(
    "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    `${text} is no list: its manifest is ${mediaType}`,
    {
      hint: "dray inspect --raw IMAGE shows it",
    },
  );
}
