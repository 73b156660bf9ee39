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
export type { ListedContainer } from "./containers/listed.ts";
export type { CreateContainerOptions, PullPolicy, RuntimeOptions } from "./containers/options.ts";
export type { StoreContainer } from "./containers/store-container.ts";
export type { ChangeContext, ConfigChanges, HealthcheckChange } from "./state/changes.ts";
export type { BuilderState, HistoryItem, Isolation } from "./state/state.ts";
