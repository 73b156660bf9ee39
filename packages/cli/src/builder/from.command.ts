import { type CommandDefinition, defineCommand } from "../command.ts";
import { hidden, text, toggle } from "../flags/kinds.ts";
import { several } from "../store/store-flags.ts";
import { type ContainerFlags, containerFlags } from "./container-flags.ts";
import {
  type BuilderFlags,
  builderFlags,
  type CryptoFlags,
  cryptoFlags,
  type PlatformFlags,
  platformFlags,
  quietFlag,
  type RegistryFlags,
  type RetryFlags,
  registryFlags,
  retryFlags,
  textOrAlone,
  words,
} from "./flags.ts";

export type FromFlags = BuilderFlags &
  RegistryFlags &
  RetryFlags &
  PlatformFlags &
  ContainerFlags &
  Pick<CryptoFlags, "decryptionKey"> & {
    readonly blobCache?: string;
    readonly cidfile?: string;
    readonly format?: string;
    readonly hooksDir?: readonly string[];
    readonly name?: string;
    readonly pull?: string;
    readonly pullAlways?: boolean;
    readonly pullNever?: boolean;
    readonly quiet?: boolean;
    readonly suffix?: string;
  };

export const fromCommand: CommandDefinition = defineCommand<FromFlags, string[]>({
  loader: async () => (await import("./from.ts")).from,
  parameters: {
    flags: {
      ...builderFlags,
      ...registryFlags,
      ...retryFlags,
      ...platformFlags,
      ...containerFlags,
      decryptionKey: cryptoFlags.decryptionKey,
      blobCache: hidden(text("folder", "Where blobs are kept")),
      cidfile: text("file", "Write the container's ID to this file"),
      format: text("format", "oci or docker: what commit will write"),
      hooksDir: several("folder", "Hooks that a runtime calls for the container's commands"),
      name: text("name", "The container's name, instead of IMAGE-working-container"),
      pull: textOrAlone("when", "always, missing, newer or never", "true"),
      pullAlways: hidden(toggle("The same as --pull=always")),
      pullNever: hidden(toggle("The same as --pull=never")),
      quiet: quietFlag,
      suffix: hidden(text("suffix", "Instead of working-container")),
    },
    aliases: { c: "cpuShares", f: "format", m: "memory", q: "quiet", v: "volume" },
    positional: words({ IMAGE: "The image to begin with, by name, ID or TRANSPORT:DETAILS; or scratch" }),
  },
  docs: {
    brief: "Make a working container of an image",
    fullDescription: [
      "Make a working container of an image, or of nothing (scratch), and print its name. An image that the store lacks is pulled.",
      "",
      "EXAMPLES",
      "  dray builder from scratch",
      "  dray builder from --name web docker.io/library/nginx:1",
    ].join("\n"),
  },
});
