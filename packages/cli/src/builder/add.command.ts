import { type CommandDefinition, defineCommand } from "../command.ts";
import { hidden, text, toggle } from "../flags/kinds.ts";
import {
  addHistoryFlag,
  type BuilderFlags,
  builderFlags,
  type CryptoFlags,
  cryptoFlags,
  hiddenRegistryFlags,
  type RegistryFlags,
  type RetryFlags,
  retryFlags,
  words,
} from "./flags.ts";

export type AddFlags = BuilderFlags &
  RegistryFlags &
  RetryFlags &
  Pick<CryptoFlags, "decryptionKey"> & {
    readonly addHistory?: boolean;
    readonly blobCache?: string;
    readonly chmod?: string;
    readonly chown?: string;
    readonly contextdir?: string;
    readonly from?: string;
    readonly ignorefile?: string;
    readonly quiet?: boolean;
    readonly removeSignatures?: boolean;
  };

function addingCommand(
  verb: "add" | "copy",
  docs: { brief: string; fullDescription: string },
): CommandDefinition {
  return defineCommand<AddFlags, string[]>({
    loader: async () => (await import("./add.ts"))[verb],
    parameters: {
      flags: {
        ...builderFlags,
        ...hiddenRegistryFlags,
        ...retryFlags,
        decryptionKey: cryptoFlags.decryptionKey,
        addHistory: addHistoryFlag,
        blobCache: hidden(text("folder", "Where blobs are kept")),
        chmod: text("mode", "The permissions of what is added, in octal"),
        chown: text("user[:group]", "Whose it is to be"),
        contextdir: text("folder", "The folder that sources are below of"),
        from: text("container", "Take the sources from this container or image"),
        ignorefile: text("file", "A .containerignore, with --contextdir"),
        quiet: toggle("Print no digest"),
        removeSignatures: hidden(toggle("Leave signatures behind")),
      },
      aliases: { q: "quiet" },
      positional: words({
        CONTAINER: "The container",
        "SOURCE...": "Files, folders, patterns or URLs",
        "[DESTINATION]": "Where they go in the container; its working directory where absent",
      }),
    },
    docs,
  });
}

export const addCommand: CommandDefinition = addingCommand("add", {
  brief: "Add files to a working container; archives are expanded",
  fullDescription: [
    "Add files, folders and URLs to a working container, and print the digest of what was added. Local archives are expanded. The last argument",
    "is the destination, or, with one source, may be left out.",
    "",
    "EXAMPLES",
    "  dray builder add web site.tar.gz /srv",
    "  dray builder add --chown 1000:1000 web https://example.com/file /srv/",
  ].join("\n"),
});

export const copyCommand: CommandDefinition = addingCommand("copy", {
  brief: "Copy files into a working container",
  fullDescription: [
    "Copy files, folders and URLs into a working container, and print the digest of what was copied.",
    "",
    "EXAMPLES",
    "  dray builder copy web dist /srv/dist",
    "  dray builder copy --from build web /out/server /usr/bin/server",
  ].join("\n"),
});
