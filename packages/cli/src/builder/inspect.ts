import { type BuilderState, inspection, openWorkingContainer, stateOfImage } from "@drayage/builder";
import { isDrayageError } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { goIndentedJson } from "../output/json.ts";
import { registriesPlace } from "../registries-place.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { InspectFlags } from "./manage.command.ts";
import { imageNotKnown, refuseLateFlags, said, saidWhile } from "./said.ts";

/** `buildah inspect` */
export async function inspect(this: DrayContext, flags: InspectFlags, ...words: string[]): Promise<void> {
  const [name] = words;
  if (name === undefined) throw said("container or image name must be specified");
  refuseLateFlags(words);
  if (words.length > 1) throw said("too many arguments specified");
  await using store = await openLocalStore(this, flags);
  const state = await inspectedState(this, { store, flags, name });
  if (state === undefined) return;
  if (flags.format === undefined || flags.format === "") {
    this.process.stdout.write(goIndentedJson(inspection(state)));
    return;
  }
  if (!flags.format.includes("{{")) throw said(`invalid format provided: ${flags.format}`);
  const { renderTemplate } = await import("../template/render.ts");
  const { templateRecord } = await import("./template-record.ts");
  const text = renderTemplate(flags.format, templateRecord(state));
  const isEnded = flags.format.endsWith("\n") || this.process.stdout.isTTY === true;
  this.process.stdout.write(isEnded ? text : text.replace(/\n$/, ""));
}

interface Inspected {
  readonly store: Store;
  readonly flags: InspectFlags;
  readonly name: string;
}

/** Undefined where a list was shown instead. */
async function inspectedState(context: DrayContext, asked: Inspected): Promise<BuilderState | undefined> {
  const { flags, name } = asked;
  const type = flags.type ?? "container";
  if (!["container", "image", "manifest"].includes(type)) {
    throw said('the only recognized types are "container" and "image"', "container, image, manifest");
  }
  if (type === "container") {
    const state = await stateOf(context, asked);
    if (state !== undefined) return state;
  }
  if (type !== "manifest") {
    try {
      return await stateOfNamedImage(context, asked);
    } catch (error) {
      throw saidWhile("importing settings", imageNotKnown(name, error));
    }
  }
  const { manifestCommands } = await import("../commands/manifest.commands.ts");
  const loaded = await manifestCommands.inspect?.loader();
  const show = typeof loaded === "function" ? loaded : loaded?.default;
  if (show === undefined) throw said("--type manifest: lists cannot be inspected yet");
  await show.call(context, { ...flags, format: undefined, type: undefined }, name);
  return undefined;
}

async function stateOf(
  { signal }: DrayContext,
  { store, flags, name }: Inspected,
): Promise<BuilderState | undefined> {
  try {
    return (await openWorkingContainer(store, name, { signal })).state;
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_CONTAINER_NOT_FOUND")) throw error;
    if (flags.type !== undefined) throw saidWhile("reading build container", error);
    return undefined;
  }
}

async function stateOfNamedImage(
  { env, signal }: DrayContext,
  { store, flags, name }: Inspected,
): Promise<BuilderState> {
  const view = await store.read({ signal });
  const { image } = await findLocalImage(view, name, { env, ...registriesPlace(flags) });
  return stateOfImage(store, image.id, { signal });
}
