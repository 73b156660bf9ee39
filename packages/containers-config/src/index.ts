/**
 * The configuration that containers tools share: logins, registries.conf, certs.d, policy.json, storage.conf.
 * @module
 */
// Logins and certificates.
export { findLogin, type ListedLogin, listLogins } from "./auth/find-login.ts";
export { containersKeychain, type KeychainOptions } from "./auth/keychain.ts";
export type { LoginOptions } from "./auth/login-options.ts";
export type { FoundLogin } from "./auth/lookup.ts";
export { parseLoginName } from "./auth/names.ts";
export { removeAllLogins, removeLogin } from "./auth/remove-login.ts";
export { type LoginPlace, storeLogin } from "./auth/store-login.ts";
export { type HostCertificatesOptions, readHostCertificates } from "./certs/host-certificates.ts";
// How new containers are run.
export {
  type ContainersSettings,
  type ReadContainersOptions,
  readContainersSettings,
} from "./containers/read.ts";
export type { Environment } from "./environment.ts";

// Registries and the trust policy.
export {
  type AppliedRequirements,
  type CheckPolicyOptions,
  checkPolicy,
  type PolicySubject,
  policyTransport,
  requirementsFor,
} from "./policy/check.ts";
export { parsePolicy } from "./policy/parse.ts";
export {
  acceptAnything,
  type FulcioTrust,
  type PkiTrust,
  type Policy,
  type PolicyRequirement,
  type PolicyRequirements,
  type SignedBaseLayerRequirement,
  type SignedByRequirement,
  type SignedIdentity,
  type SigstoreSignedRequirement,
  type TrustMaterial,
} from "./policy/policy.ts";
export { type ReadPolicyOptions, readPolicy } from "./policy/read.ts";
export type {
  Mirror,
  PullFromMirror,
  RegistriesConfig,
  RegistryEntry,
  ShortNameAlias,
  ShortNameMode,
} from "./registries/config.ts";
export { coveredLength, findRegistry } from "./registries/find.ts";
export { type ReadRegistriesOptions, readRegistriesConfig } from "./registries/read.ts";
export {
  type ResolveShortNameOptions,
  resolveShortName,
  type ShortNameResolution,
} from "./registries/short-names.ts";
export { type PullSource, pullSources, pushTarget } from "./registries/sources.ts";

// Where container storage is.
export { driverOptions, parseStorageOption } from "./storage/options.ts";
export { additionalStores, type ReadStorageOptions, readStorageSettings } from "./storage/read.ts";
export type { StorageOption, StorageSettings } from "./storage/settings.ts";
