import { type CommandDefinition, defineCommand } from "../command.ts";
import { hidden, text, texts, toggle } from "../flags/kinds.ts";
import { described } from "./described.ts";
import {
  type BuilderFlags,
  builderFlags,
  type CryptoFlags,
  cryptoFlags,
  integer,
  type PlatformFlags,
  platformFlags,
  quietFlag,
  type RegistryFlags,
  type RetryFlags,
  registryFlags,
  retryFlags,
  words,
} from "./flags.ts";

export type AllFlags = BuilderFlags & { readonly all?: boolean };

export const umountCommand: CommandDefinition = defineCommand<AllFlags, string[]>({
  loader: async () => (await import("./mount.ts")).umount,
  parameters: {
    flags: { ...builderFlags, all: toggle("All that are mounted") },
    aliases: { a: "all" },
    positional: words({ "[CONTAINER...]": "The containers; none with --all" }),
  },
  docs: described("Unmount working containers", ["dray builder umount web"]),
});

export const rmCommand: CommandDefinition = defineCommand<AllFlags, string[]>({
  loader: async () => (await import("./rm.ts")).rm,
  parameters: {
    flags: { ...builderFlags, all: toggle("All working containers") },
    aliases: { a: "all" },
    positional: words({ "[CONTAINER...]": "The containers; none with --all" }),
  },
  docs: described("Remove working containers", ["dray builder rm web", "dray builder rm --all"]),
});

export const renameCommand: CommandDefinition = defineCommand<BuilderFlags, string[]>({
  loader: async () => (await import("./rename.ts")).rename,
  parameters: {
    flags: builderFlags,
    positional: words({ CONTAINER: "The container", NAME: "Its new name" }),
  },
  docs: described("Give a working container another name", ["dray builder rename working-container web"]),
});

export type InspectFlags = BuilderFlags & { readonly format?: string; readonly type?: string };

export const inspectCommand: CommandDefinition = defineCommand<InspectFlags, string[]>({
  loader: async () => (await import("./inspect.ts")).inspect,
  parameters: {
    flags: {
      ...builderFlags,
      format: text("template", "A Go template: {{.OCIv1.Config.Env}}"),
      type: text("type", "container, image or manifest"),
    },
    aliases: { f: "format", t: "type" },
    positional: words({ NAME: "A container or image" }),
  },
  docs: described("Show what is known of a working container or an image", [
    "dray builder inspect web",
    'dray builder inspect --type image --format "{{.OCIv1.Config.Env}}" web:1',
  ]),
});

export type BuilderRmiFlags = BuilderFlags & {
  readonly all?: boolean;
  readonly force?: boolean;
  readonly prune?: boolean;
};

export const rmiCommand: CommandDefinition = defineCommand<BuilderRmiFlags, string[]>({
  loader: async () => (await import("./rmi.ts")).rmi,
  parameters: {
    flags: {
      ...builderFlags,
      all: toggle("Remove all images"),
      force: toggle("Remove containers that use them, and images with several names, too"),
      prune: toggle("Remove images without a name that nothing is built on"),
    },
    aliases: { a: "all", f: "force", p: "prune" },
    positional: words({ "[IMAGE...]": "The images; none with --all or --prune" }),
  },
  docs: described("Remove images from the store", ["dray builder rmi web:1", "dray builder rmi --prune"]),
});

export const tagCommand: CommandDefinition = defineCommand<BuilderFlags, string[]>({
  loader: async () => (await import("./tag.ts")).tag,
  parameters: {
    flags: builderFlags,
    positional: words({ IMAGE: "The image", "NAME...": "Names that it gets" }),
  },
  docs: described("Give an image of the store more names", ["dray builder tag web:1 web:latest"]),
});

export type BuilderPullFlags = BuilderFlags &
  RegistryFlags &
  RetryFlags &
  PlatformFlags &
  Pick<CryptoFlags, "decryptionKey"> & {
    readonly allTags?: boolean;
    readonly blobCache?: string;
    readonly policy?: string;
    readonly quiet?: boolean;
    readonly removeSignatures?: boolean;
  };

export const pullCommand: CommandDefinition = defineCommand<BuilderPullFlags, string[]>({
  loader: async () => (await import("./pull.ts")).pull,
  parameters: {
    flags: {
      ...builderFlags,
      ...registryFlags,
      ...retryFlags,
      ...platformFlags,
      decryptionKey: cryptoFlags.decryptionKey,
      allTags: toggle("Pull all tags of the repository"),
      blobCache: hidden(text("folder", "Where blobs are kept")),
      policy: text("when", "always, missing, newer or never"),
      quiet: quietFlag,
      removeSignatures: toggle("Leave signatures behind"),
    },
    aliases: { a: "allTags", q: "quiet" },
    positional: words({ IMAGE: "The image, by name or TRANSPORT:DETAILS" }),
  },
  docs: described("Copy an image into the store", ["dray builder pull quay.io/podman/stable"]),
});

export type BuilderPushFlags = BuilderFlags &
  RegistryFlags &
  RetryFlags &
  Omit<CryptoFlags, "decryptionKey"> & {
    readonly all?: boolean;
    readonly blobCache?: string;
    readonly compressionFormat?: string;
    readonly compressionLevel?: number;
    readonly digestfile?: string;
    readonly disableCompression?: boolean;
    readonly format?: string;
    readonly quiet?: boolean;
    readonly removeSignatures?: boolean;
    readonly rm?: boolean;
  };

