/**
 * A client for OCI and Docker registries.
 * @module
 */
export type {
  BlobContent,
  CallOptions,
  Credentials,
  FetchedManifest,
  Keychain,
  PutManifestResult,
  ReadBlobOptions,
  RegistryClient,
  Repository,
  RetryPolicy,
} from "./client.ts";
export { bytesContent } from "./content.ts";
export { createRegistryClient, type RegistryClientOptions } from "./create-client.ts";
export { referrersTag } from "./referrers.ts";
