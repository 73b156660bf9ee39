/**
 * The real tools that tests compare with: whether they are there, and how to run them without touching
 * what the user has.
 * @module
 */
import "./after-tests.ts";

export type { CertificateFiles, TestCertificates } from "./certificates.ts";
export { describeWithPeers, type Need, type Peers } from "./describe.ts";
export {
  type DockerdOptions,
  type DockerdRequest,
  type DockerdResponse,
  startDockerd,
  type TestDockerd,
} from "./dockerd.ts";
export type { TestPassword } from "./passwords.ts";
export {
  type RegistryOptions,
  type RegistryTokenOptions,
  startRegistry,
  type TestRegistry,
} from "./registry.ts";
export { type RepositoryTree, registryTree } from "./registry-tree.ts";
export {
  findPeer,
  type PeerName,
  type RunOptions,
  type RunResult,
  run,
  runPeer,
  skopeo,
} from "./run.ts";
export { writeShellRoot } from "./shell-root.ts";
export { pullWithSkopeo, pushWithSkopeo, type SkopeoRegistryOptions } from "./skopeo-registry.ts";
export { type BuildahStore, buildahStore, type PodmanStore, podmanStore } from "./stores.ts";
export { temporaryDirectory } from "./temporary.ts";
export { testCertificates } from "./test-certificates.ts";
export {
  type Right,
  startTokenServer,
  type TestTokenServer,
  type TokenAccess,
  type TokenFailure,
  type TokenRequest,
  type TokenServerOptions,
  type TokenUser,
} from "./token-server.ts";
