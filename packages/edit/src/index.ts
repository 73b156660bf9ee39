/**
 * Edit images without a container: mutate, append, rebase, flatten, squash, normalize.
 * @module
 */

export { sourceDateEpoch } from "@drayage/copy";
export { type AppendOptions, append } from "./append.ts";
export type { ConfigChanges, HistoryNote, NameChanges } from "./config-changes.ts";
export type { FieldChange, ImageReport } from "./differences.ts";
export {
  type EditImageOptions,
  type EditImageResult,
  type EditStep,
  editImage,
  type StepOptions,
} from "./edit-image.ts";
export {
  type Edited,
  type EditedPlatforms,
  type EditImage,
  type EditOptions,
  editSource,
} from "./edit-source.ts";
export { flatten, type SquashOptions, squash } from "./flatten.ts";
export type { EditableImage, ImageEdit } from "./image.ts";
export type { FilesInput, LayerInput, TarInput } from "./layer-input.ts";
export { type Mutation, mutate } from "./mutate.ts";
export { type NormalizeOptions, normalize } from "./normalize.ts";
export { ofBase } from "./of-base.ts";
export type { LayerTarget } from "./place-layers.ts";
export { type NamedBase, type RebaseOptions, rebase } from "./rebase.ts";
export { type ScratchOptions, scratchSource } from "./scratch.ts";
export type { TextChanges } from "./text-changes.ts";
