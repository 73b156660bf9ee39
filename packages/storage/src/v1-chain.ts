import { createHash } from "node:crypto";
import path from "node:path";
import { type Digest, digestBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  encodeGoJson,
  type HistoryEntry,
  type ImageConfig,
  parseConfig,
  parseManifest,
} from "@drayage/manifest";
import { readBigData } from "./big-data.ts";
import type { StoreCore } from "./core.ts";
import type { ImageRecord, LayerRecord } from "./records/types.ts";
import type { V1Image } from "./store.ts";
import type { StoreView } from "./view/contract.ts";

const fileLimit = 64 * 1024 * 1024;

/** Made once, and kept in a file of ours as long as the config is the same. */
export function v1Chain(core: StoreCore, view: StoreView, image: ImageRecord): readonly V1Image[] {
  const { bytes, config } = readConfig(core, image);
  const layers = view.imageLayers(image);
  const key = digestBytes(Buffer.concat([bytes, Buffer.from(layers.map(({ id }) => id).join(" "))]));
  const file = path.join(core.paths.own, "v1", `${image.id}.json`);
  const kept = readKept(core, file, key);
  if (kept !== undefined) return kept;
  const chain = makeChain(config, layers);
  // Without waiting for the disk: it can be made again.
  core.files.write(file, Buffer.from(JSON.stringify({ key, chain })), { volatile: true });
  return chain;
}

/** The config of an image: the big data that its manifest names, or that the image itself is called by. */
function readConfig(
  core: StoreCore,
  image: ImageRecord,
): { readonly bytes: Uint8Array; readonly config: ImageConfig } {
  const own = `sha256:${image.id}`;
  const key = image.bigData.has(own) ? own : configOfManifest(core, image);
  const bytes = readBigData(core, image, { key });
  return { bytes, config: parseConfig(bytes) };
}

function configOfManifest(core: StoreCore, image: ImageRecord): string {
  const manifest = image.bigData.has("manifest")
    ? parseManifest(readBigData(core, image, { key: "manifest" }))
    : undefined;
  if (manifest?.kind === "image" && manifest.config !== undefined) return manifest.config.digest;
  throw new DrayageError(
    "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    `the image ${image.id.slice(0, 12)} has no config`,
  );
}

function makeChain(config: ImageConfig, layers: readonly LayerRecord[]): readonly V1Image[] {
  const history = stepsOf(config, layers);
  const chain: V1Image[] = [];
  for (const [index, { entry, layer }] of history.entries()) {
    const parent = chain.at(-1)?.id;
    const last = index === history.length - 1;
    const document = last ? lastDocument(config, entry) : stepDocument(entry);
    const id = v1Id(document, layer?.diffDigest, parent);
    chain.push({ id, parent, layer: layer?.id, json: textOf({ id, parent, ...document }) });
  }
  return chain;
}

interface Step {
  readonly entry: HistoryEntry;
  readonly layer: LayerRecord | undefined;
}

/** The history with its layers; where it does not tell of all of them, one step for each layer. */
function stepsOf({ history = [] }: ImageConfig, layers: readonly LayerRecord[]): readonly Step[] {
  const made = history.filter((entry) => entry.empty_layer !== true).length;
  if (made !== layers.length) return layers.map((layer) => ({ entry: {}, layer }));
  let next = 0;
  return history.map((entry) => {
    if (entry.empty_layer === true) return { entry, layer: undefined };
    next += 1;
    return { entry, layer: layers[next - 1] };
  });
}

type Document = Readonly<Record<string, unknown>>;

/** The members in the order of docker's struct. */
function stepDocument(entry: HistoryEntry): Document {
  return {
    comment: entry.comment || undefined,
    created: entry.created,
    container_config: { Cmd: entry.created_by === undefined ? null : [entry.created_by] },
    author: entry.author || undefined,
    throwaway: entry.empty_layer === true ? true : undefined,
  };
}

function lastDocument(config: ImageConfig, entry: HistoryEntry): Document {
  return {
    ...stepDocument(entry),
    created: config.created ?? entry.created,
    author: config.author || entry.author || undefined,
    config: config.config,
    architecture: config.architecture,
    os: config.os,
  };
}

/** A hash over all that is below, so that equal images have equal ids everywhere. */
function v1Id(document: Document, diffDigest: Digest | undefined, parent: string | undefined): string {
  return createHash("sha256")
    .update(`${textOf(document)} ${diffDigest ?? ""} ${parent ?? ""}`)
    .digest("hex");
}

function textOf(document: Document): string {
  return Buffer.from(encodeGoJson(document)).toString();
}

function readKept({ files }: StoreCore, file: string, key: Digest): readonly V1Image[] | undefined {
  const bytes = files.read(file, fileLimit);
  if (bytes === undefined) return undefined;
  try {
    const kept = JSON.parse(Buffer.from(bytes).toString()) as { key?: unknown; chain?: readonly V1Image[] };
    return kept.key === key ? kept.chain : undefined;
  } catch {
    // A power cut may leave it empty.
    return undefined;
  }
}
