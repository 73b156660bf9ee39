import { type CommandDefinition, defineCommand } from "../command.ts";
import { text, texts } from "../flags/kinds.ts";
import { several } from "../store/store-flags.ts";
import { addHistoryFlag, type BuilderFlags, builderFlags, integer, words } from "./flags.ts";

export type ConfigFlags = BuilderFlags & {
  readonly addHistory?: boolean;
  readonly annotation?: readonly string[];
  readonly arch?: string;
  readonly author?: string;
  readonly cmd?: string;
  readonly comment?: string;
  readonly createdBy?: string;
  readonly domainname?: string;
  readonly entrypoint?: string;
  readonly env?: readonly string[];
  readonly healthcheck?: string;
  readonly healthcheckInterval?: string;
  readonly healthcheckRetries?: number;
  readonly healthcheckStartPeriod?: string;
  readonly healthcheckTimeout?: string;
  readonly historyComment?: string;
  readonly hostname?: string;
  readonly label?: readonly string[];
  readonly onbuild?: readonly string[];
  readonly os?: string;
  readonly osFeature?: readonly string[];
  readonly osVersion?: string;
  readonly port?: readonly string[];
  readonly shell?: string;
  readonly stopSignal?: string;
  readonly user?: string;
  readonly variant?: string;
  readonly volume?: readonly string[];
  readonly workingdir?: string;
};

export const configCommand: CommandDefinition = defineCommand<ConfigFlags, string[]>({
  loader: async () => (await import("./config.ts")).config,
  parameters: {
    flags: {
      ...builderFlags,
      addHistory: addHistoryFlag,
      annotation: several("name=value", "An annotation of the manifest; name- takes it away, - all"),
      arch: text("arch", "The architecture that the image is for"),
      author: text("author", "Who made it"),
      cmd: text("command", "The default command, as words or JSON"),
      comment: text("comment", "A comment"),
      createdBy: text("text", "What the history says of how it was made"),
      domainname: text("name", "The domain of containers (docker format)"),
      entrypoint: text("command", "The entry point, as JSON or a line for the shell"),
      env: several("name=value", "A variable; name- takes it away, - all"),
      healthcheck: text("command", "How to tell whether it is well (docker format)"),
      healthcheckInterval: text("time", "How often"),
      healthcheckRetries: integer("n", "How many times it may fail"),
      healthcheckStartPeriod: text("time", "How long failures do not count"),
      healthcheckTimeout: text("time", "How long it may take"),
      historyComment: text("comment", "A comment for the history"),
      hostname: text("name", "The name of containers (docker format)"),
      label: several("name=value", "A label; name- takes it away, - all"),
      onbuild: texts("instruction", "What is done in images that are based on it (docker format)"),
      os: text("os", "The system that the image is for"),
      osFeature: several("feature", "What it needs of the system; name- takes it away, - all"),
      osVersion: text("version", "The version of the system that it needs"),
      port: texts("port", "A port that it listens on; port- takes it away, - all"),
      shell: text("command", "The shell of commands (docker format)"),
      stopSignal: text("signal", "The signal that ends it"),
      user: text("user[:group]", "Whom commands are run as"),
      variant: text("variant", "The variant of the architecture"),
      volume: texts("path", "Where it keeps data; path- takes it away, - all"),
      workingdir: text("path", "Where commands are run"),
    },
    aliases: { a: "annotation", e: "env", l: "label", p: "port", u: "user", v: "volume" },
    positional: words({ CONTAINER: "The container" }),
  },
  docs: {
    brief: "Change what the image of a working container will say",
    fullDescription: [
      "Change what the image of a working container will say. With --add-history the history tells of it.",
      "",
      "EXAMPLES",
      "  dray builder config --env PORT=80 --port 80 --user 1000 web",
      "  dray builder config --entrypoint '[\"/usr/bin/server\"]' --cmd '' web",
      "  dray builder config --env PORT- --label - web",
    ].join("\n"),
  },
});
