/**
 * Working containers: made from an image, changed, committed to any place.
 * @module
 */
export type {
  Added,
  AddOptions,
  AddResult,
  CommitOptions,
  Committed,
  ConfigOptions,
  LinkedLayer,
  RunOptions,
  RunResult,
  WorkingContainer,
} from "./builder.ts";
export { commitContainer } from "./commit/commit-container.ts";
export { openContainerSource } from "./commit/container-source.ts";
export { createWorkingContainer } from "./containers/create-container.ts";
export { findStoredImage } from "./containers/find-image.ts";
export { encodeInspection, historyOf, inspection } from "./containers/inspection.ts";
export { type ListContainersOptions, listWorkingContainers } from "./containers/list-containers.ts";
export type { ListedContainer } from "./containers/listed.ts";
export {
  type OpenContainerOptions,
  openWorkingContainer,
  removeWorkingContainer,
  removeWorkingContainers,
  stateOfImage,
} from "./containers/open-container.ts";
export type { CreateContainerOptions, PullPolicy, RuntimeOptions } from "./containers/options.ts";
export type { StoreContainer } from "./containers/store-container.ts";
export { createPipeline, type Pipeline, type PipelineOptions } from "./pipeline/create-pipeline.ts";
export { applyChanges } from "./state/apply-changes.ts";
export { type ChangeLineContext, parseChangeLine, parseChangeLines } from "./state/change-line.ts";
export type { ChangeContext, ConfigChanges, HealthcheckChange } from "./state/changes.ts";
export { checkChanges } from "./state/check-changes.ts";
export { encodeState } from "./state/encode-state.ts";
export { formatGoDuration, parseGoDuration } from "./state/go-duration.ts";
export { parseState } from "./state/parse-state.ts";
export { saveState, updateState } from "./state/save-state.ts";
export { shellWords } from "./state/shell-words.ts";
export type { BuilderState, HistoryItem, Isolation } from "./state/state.ts";
export { readState, stateFile } from "./state/store-state.ts";
