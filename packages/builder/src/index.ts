/**
 * Working containers: made from an image, changed, committed to any place.
 * @module
 */
export type {
  Added,
  AddOptions,
  CommitOptions,
  Committed,
  LinkedLayer,
  RunOptions,
  RunResult,
  WorkingContainer,
} from "./builder.ts";
export type { ConfigChanges, HealthcheckChange } from "./state/changes.ts";
export type { BuilderState, HistoryItem } from "./state/state.ts";
