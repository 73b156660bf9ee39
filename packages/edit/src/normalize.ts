import { sourceDateEpoch } from "@drayage/copy";
import { type Annotations, goTime, type ImageConfig } from "@drayage/manifest";
import type { TarTime } from "@drayage/tar";
import type { ImageSource } from "@drayage/transport";
import type { ConfigEdits } from "./edit-config.ts";
import { type Edited, type EditOptions, editSource } from "./edit-source.ts";
import type { EditableImage, ImageEdit } from "./image.ts";
import { createMerge } from "./merged-tree.ts";
import type { LayerTarget } from "./place-layers.ts";
import {
  indexOfLayer,
  layersOfImage,
  openWorkshop,
  type Remade,
  replaceLayers,
  type Workshop,
} from "./rewrite-layers.ts";

export interface NormalizeOptions extends EditOptions, LayerTarget {
  /** SOURCE_DATE_EPOCH, or 1970-01-01 where that is not set. */
  readonly time?: Date | undefined;
  /** `set`, the default: every time becomes {@link time}. `clamp`: those that are later. */
  readonly times?: "set" | "clamp" | undefined;
  /** Layers below this one, counted from 1, the base, stay as they are: those of a base image. */
  readonly fromLayer?: number | undefined;
}

/**
 * The image as it would be had it been made at another time, on another machine: times of files, of the config and of its history, the order of
 * entries (names in the order of their bytes, a folder before what is in it), no names of owners, no access and change times, no duplicate
 * entries; of docker's fields neither the container that was committed nor its host name. Equal files give equal digests.
 *
 * @throws `ERR_DRAYAGE_USAGE` where there are not so many layers, `ERR_DRAYAGE_ARCHIVE_INVALID`, and what reading the source throws
 */
export async function normalize(source: ImageSource, options: NormalizeOptions = {}): Promise<Edited> {
  const workshop = openWorkshop(options);
  const { leftovers } = workshop;
  try {
    return await editSource(source, (image) => normalized(image, workshop, options), {
      ...options,
      close: leftovers.close,
    });
  } catch (error) {
    await leftovers.close();
    throw error;
  }
}

async function normalized(
  image: EditableImage,
  workshop: Workshop,
  options: NormalizeOptions,
): Promise<ImageEdit> {
  const date = options.time ?? sourceDateEpoch() ?? new Date(0);
  const clamp = options.times === "clamp";
  const layers = await layersOfImage(image, workshop, options);
  // The one behind the last: an image of nothing but its base.
  const first = indexOfLayer(options.fromLayer ?? 1, layers.count + 1, layers.count);
  const remade: Remade[] = [];
  for (let index = first; index < layers.count; index++) {
    const merge = createMerge({ above: true });
    await merge.apply(await layers.blob(index), index, options.signal);
    remade.push({ root: merge.root, options: { marks: true, order: "sorted", time: fileTime(date, clamp) } });
  }
  const text = (time: string | undefined): string =>
    clamp && time !== undefined && Date.parse(time) <= date.getTime() ? time : goTime(date);
  const edits = configEdits(image.config, first, text);
  const annotations = timedAnnotations(image.manifest.annotations, text);
  const edit = await replaceLayers(image, { layers, first, remade, edits, workshop }, options);
  return { ...edit, annotations };
}

function fileTime(date: Date, clamp: boolean): (own: TarTime) => TarTime {
  const seconds = Math.floor(date.getTime() / 1000);
  const limit = { seconds, nanoseconds: 0 };
  return (own) => (clamp && own.seconds < seconds ? own : limit);
}

function configEdits(
  config: ImageConfig,
  first: number,
  text: (time: string | undefined) => string,
): ConfigEdits {
  const image = new Map<string, unknown>([["created", text(config.created)]]);
  for (const name of ["container", "container_config", "docker_version"] as const) image.set(name, undefined);
  const container = new Map<string, unknown>();
  const own = config.config ?? config.container_config;
  for (const name of ["Hostname", "Domainname", "Image"] as const) {
    if (own?.[name] !== undefined && own[name] !== "") container.set(name, "");
  }
  // Else docker's settings of old would go with the container's.
  if (config.config === undefined && own !== undefined) container.set("Hostname", "");
  let layer = 0;
  const history = config.history?.map(({ created, empty_layer: empty }, at) => {
    const isBelow = layer < first;
    if (empty !== true) layer += 1;
    return isBelow ? { at } : { at, created: text(created) };
  });
  return { image, container, ...(history && { history }) };
}

const createdName = "org.opencontainers.image.created";

function timedAnnotations(
  annotations: Annotations | undefined,
  text: (time: string | undefined) => string,
): Annotations | undefined {
  const created = annotations?.[createdName];
  return created === undefined ? undefined : { ...annotations, [createdName]: text(created) };
}
