/**
 * The contract between drayage and its transports, and the registry that resolves them.
 * @module
 */
export {
  type Ability,
  abilities,
  abilityWords,
  requireAbility,
  type Shortcut,
  type TransportWith,
} from "./abilities.ts";
export type { BlobInfoCache, BlobLocation, BlobVariant } from "./blob-info-cache.ts";
export {
  type CommitOptions,
  type DestinationAccepts,
  type ImageDestination,
  type ImageReference,
  type ImageSource,
  type PutBlobOptions,
  type PutManifestOptions,
  type RawManifest,
  type ReuseBlobOptions,
  type ReusedBlob,
  type Signature,
  type Transport,
  transportApiVersion,
  transportBrand,
} from "./contract.ts";
export { checkTransport, defineTransport, isTransport, type TransportDefinition } from "./define.ts";
export { type DerivedSourceOptions, derivedSource, rawManifest } from "./derived-source.ts";
export { describeReferrer } from "./describe-referrer.ts";
export { type KnownTransport, knownTransports } from "./known.ts";
export { layersOf } from "./layers-of.ts";
export {
  isLazyTransport,
  type LazyTransport,
  type LazyTransportOptions,
  lazyTransport,
  type TransportFacts,
} from "./lazy.ts";
export { transportsOf } from "./module.ts";
export { nameScopes } from "./name-scopes.ts";
export type {
  ConnectionOptions,
  Credentials,
  DestinationOptions,
  OperationOptions,
  SourceOptions,
} from "./options.ts";
export { pathScopes } from "./path-scopes.ts";
export type { BlobProgress, NewLayerProgress, ProgressEvent } from "./progress.ts";
export {
  createRegistry,
  type Location,
  type RegisteredTransport,
  type Registry,
  type RegistryOptions,
} from "./registry.ts";
export { resolveImage } from "./resolve-image.ts";
export { joinPath, otherReadings, type SplitPath, type SplitPathOptions, splitPath } from "./split-path.ts";
export { editDistance, nearest } from "./suggest.ts";
