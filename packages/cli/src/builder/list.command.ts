import { type CommandDefinition, defineCommand } from "../command.ts";
import { hidden, text, texts, toggle } from "../flags/kinds.ts";
import { described } from "./described.ts";
import { type BuilderFlags, builderFlags, words } from "./flags.ts";

const all = (brief: string): ReturnType<typeof toggle> => toggle(brief);

export type ContainersFlags = BuilderFlags & {
  readonly all?: boolean;
  readonly filter?: string;
  readonly format?: string;
  readonly json?: boolean;
  readonly noheading?: boolean;
  readonly notruncate?: boolean;
  readonly quiet?: boolean;
};

export const containersCommand: CommandDefinition = defineCommand<ContainersFlags, string[]>({
  loader: async () => (await import("./containers.ts")).containers,
  parameters: {
    flags: {
      ...builderFlags,
      all: all("Those of other tools, too"),
      filter: text("name=value", "Only some: id, name or ancestor"),
      format: text("template", "A Go template for each"),
      json: toggle("Print JSON"),
      noheading: toggle("Print no headings"),
      notruncate: toggle("Print whole IDs"),
      quiet: toggle("Print IDs alone"),
    },
    aliases: { a: "all", f: "filter", n: "noheading", q: "quiet" },
    positional: words(),
  },
  docs: described("List working containers", [
    "dray builder containers",
    'dray builder containers --format "{{.ContainerName}} {{.ImageName}}"',
  ]),
});

export type BuilderImagesFlags = BuilderFlags & {
  readonly all?: boolean;
  readonly digests?: boolean;
  readonly filter?: readonly string[];
  readonly format?: string;
  readonly history?: boolean;
  readonly json?: boolean;
  readonly noheading?: boolean;
  readonly noTrunc?: boolean;
  readonly quiet?: boolean;
};

export const imagesCommand: CommandDefinition = defineCommand<BuilderImagesFlags, string[]>({
  loader: async () => (await import("./images.ts")).images,
  parameters: {
    flags: {
      ...builderFlags,
      all: all("Intermediate images, too"),
      digests: toggle("Show digests"),
      filter: texts("name=value", "Only some: dangling=true, label=…, since=…"),
      format: text("template", "A Go template for each"),
      history: toggle("Show earlier names"),
      json: toggle("Print JSON"),
      noheading: toggle("Print no headings"),
      noTrunc: toggle("Print whole IDs"),
      quiet: toggle("Print IDs alone"),
    },
    aliases: { a: "all", f: "filter", n: "noheading", q: "quiet" },
    positional: words({ "[IMAGE]": "One name" }),
  },
  docs: described("List images of the store", [
    "dray builder images",
    "dray builder images --filter dangling=true --quiet",
  ]),
});

export type MountFlags = BuilderFlags & { readonly json?: boolean; readonly notruncate?: boolean };

export const mountCommand: CommandDefinition = defineCommand<MountFlags, string[]>({
  loader: async () => (await import("./mount.ts")).mount,
  parameters: {
    flags: {
      ...builderFlags,
      json: toggle("Print JSON"),
      notruncate: hidden(toggle("Means nothing")),
    },
    positional: words({ "[CONTAINER...]": "The containers; without any, those that are mounted are listed" }),
  },
  docs: {
    brief: "Mount working containers, to change their files",
    fullDescription: [
      "Mount working containers, and print where. Without root it has to be done within `dray builder unshare`.",
      "",
      "EXAMPLES",
      "  echo hello > $(dray builder mount web)/greeting",
    ].join("\n"),
  },
});
