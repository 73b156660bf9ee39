import { isStoredList, readStoredList } from "@drayage/composite";
import { pushList } from "../commands/manifest-push.ts";
import { pushFound } from "../commands/push.ts";
import type { DrayContext } from "../context.ts";
import { durationParser } from "../flags/parsers.ts";
import { registriesPlace } from "../registries-place.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { SharedPushFlags } from "../store/push-flags.ts";
import type { BuilderPushFlags } from "./manage.command.ts";
import { imageNotKnown, refuseLateFlags, said, saidWhile } from "./said.ts";

/** `buildah push` */
export async function push(this: DrayContext, flags: BuilderPushFlags, ...words: string[]): Promise<void> {
  const [text, to] = words;
  if (text === undefined) throw said("at least a source image ID must be specified");
  refuseLateFlags(words);
  if (words.length > 2) throw said("Only two arguments are necessary to push: source and destination");
  const shared = sharedFlags(flags);
  const format = formatOf(flags.format);
  try {
    await pushAny(this, { ...flags, shared, format }, text, to);
  } catch (error) {
    const destination = to ?? `docker://${text}`;
    throw saidWhile(
      `pushing image ${JSON.stringify(text)} to ${JSON.stringify(destination)}`,
      imageNotKnown(text, error),
    );
  }
}

type Format = "oci" | "v2s1" | "v2s2";

interface Wishes extends Pick<BuilderPushFlags, "all" | "rm"> {
  readonly shared: SharedPushFlags;
  readonly format: Format | undefined;
}

/** An image; a list with `--all`, with all its images, and otherwise the image of it for this machine, as buildah has it. */
async function pushAny(
  context: DrayContext,
  { shared, format, all = false, rm = false }: Wishes,
  text: string,
  to: string | undefined,
): Promise<void> {
  const { env, signal } = context;
  await using store = await openLocalStore(context, shared);
  const view = await store.read({ signal });
  const found = await findLocalImage(view, text, { env, ...registriesPlace(shared) });
  if (!isStoredList(found.image)) {
    await pushFound(context, { ...shared, ...(format && { format }) }, { store, found, to });
    return;
  }
  if (format === "v2s1") throw unknownFormat(format, "'oci' or 'v2s2'");
  const stored = await readStoredList(store, found.image.id, { signal });
  await pushList(
    context,
    { ...shared, ...(format && { format }), rm },
    { store, found: { ...found, stored }, to, images: all ? "all" : "system" },
  );
}

/** The flags as `dray push` calls them. */
function sharedFlags(flags: BuilderPushFlags): SharedPushFlags {
  const { signaturePolicy, retry, retryDelay, compressionFormat, disableCompression, ...rest } = flags;
  const { all: _all, rm: _rm, format: _format, ...plain } = rest;
  return {
    ...plain,
    ...compressionOf(compressionFormat),
    // As buildah has it, in folders alone: registries and layouts get compressed layers in any case.
    compress: disableCompression !== true,
    ...(signaturePolicy === undefined ? {} : { policy: signaturePolicy }),
    ...(retry === undefined ? {} : { retryTimes: retry }),
    ...(retryDelay === undefined ? {} : { retryDelay: durationParser(retryDelay) }),
  };
}

function formatOf(text: string | undefined): Format | undefined {
  switch (text) {
    case undefined:
    case "":
      return undefined;
    case "oci":
    case "v2s1":
    case "v2s2":
      return text;
    case "docker":
      return "v2s2";
    default:
      throw unknownFormat(text, "'oci', 'v2s1', or 'v2s2'");
  }
}

function unknownFormat(text: string, supported: string): Error {
  return said(`unknown format ${JSON.stringify(text)}. Choose on of the supported formats: ${supported}`);
}

function compressionOf(text: string | undefined): { readonly compressionFormat?: "gzip" | "zstd" } {
  if (text === undefined || text === "") return {};
  if (text === "gzip" || text === "zstd") return { compressionFormat: text };
  throw said(`--compression-format: choose gzip or zstd, not ${JSON.stringify(text)}`);
}
