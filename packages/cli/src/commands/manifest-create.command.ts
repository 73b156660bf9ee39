import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { hidden, text, toggle } from "../flags/kinds.ts";
import type { settingParser } from "../flags/parsers.ts";
import { type InsecureFlags, insecureFlags } from "../manifest-list/buildah-flags.ts";
import { annotations } from "../manifest-list/entry-flags.ts";
import { imageList, type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type ManifestCreateFlags = StoreFlags &
  ConnectionFlags<""> &
  RetryFlags &
  InsecureFlags & {
    readonly all?: boolean;
    readonly amend?: boolean;
    readonly annotation?: readonly ReturnType<typeof settingParser>[];
    readonly arch?: string;
    readonly os?: string;
    readonly replace?: boolean;
  };

export const manifestCreateCommand: CommandDefinition = defineCommand<ManifestCreateFlags, string[]>({
  loader: async () => (await import("./manifest-create.ts")).manifestCreate,
  parameters: {
    flags: {
      ...storeFlags,
      ...connectionFlags(""),
      ...retryFlags,
      ...insecureFlags,
      all: toggle("Of images that are lists themselves, add all images"),
      amend: toggle("Add to the list of this name, if there is one"),
      annotation: annotations("An annotation of the list"),
      arch: hidden(text("arch", "Of images that are lists, take the one for this architecture")),
      os: hidden(text("os", "Of images that are lists, take the one for this system")),
      replace: toggle("Take the name from the image that has it"),
    },
    aliases: { a: "amend" },
    positional: imageList("The name of the list, then images to add", 1),
  },
  docs: {
    brief: "Make a list in the store",
    fullDescription: [
      "Make a list in the store, and print its ID. An image is named as the store names it, else as TRANSPORT:DETAILS, or by its name in",
      "a registry. Of an image that is a list itself, the image for this machine is added, or all with --all.",
      "",
      "EXAMPLES",
      "  dray manifest create app:1 app:1-amd64 app:1-arm64",
      "  dray manifest create --all mirror docker://quay.io/podman/stable",
    ].join("\n"),
  },
});
