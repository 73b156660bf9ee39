import { isDrayageError } from "@drayage/errors";
import { pull as pullImages } from "../commands/pull.ts";
import type { DrayContext } from "../context.ts";
import { durationParser } from "../flags/parsers.ts";
import { registriesPlace } from "../registries-place.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { BuilderPullFlags } from "./manage.command.ts";
import { withMeantPlace } from "./meant-instead.ts";
import { imageNotKnown, refuseLateFlags, said } from "./said.ts";

const policies: ReadonlySet<string> = new Set(["always", "missing", "never", "newer", "ifnewer"]);

/** `buildah pull` */
export async function pull(this: DrayContext, flags: BuilderPullFlags, ...words: string[]): Promise<void> {
  const [text] = words;
  if (text === undefined) throw said("an image name must be specified");
  refuseLateFlags(words);
  if (words.length > 1) throw said("too many arguments specified");
  const {
    policy: when = "missing",
    decryptionKey: _,
    platform,
    signaturePolicy,
    retry,
    retryDelay,
    ...rest
  } = flags;
  if (!policies.has(when))
    throw said(`unsupported pull policy ${JSON.stringify(when)}`, [...policies].join(", "));
  if (when === "never" || (when === "missing" && !flags.allTags && !text.includes("://"))) {
    const id = await idInStore(this, flags, { text, isNeeded: when === "never" });
    if (id !== undefined) {
      this.process.stdout.write(`${id}\n`);
      return;
    }
  }
  const ownFlags = {
    ...rest,
    ...(platform?.[0] === undefined ? {} : { platform: platform[0] }),
    ...(signaturePolicy === undefined ? {} : { policy: signaturePolicy }),
    ...(retry === undefined ? {} : { retryTimes: retry }),
    ...(retryDelay === undefined ? {} : { retryDelay: durationParser(retryDelay) }),
  };
  try {
    await pullImages.call(this, ownFlags, text);
  } catch (error) {
    throw await withMeantPlace(this, { text, error, plugins: flags.plugin });
  }
}

async function idInStore(
  context: DrayContext,
  flags: BuilderPullFlags,
  { text, isNeeded }: { readonly text: string; readonly isNeeded: boolean },
): Promise<string | undefined> {
  const { env, signal } = context;
  await using store = await openLocalStore(context, flags);
  try {
    const view = await store.read({ signal });
    return (await findLocalImage(view, text, { env, ...registriesPlace(flags) })).image.id;
  } catch (error) {
    if (!isNeeded && isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return undefined;
    throw imageNotKnown(text, error);
  }
}
