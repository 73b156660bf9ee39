import { DrayageError, isDrayageError } from "@drayage/errors";
import type { ImageRecord, Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { registriesPlace } from "../registries-place.ts";
import { type FoundImage, findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { BuilderRmiFlags } from "./manage.command.ts";
import { imageNotKnown, refuseLateFlags, said } from "./said.ts";

/** `buildah rmi` */
export async function rmi(this: DrayContext, flags: BuilderRmiFlags, ...names: string[]): Promise<void> {
  checkArguments(flags, names);
  await using store = await openLocalStore(this, flags);
  const removal = new Removal(store, this.signal, flags.force === true);
  if (names.length > 0) await removeNamed(this, { removal, store, names, flags });
  else await removeAll(removal, store, flags);
  for (const name of removal.untagged) this.process.stdout.write(`untagged: ${name}\n`);
  for (const id of removal.removed) this.process.stdout.write(`${id}\n`);
  throwAll(removal.errors);
}

function checkArguments(flags: BuilderRmiFlags, names: readonly string[]): void {
  const { all, prune } = flags;
  if (names.length === 0 && !all && !prune) throw said("image name or ID must be specified");
  if (names.length > 0 && all) {
    throw said("when using the --all switch, you may not pass any images names or IDs");
  }
  if (all && prune) throw said("when using the --all switch, you may not use --prune switch");
  if (names.length > 0 && prune) {
    throw said("when using the --prune switch, you may not pass any images names or IDs");
  }
  refuseLateFlags(names);
}

interface Named {
  readonly removal: Removal;
  readonly store: Store;
  readonly names: readonly string[];
  readonly flags: BuilderRmiFlags;
}

/** What is not there is told of at the end: the others go. */
async function removeNamed(
  { env, signal }: DrayContext,
  { removal, store, names, flags }: Named,
): Promise<void> {
  const view = await store.read({ signal });
  const found: FoundImage[] = [];
  for (const name of names) {
    try {
      found.push(await findLocalImage(view, name, { env, ...registriesPlace(flags) }));
    } catch (error) {
      removal.errors.push(imageNotKnown(name, error));
    }
  }
  for (const { image, name } of found) await removal.attempt(() => removal.removeByName(image.id, name));
}

async function removeAll(removal: Removal, store: Store, flags: BuilderRmiFlags): Promise<void> {
  const view = await store.read();
  const images = flags.prune ? view.dangling() : view.images;
  for (const { id, readOnly } of images) {
    if (!readOnly) await removal.attempt(() => removal.remove(id));
  }
}

/** Removes images, and remembers what became of them: it is printed when all are done. */
class Removal {
  readonly untagged: string[] = [];
  readonly removed: string[] = [];
  readonly errors: unknown[] = [];
  readonly #store: Store;
  readonly #signal: AbortSignal;
  readonly #force: boolean;

  constructor(store: Store, signal: AbortSignal, force: boolean) {
    this.#store = store;
    this.#signal = signal;
    this.#force = force;
  }

  async attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (isDrayageError(error, "ERR_DRAYAGE_ABORTED")) throw error;
      this.errors.push(error);
    }
  }

  /** Of an image with several names, only the one that was given goes; by its ID it goes only by force. */
  async removeByName(id: string, name: string | undefined): Promise<void> {
    const image = await this.#find(id);
    if (image === undefined) return;
    if (name !== undefined && image.names.length > 1) {
      await this.#store.removeNames("image", id, [name], { signal: this.#signal });
      this.untagged.push(name);
      return;
    }
    if (image.names.length > 1 && !this.#force) throw severalNames(image);
    await this.remove(id);
  }

  /** Removes an image, by force its containers before it, and afterwards those without a name that it was built on. */
  async remove(id: string): Promise<void> {
    const view = await this.#store.read({ signal: this.#signal });
    const image = view.images.find((each) => each.id === id);
    if (image === undefined) return;
    if (this.#force) {
      for (const container of view.containersOf(id)) {
        await this.#store.deleteContainer(container.id, { signal: this.#signal });
      }
    }
    const [parent] = view.parents(image);
    await this.#store.deleteImage(id, { signal: this.#signal });
    this.untagged.push(...image.names);
    this.removed.push(id);
    if (parent === undefined) return;
    const after = await this.#store.read({ signal: this.#signal });
    const isUnused = after.dangling().some((each) => each.id === parent.id);
    if (isUnused && !parent.readOnly && after.containersOf(parent.id).length === 0)
      await this.remove(parent.id);
  }

  async #find(id: string): Promise<ImageRecord | undefined> {
    const { images } = await this.#store.read({ signal: this.#signal });
    return images.find((each) => each.id === id);
  }
}

function severalNames({ id, names }: ImageRecord): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_IN_USE",
    `unable to delete image ${JSON.stringify(id)} by ID with more than one tag ([${names.join(" ")}]): please force removal`,
  );
}

/** Several errors in one line, counted as buildah counts them. */
function throwAll(errors: readonly unknown[]): void {
  const [first] = errors;
  if (first === undefined) return;
  const texts = errors.map((error) => `* ${error instanceof Error ? error.message : String(error)}`);
  const count = `${errors.length} error${errors.length === 1 ? "" : "s"} occurred:`;
  const code = isDrayageError(first) ? first.code : "ERR_DRAYAGE_USAGE";
  throw new DrayageError(code, [count, ...texts].join(" "), { cause: first });
}
