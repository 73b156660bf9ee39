import {
  amendStoredList,
  annotateList,
  createStoredList,
  type ListChange,
  noContents,
  readStoredList,
} from "@drayage/composite";
import { DrayageError } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { openLocations } from "../locations.ts";
import { withOwnNames } from "../manifest-list/buildah-flags.ts";
import { describedImages } from "../manifest-list/described-images.ts";
import { newName } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { ManifestCreateFlags } from "./manifest-create.command.ts";

/** `dray manifest create`, as `buildah manifest create`. */
export async function manifestCreate(
  this: DrayContext,
  given: ManifestCreateFlags,
  ...texts: string[]
): Promise<void> {
  const flags = withOwnNames(given);
  const { signal } = this;
  if (flags.amend && flags.replace) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--amend and --replace exclude each other");
  }
  const [text = "", ...images] = texts;
  const name = newName(text);
  const locations = await openLocations(this, flags.plugin);
  await using store = await openLocalStore(this, flags);
  // What cannot be is said before anything is asked for.
  if (flags.amend) await requireList(store, name, signal);
  const add = await describedImages(this, { ...flags, store, locations, texts: images });
  const change: ListChange = (before) => {
    const { list, ...others } = add(before);
    return {
      ...others,
      list: annotateList(list, { annotations: Object.fromEntries(flags.annotation ?? []) }),
    };
  };
  const { id } = flags.amend
    ? await amendStoredList(store, { name, change, signal })
    : await createStoredList(store, { name, contents: change(noContents), replace: flags.replace, signal });
  this.process.stdout.write(`${id}\n`);
}

/** Throws where an image that is no list has the name. */
async function requireList(store: Store, name: string, signal: AbortSignal): Promise<void> {
  const { images } = await store.read({ signal });
  const there = images.find(({ names }) => names.includes(name));
  if (there !== undefined) await readStoredList(store, there.id, { signal });
}
