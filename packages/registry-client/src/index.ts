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
  RegistryClient,
  Repository,
} from "./client.ts";
