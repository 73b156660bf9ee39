import { DrayageError, sanitizeText } from "@drayage/errors";
import { type HistoryEntry, parseConfig } from "@drayage/manifest";
import { formatReference, parseReference } from "@drayage/reference";
import type { ImageRecord, LayerRecord, Store, StoreView } from "@drayage/storage";
import type { ContainersStorageReference } from "@drayage/transport-containers-storage";
import type { DrayContext } from "../context.ts";
import { openImageAt } from "../image-layers.ts";
import { humanSize } from "../output/human.ts";
import { type TreeNode, treeLines } from "../output/tree-lines.ts";
import { registriesPlace } from "../registries-place.ts";
import { resolveSource, type SourceLocation } from "../source-location.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { baseLayers, branch, layerTree } from "../store/layer-tree.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { TreeFlags } from "./tree.command.ts";

/** `dray tree`, as `podman image tree`. */
export async function tree(this: DrayContext, flags: TreeFlags, text?: string): Promise<void> {
  const lines = text === undefined ? await wholeStore(this, flags) : await oneImage(this, flags, text);
  this.process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

async function oneImage(context: DrayContext, flags: TreeFlags, text: string): Promise<readonly string[]> {
  const location = await resolveSource(context, flags, { text, what: "tree" });
  if (location.transport.scheme !== "containers-storage") return imageElsewhere(context, flags, location);
  await using found = location;
  const { store: place } = found.reference as ContainersStorageReference;
  if (found.stored !== undefined)
    return await storedImage(context, flags, { location: found, ...found.stored });
  const { openContainersStore } = await import("@drayage/transport-containers-storage");
  await using store = await openContainersStore(place, { env: context.env, signal: context.signal });
  return await storedImage(context, flags, { location: found, store });
}

// An image of the store

interface InStore {
  readonly location: SourceLocation;
  readonly store: Store;
}

async function storedImage(
  { env, signal }: DrayContext,
  flags: TreeFlags,
  { location, store }: InStore,
): Promise<readonly string[]> {
  const view = await store.read({ signal });
  const image =
    location.stored?.found?.image ??
    (await findLocalImage(view, nameIn(location.reference), { env, ...registriesPlace(flags) })).image;
  const layers = view.imageLayers(image);
  const { total } = await store.imageSize(image.id, { signal });
  const textOf = (layer: LayerRecord): string => layerText(layer, topOf(view, layer, tagsOf), flags);
  const nodes = flags.whatrequires
    ? standingOn(layers.at(-1), { view, textOf })
    : layers.map((layer) => ({ text: textOf(layer), children: [] }));
  return [
    `Image ID: ${shortened(image.id, flags)}`,
    `Tags:     ${listText(tagsOf(image))}`,
    `Size:     ${treeSize(total)}`,
    layers.length === 0 ? "No Image Layers" : "Image Layers",
    ...treeLines(nodes),
  ];
}

/** What of a reference without its store finds the image. */
function nameIn(reference: ContainersStorageReference): string {
  const { id, prefix, dockerReference } = reference;
  return id ?? prefix ?? (dockerReference === undefined ? reference.text : formatReference(dockerReference));
}

/** A layer with all that stands on it; a branch of its own where it has siblings, which are not shown. */
function standingOn(
  top: LayerRecord | undefined,
  options: { readonly view: StoreView; readonly textOf: (layer: LayerRecord) => string },
): readonly TreeNode[] {
  if (top === undefined) return [];
  const siblings = top.parent === undefined ? [top] : options.view.children(top.parent);
  return siblings.length > 1 ? [branch(top, options)] : layerTree([top], options);
}

// All of the store

async function wholeStore(context: DrayContext, flags: TreeFlags): Promise<readonly string[]> {
  if (flags.whatrequires) throw needsImage("--whatrequires needs an image");
  await using store = await openLocalStore(context, flags);
  const view = await store.read({ signal: context.signal });
  const usersOf = (layer: LayerRecord): string =>
    topOf(view, layer, (image) => namesOf(image, flags)) + containersOn(view, layer);
  const nodes = layerTree(baseLayers(view), {
    view,
    textOf: (layer) => layerText(layer, usersOf(layer), flags),
  });
  const layerIds = new Set(view.layers.map(({ id }) => id));
  const empty = view.images.filter(({ layer }) => layer === undefined);
  const damaged = view.images.filter(({ layer }) => layer !== undefined && !layerIds.has(layer));
  return [
    ...(store.graphRoot === undefined ? [] : [`Store:  ${sanitizeText(store.graphRoot)}`]),
    `Images: ${view.images.length}`,
    `Size:   ${treeSize(view.layers.reduce((sum, { diffSize = 0 }) => sum + diffSize, 0))}`,
    nodes.length === 0 ? "No Layers" : "Layers",
    ...treeLines(nodes),
    ...namesLine("Without layers", empty, flags),
    ...namesLine("Damaged, as their layers are missing", damaged, flags),
  ];
}

function namesLine(title: string, images: readonly ImageRecord[], flags: TreeFlags): readonly string[] {
  return images.length === 0
    ? []
    : [`${title}: ${listText(images.flatMap((image) => namesOf(image, flags)))}`];
}

function containersOn({ containers }: StoreView, { id }: LayerRecord): string {
  const own = containers.filter(({ layer }) => layer === id);
  return own
    .map((container) => ` Layer of container: ${sanitizeText(container.names[0] ?? container.id)}`)
    .join("");
}

// An image elsewhere

async function imageElsewhere(
  context: DrayContext,
  flags: TreeFlags,
  location: SourceLocation,
): Promise<readonly string[]> {
  if (flags.whatrequires) {
    await location[Symbol.asyncDispose]();
    throw needsImage("--whatrequires needs an image of the store");
  }
  await using opened = await openImageAt(context, flags, location);
  const layers = opened.layers.filter(({ emptyLayer }) => emptyLayer !== true);
  const history = opened.image.config === undefined ? [] : (parseConfig(opened.image.config).history ?? []);
  const steps = history.filter(({ empty_layer: isEmpty }) => isEmpty !== true);
  const nodes = layers.map(({ digest, size }, at) => {
    const made = steps.length === layers.length ? createdBy(steps[at], flags) : "";
    const hex = flags.noTrunc ? digest : digest.slice(digest.indexOf(":") + 1).slice(0, 12);
    return { text: `Digest: ${hex} Size: ${treeSize(Math.max(0, size)).padStart(7)}${made}`, children: [] };
  });
  return [
    `Image ID: ${shortened(opened.id, flags)}`,
    `Name:     ${sanitizeText(location.text)}`,
    `Size:     ${treeSize(layers.reduce((sum, { size }) => sum + Math.max(0, size), 0))}`,
    nodes.length === 0 ? "No Image Layers" : "Image Layers",
    ...treeLines(nodes),
  ];
}

const longest = 60;

function createdBy(step: HistoryEntry | undefined, { noTrunc }: TreeFlags): string {
  const text = sanitizeText(step?.created_by ?? "").trim();
  if (text === "") return "";
  return ` Created by: ${noTrunc || text.length <= longest ? text : `${text.slice(0, longest - 3)}...`}`;
}

// Texts

function layerText({ id, diffSize = 0 }: LayerRecord, users: string, flags: TreeFlags): string {
  return `ID: ${shortened(id, flags)} Size: ${treeSize(diffSize).padStart(7)}${users}`;
}

/** The images whose top layer it is, as far as they are called something. */
function topOf(
  { images }: StoreView,
  { id }: LayerRecord,
  namesOfImage: (image: ImageRecord) => readonly string[],
): string {
  const names = images.filter(({ layer }) => layer === id).flatMap(namesOfImage);
  return names.length === 0 ? "" : ` Top Layer of: ${listText([...new Set(names)])}`;
}

/** The names that podman shows: those with a tag. */
function tagsOf({ names }: ImageRecord): readonly string[] {
  return names.filter((name) => parseReference(name).tag !== undefined);
}

function namesOf(image: ImageRecord, flags: TreeFlags): readonly string[] {
  return image.names.length === 0 ? [`<none>@${shortened(image.id, flags)}`] : image.names;
}

/** As Go prints a list. */
function listText(texts: readonly string[]): string {
  return `[${texts.map((text) => sanitizeText(text)).join(" ")}]`;
}

function shortened(id: string, { noTrunc }: TreeFlags): string {
  return noTrunc ? id : id.slice(0, 12);
}

function treeSize(bytes: number): string {
  return humanSize(bytes, { digits: 4, space: "" });
}

function needsImage(message: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", message, { hint: "see dray tree --help" });
}
