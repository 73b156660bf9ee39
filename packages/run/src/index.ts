/**
 * Commands in a root file system: by an OCI runtime, or by namespaces and chroot, also without privileges.
 * @module
 */
export type { BindMount, MountFlag, OverlayMount, RunMount, SecretMount, TmpfsMount } from "./mounts/mount.ts";
export type {
  CapabilityOptions,
  CommandResult,
  DnsOptions,
  HostsOptions,
  Isolation,
  Network,
  RunCommandOptions,
} from "./options.ts";
export {
  inUserNamespace,
  runInUserNamespace,
  type UserNamespaceCommand,
  type UserNamespaceOptions,
  userNamespaceCommand,
} from "./user-namespace.ts";