export const pushCommand: CommandDefinition = defineCommand<BuilderPushFlags, string[]>({
  loader: async () => (await import("./push.ts")).push,
  parameters: {
    flags: {
      ...builderFlags,
      ...registryFlags,
      ...retryFlags,
      signBy: cryptoFlags.signBy,
      encryptionKey: cryptoFlags.encryptionKey,
      encryptLayer: cryptoFlags.encryptLayer,
      all: toggle("Of a list, all images"),
      blobCache: hidden(text("folder", "Where blobs are looked for")),
      compressionFormat: text("format", "gzip or zstd"),
      compressionLevel: integer("level", "How hard to compress"),
      digestfile: text("file", "Write the digest of what was pushed to this file"),
      disableCompression: toggle("Do not compress layers"),
      format: text("format", "oci, v2s1 or v2s2"),
      quiet: quietFlag,
      removeSignatures: toggle("Leave signatures behind"),
      rm: toggle("Of a list, remove it afterwards"),
    },
    aliases: { D: "disableCompression", f: "format", q: "quiet" },
    positional: words({
      IMAGE: "The image",
      "[DESTINATION]": "Where it goes: a name, or TRANSPORT:DETAILS; where its own name says if absent",
    }),
  },
  docs: described("Copy an image of the store to a registry, or another place", [
    "dray builder push web:1 registry.example.com/team/web:1",
    "dray builder push web:1 oci-archive:web.tar",
  ]),
});

export type BuilderInfoFlags = BuilderFlags & { readonly format?: string };

export const infoCommand: CommandDefinition = defineCommand<BuilderInfoFlags, string[]>({
  loader: async () => (await import("./info.ts")).info,
  parameters: {
    flags: {
      ...builderFlags,
      debug: toggle("Versions, too"),
      format: text("template", "A Go template: {{.host.os}}"),
    },
    aliases: { d: "debug" },
    positional: words(),
  },
  docs: described("Tell of the machine and the store", [
    "dray builder info",
    'dray builder info --format "{{.store.GraphRoot}}"',
  ]),
});

export type VersionFlags = BuilderFlags & { readonly json?: boolean };

export const versionCommand: CommandDefinition = defineCommand<VersionFlags, string[]>({
  loader: async () => (await import("./version.ts")).version,
  parameters: {
    flags: { ...builderFlags, json: toggle("Print JSON") },
    positional: words(),
  },
  docs: described("Print which buildah this stands for", ["dray builder version"]),
});

export type UnshareFlags = BuilderFlags & { readonly mount?: readonly string[] };

export const unshareCommand: CommandDefinition = defineCommand<UnshareFlags, string[]>({
  loader: async () => (await import("./unshare.ts")).unshare,
  parameters: {
    flags: { ...builderFlags, mount: texts("[name=]container", "Mount it, and say where in a variable") },
    aliases: { m: "mount" },
    positional: words({ "[COMMAND...]": "The command and its arguments; the shell where absent" }),
  },
  docs: described("Run a command as root of a user namespace", [
    "dray builder unshare sh -c 'echo hello > $(dray builder mount web)/greeting'",
  ]),
});

export type BuilderLoginFlags = BuilderFlags & {
  readonly authfile?: string;
  readonly certDir?: string;
  readonly getLogin?: boolean;
  readonly password?: string;
  readonly passwordStdin?: boolean;
  readonly tlsVerify?: boolean;
  readonly username?: string;
  readonly verbose?: boolean;
};

export const loginCommand: CommandDefinition = defineCommand<BuilderLoginFlags, string[]>({
  loader: async () => (await import("./login.ts")).login,
  parameters: {
    flags: {
      ...builderFlags,
      authfile: text("file", "Store the login in this file"),
      certDir: text("folder", "A folder with *.crt, *.cert and *.key files for the registry"),
      getLogin: toggle("Print who is logged in"),
      password: text("password", "The password; other users of the machine can see it here"),
      passwordStdin: toggle("Read the password from standard input"),
      tlsVerify: toggle("Require HTTPS and check certificates; =false does neither"),
      username: text("user", "The user"),
      verbose: toggle("Say where the login was stored"),
    },
    aliases: { p: "password", u: "username", v: "verbose" },
    positional: words({ REGISTRY: "The registry" }),
  },
  docs: described("Log in to a registry", [
    "dray builder login --username robot --password-stdin registry.example.com < password",
  ]),
});

export type BuilderLogoutFlags = BuilderFlags & { readonly all?: boolean; readonly authfile?: string };

export const logoutCommand: CommandDefinition = defineCommand<BuilderLogoutFlags, string[]>({
  loader: async () => (await import("./login.ts")).logout,
  parameters: {
    flags: {
      ...builderFlags,
      all: toggle("Forget all logins of the file"),
      authfile: text("file", "The file with the logins"),
    },
    aliases: { a: "all" },
    positional: words({ "[REGISTRY]": "The registry; none with --all" }),
  },
  docs: described("Forget the login to a registry", ["dray builder logout registry.example.com"]),
});
