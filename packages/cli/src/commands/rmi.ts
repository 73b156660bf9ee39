import { DrayageError, isDrayageError } from "@drayage/errors";
import type { ImageRecord, Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { registriesPlace } from "../registries-place.ts";
import { collectErrors } from "../store/collect-errors.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { RmiFlags } from "./rmi.command.ts";

/** `dray rmi`, as `podman rmi`. */
export async function rmi(this: DrayContext, flags: RmiFlags, ...names: string[]): Promise<void> {
  if (flags.all ? names.length > 0 : names.length === 0) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      flags.all ? "--all takes no names" : "name an image to remove",
      {
        hint: "see dray rmi --help",
      },
    );
  }
  await using store = await openLocalStore(this, flags);
  const options = { env: this.env, ...registriesPlace(flags) };
  const print = (line: string): unknown => this.process.stdout.write(`${line}\n`);
  if (flags.all) {
    await removeAll(this, store, print);
    return;
  }
  await collectErrors(this, names, async (text) => {
    const view = await store.read({ signal: this.signal });
    let found: Awaited<ReturnType<typeof findLocalImage>>;
    try {
      found = await findLocalImage(view, text, options);
    } catch (error) {
      if (flags.ignore && isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return;
      throw error;
    }
    const { image, name } = found;
    if (name !== undefined && image.names.length > 1) {
      await store.removeNames("image", image.id, [name], { signal: this.signal });
      print(`Untagged: ${name}`);
      return;
    }
    if (image.names.length > 1 && !flags.force) throw severalNames(image);
    const parents = flags.noPrune ? [] : view.parents(image);
    await remove(store, image, print, this.signal);
    await removeUnnamed(store, parents, print, this.signal);
  });
}

type Print = (line: string) => unknown;

async function remove(
  store: Store,
  { id, names }: ImageRecord,
  print: Print,
  signal: AbortSignal,
): Promise<void> {
  await store.deleteImage(id, { signal });
  for (const name of names) print(`Untagged: ${name}`);
  print(`Deleted: ${id}`);
}

/** The images that one was built on, as far as they have no name and nothing else needs them. */
async function removeUnnamed(
  store: Store,
  parents: readonly ImageRecord[],
  print: Print,
  signal: AbortSignal,
): Promise<void> {
  for (const { id } of parents) {
    const view = await store.read({ signal });
    const image = view.dangling().find((each) => each.id === id);
    if (image === undefined || image.readOnly || view.containersOf(id).length > 0) return;
    await remove(store, image, print, signal);
  }
}

/** Those that nothing is built on first. */
async function removeAll(context: DrayContext, store: Store, print: Print): Promise<void> {
  const { signal } = context;
  const { images } = await store.read({ signal });
  const own = images.filter(({ readOnly }) => !readOnly);
  await collectErrors(context, own, (image) => remove(store, image, print, signal));
}

function severalNames({ id, names }: ImageRecord): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_IN_USE",
    `the image ${id.slice(0, 12)} has several names: ${names.join(", ")}`,
    { hint: "remove it by its names, or with --force" },
  );
}
