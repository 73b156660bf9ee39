/**
 * Commands in a root file system: by an OCI runtime, or by namespaces and chroot, also without privileges.
 * @module
 */
export { capabilityName, capabilityNames, usualCapabilities } from "./capability-names.ts";
export type {
  BindMount,
  MountFlag,
  OverlayMount,
  RunMount,
  SecretMount,
  TmpfsMount,
} from "./mounts/mount.ts";
export { type MountContext, parseMounts } from "./mounts/parse.ts";
export { parseSecret, type Secret } from "./mounts/secret.ts";
export type {
  CapabilityOptions,
  CommandResult,
  ContainerDevice,
  DnsOptions,
  HooksOptions,
  HostsOptions,
  Isolation,
  JoinedNamespace,
  NamespaceChoice,
  NamespaceChoices,
  Network,
  ResourceLimits,
  RunCommandOptions,
} from "./options.ts";
export { ensureFolder } from "./root/path-in-root.ts";
export { runCommand } from "./run-command.ts";
export { findRuntime, hasRuntime, type Runtime } from "./runtime/find-runtime.ts";
export {
  inUserNamespace,
  runInForeground,
  runInUserNamespace,
  type UserNamespaceCommand,
  type UserNamespaceOptions,
  userNamespaceCommand,
} from "./user-namespace.ts";
