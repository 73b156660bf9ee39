import { type Added, type AddOptions, openWorkingContainer, type StoreContainer } from "@drayage/builder";
import { digestHex } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { registriesPlace } from "../registries-place.ts";
import { warn } from "../source-options.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { AddFlags } from "./add.command.ts";
import { createContainer } from "./create-container.ts";
import { wantsHistory } from "./history.ts";
import { openContainer } from "./open-container.ts";
import { refuseLateFlags, said, saidWhile } from "./said.ts";

/** `buildah add` */
export function add(this: DrayContext, flags: AddFlags, ...words: string[]): Promise<void> {
  return addAs(this, { verb: "add", flags }, words);
}

/** `buildah copy` */
export function copy(this: DrayContext, flags: AddFlags, ...words: string[]): Promise<void> {
  return addAs(this, { verb: "copy", flags }, words);
}

async function addAs(
  context: DrayContext,
  { verb, flags }: { readonly verb: "add" | "copy"; readonly flags: AddFlags },
  words: readonly string[],
): Promise<void> {
  const [name, ...files] = words;
  if (name === undefined) throw said("requires at least 1 arg(s), only received 0");
  if (files.length === 0) throw said("src must be specified", "CONTAINER SOURCE... [DESTINATION]");
  refuseLateFlags(files);
  if (flags.ignorefile && !flags.contextdir) {
    throw said("--ignorefile option requires that you specify a context dir using --contextdir");
  }
  const destination = files.length > 1 ? (files.at(-1) ?? "") : "";
  const sources = files.length > 1 ? files.slice(0, -1) : files;
  await using store = await openLocalStore(context, flags);
  await using origin = await originOf(context, store, flags);
  const container = await openContainer(context, store, { name });
  const added = await addTo(container, {
    verb,
    sources,
    destination,
    options: {
      signal: context.signal,
      chown: flags.chown,
      chmod: flags.chmod,
      contextDir: flags.contextdir,
      ignoreFile: flags.ignorefile,
      from: origin.from,
      retry: flags.retry,
      addHistory: wantsHistory(context, flags),
      onWarning: (sentence) => warn(context, sentence),
    },
  });
  if (!flags.quiet) context.process.stdout.write(`${digestHex(added.digest)}\n`);
}

interface Adding {
  readonly verb: "add" | "copy";
  readonly sources: readonly string[];
  readonly destination: string;
  readonly options: AddOptions;
}

async function addTo(
  container: StoreContainer,
  { verb, sources, destination, options }: Adding,
): Promise<Added> {
  try {
    return await container[verb](sources, destination, options);
  } catch (error) {
    throw saidWhile(`adding content to container ${JSON.stringify(container.name)}`, error);
  }
}

interface OtherRoot extends AsyncDisposable {
  readonly from?: string | undefined;
}

/** The container or image that sources come from. An image that the store lacks is pulled into a container that is removed afterwards. */
async function originOf(context: DrayContext, store: Store, flags: AddFlags): Promise<OtherRoot> {
  const { from } = flags;
  if (!from) return { async [Symbol.asyncDispose]() {} };
  if ((await isContainer(context, store, from)) || (await isImage(context, store, flags))) {
    return { from, async [Symbol.asyncDispose]() {} };
  }
  try {
    const temporary = await createContainer(context, { store, flags }, { from });
    return { from: temporary.id, [Symbol.asyncDispose]: () => temporary.remove() };
  } catch (error) {
    const what = JSON.stringify(from);
    throw saidWhile(`no container named ${what}, error copying content from image ${what}`, error);
  }
}

async function isContainer({ signal }: DrayContext, store: Store, name: string): Promise<boolean> {
  try {
    await openWorkingContainer(store, name, { signal });
    return true;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_CONTAINER_NOT_FOUND")) return false;
    throw error;
  }
}

async function isImage(
  { env, signal }: DrayContext,
  store: Store,
  { from = "", ...flags }: AddFlags,
): Promise<boolean> {
  try {
    await findLocalImage(await store.read({ signal }), from, { env, ...registriesPlace(flags) });
    return true;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return false;
    throw error;
  }
}
