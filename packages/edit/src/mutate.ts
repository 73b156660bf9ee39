import type { ImageSource } from "@drayage/transport";
import { type ConfigChanges, configEdits, type HistoryNote, notedHistory } from "./config-changes.ts";
import { editConfig } from "./edit-config.ts";
import { type Edited, type EditOptions, editSource } from "./edit-source.ts";
import { type EditableImage, type ImageEdit, isOci } from "./image.ts";
import { noAnnotations, noIndex } from "./no-place.ts";
import { changedTexts, type TextChanges } from "./text-changes.ts";

/** What {@link mutate} changes. */
export interface Mutation {
  readonly config?: ConfigChanges | undefined;
  /** Of each image's manifest. */
  readonly annotations?: TextChanges | undefined;
  /** Of the index's entries for the images. */
  readonly entryAnnotations?: TextChanges | undefined;
  /** Put at the end of the history, of images that change. */
  readonly history?: HistoryNote | undefined;
}

/**
 * The image, or the images of an index, with another config and other annotations. Only manifests and configs are read.
 *
 * @throws `ERR_DRAYAGE_USAGE` for a value that is none, and for annotations of an index where there is an image alone, `ERR_DRAYAGE_CONVERSION_UNSUPPORTED` for annotations of docker's formats and for docker
 * v2s1, `ERR_DRAYAGE_PLATFORM_NOT_FOUND`, and what reading the source throws
 */
export async function mutate(
  source: ImageSource,
  mutation: Mutation,
  options: EditOptions = {},
): Promise<Edited> {
  return editSource(source, async (image) => mutated(image, mutation), options);
}

function mutated(image: EditableImage, mutation: Mutation): ImageEdit {
  const edits = configEdits(image, mutation.config ?? {});
  const annotations = changedTexts(image.manifest.annotations, mutation.annotations, "an annotation");
  if (annotations !== undefined && !isOci(image)) throw noAnnotations("manifests");
  const before = image.entry?.annotations;
  const entryAnnotations = changedTexts(before, mutation.entryAnnotations, "an annotation");
  if (entryAnnotations !== undefined && image.entry === undefined) throw noIndex("entry of an index");
  const changes = (edits.image?.size ?? 0) + (edits.container?.size ?? 0);
  if (changes === 0) return { annotations, entryAnnotations };
  const history = mutation.history === undefined ? undefined : notedHistory(image, mutation.history);
  return { config: editConfig(image.config, { ...edits, history }), annotations, entryAnnotations };
}
