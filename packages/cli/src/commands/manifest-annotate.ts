import {
  annotateEntry,
  annotateList,
  changeStoredList,
  type ListContents,
  subjectOf,
} from "@drayage/composite";
import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { DrayContext } from "../context.ts";
import { openLocations } from "../locations.ts";
import { entryChanges } from "../manifest-list/entry-flags.ts";
import { findList } from "../manifest-list/find-list.ts";
import { findListEntry } from "../manifest-list/find-list-entry.ts";
import { listedImage, withSource } from "../manifest-list/listed-image.ts";
import { registriesPlace } from "../registries-place.ts";
import { imageOptions } from "../source-options.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { ManifestAnnotateFlags } from "./manifest-annotate.command.ts";

/** `dray manifest annotate`, as `buildah manifest annotate`. */
export async function manifestAnnotate(
  this: DrayContext,
  flags: ManifestAnnotateFlags,
  ...texts: string[]
): Promise<void> {
  const [name = "", entry, ...others] = texts;
  const ofList = flags.index === true || flags.subject !== undefined;
  if (others.length > 0 || (entry === undefined && !ofList)) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "name a list, and one of its entries", {
      hint: "or annotate the list itself with --index",
    });
  }
  const { signal } = this;
  const locations = await openLocations(this, flags.plugin);
  await using store = await openLocalStore(this, flags);
  const { stored } = await findList(this, store, { ...flags, text: name });
  const opened = imageOptions(this, flags);
  const places = { store, locations, ...registriesPlace(flags) };
  const digest =
    entry === undefined ? undefined : await findListEntry(this, stored, { ...places, text: entry, opened });
  const subject =
    flags.subject === undefined
      ? undefined
      : await withSource(
          await listedImage(this, flags.subject, { ...places, members: "nested", platform: undefined }),
          opened,
          (source) => subjectOf(source, { signal }),
        );
  const { annotations, ...platform } = entryChanges(flags);
  const change = ({ list, ...rest }: ListContents): ListContents => {
    const whole = annotateList(list, { annotations: ofList ? annotations : undefined, subject });
    return { ...rest, list: digest === undefined ? whole : annotateOne(whole, digest) };
  };
  const annotateOne = (list: ListContents["list"], of: Digest): ListContents["list"] =>
    annotateEntry(list, of, { ...platform, annotations: ofList ? undefined : annotations });
  const { id } = await changeStoredList(store, stored.id, { signal, change });
  this.process.stdout.write(`${id}${digest === undefined ? "" : `: ${digest}`}\n`);
}
