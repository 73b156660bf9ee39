/**
 * Copies images between any two transports: plan, then do. Validates and inspects them, too.
 * @module
 */
export { formatBytes } from "./bytes.ts";
export {
  type CopyImageInput,
  type CopyLocationsOptions,
  copy,
  copyImage,
  type OpenEnds,
  withEnds,
} from "./copy.ts";
export { describePlan } from "./describe.ts";
export { type ExecuteInput, executePlan } from "./execute.ts";
export {
  type ImageInspection,
  type InspectedImage,
  type InspectedInstance,
  type InspectOptions,
  inspectImage,
} from "./inspect.ts";
export type { LayerAction } from "./layer-action.ts";
export { createLimiter, type Limiter } from "./limiter.ts";
export {
  type CompressionWish,
  compressionFor,
  type KnownBlob,
  type KnownLayer,
  knownBlob,
  knownLayer,
  type LayerCompression,
  layerMediaType,
  type NewLayer,
  type PlacedLayer,
  type PlacedLayers,
  type PutNewLayersOptions,
  putNewLayers,
  type SpooledLayer,
  spoolLayer,
} from "./new-layers.ts";
export type {
  CompressionChoice,
  CopyOptions,
  ExecuteOptions,
  ManifestFormat,
  PlanOptions,
  PlatformSelection,
  UnparsedImage,
  VariantCompression,
} from "./options.ts";
export type { OtherPlatform } from "./other-platform.ts";
export type {
  ConfigPlan,
  CopyPlan,
  DocumentName,
  DocumentPlan,
  ImagePlan,
  IndexPlan,
  LayerPlan,
  MemberPlan,
  OpaquePlan,
  PlannedAction,
  ReuseAction,
} from "./plan.ts";
export { planCopy } from "./plan-copy.ts";
export type { PlanInput } from "./planning.ts";
export type { BlobTotals, CopiedDocument, CopyResult } from "./result.ts";
export type { FrozenReason } from "./side.ts";
export { sourceDateEpoch } from "./source-date-epoch.ts";
export {
  type ProblemPlace,
  type ValidateOptions,
  type ValidationProblem,
  type ValidationReport,
  validateImage,
} from "./validate.ts";
export type { VariantPlan } from "./variants.ts";
