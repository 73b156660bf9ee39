/** What is loaded when a registry is first spoken to. */
export {
  containersKeychain,
  pullSources,
  pushTarget,
  readHostCertificates,
  readRegistriesConfig,
} from "@drayage/containers-config";
export { createHttpClient } from "@drayage/http";
export { createRegistryClient } from "@drayage/registry-client";
