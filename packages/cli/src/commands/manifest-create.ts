import {
  annotateList,
  changeStoredList,
  createStoredList,
  type ListContents,
  noContents,
  readStoredList,
} from "@drayage/composite";
import { DrayageError } from "@drayage/errors";
import type { ImageRecord, Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { openLocations } from "../locations.ts";
import { describedImages } from "../manifest-list/described-images.ts";
import { newName } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { ManifestCreateFlags } from "./manifest-create.command.ts";

/** `dray manifest create`, as `buildah manifest create`. */
export async function manifestCreate(
  this: DrayContext,
  flags: ManifestCreateFlags,
  ...texts: string[]
): Promise<void> {
  const { signal } = this;
  if (flags.amend && flags.replace) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--amend and --replace exclude each other");
  }
  const [text = "", ...images] = texts;
  const name = newName(text);
  const locations = await openLocations(this, flags.plugin);
  await using store = await openLocalStore(this, flags);
  const there = await namedImage(store, name, signal);
  // What cannot be is said before anything is asked for.
  if (there !== undefined && flags.amend) await readStoredList(store, there.id, { signal });
  const add = await describedImages(this, { ...flags, store, locations, texts: images });
  const annotated = (contents: ListContents): ListContents => {
    const { list, ...others } = add(contents);
    return {
      ...others,
      list: annotateList(list, { annotations: Object.fromEntries(flags.annotation ?? []) }),
    };
  };
  const { id } =
    there !== undefined && flags.amend
      ? await changeStoredList(store, there.id, { signal, format: "new", change: annotated })
      : await create(
          store,
          { name, contents: annotated(noContents), replaced: flags.replace ? there : undefined },
          signal,
        );
  this.process.stdout.write(`${id}\n`);
}

async function create(
  store: Store,
  { name, contents, replaced }: { name: string; contents: ListContents; replaced: ImageRecord | undefined },
  signal: AbortSignal,
): Promise<{ readonly id: string }> {
  if (replaced !== undefined) await store.removeNames("image", replaced.id, [name], { signal });
  return createStoredList(store, { name, contents, signal });
}

async function namedImage(store: Store, name: string, signal: AbortSignal): Promise<ImageRecord | undefined> {
  const { images } = await store.read({ signal });
  return images.find(({ names }) => names.includes(name));
}
