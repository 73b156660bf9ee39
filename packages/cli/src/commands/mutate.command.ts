import { type CommandDefinition, defineCommand } from "../command.ts";
import { type EditFlags, editArguments, editFlags, editUsage } from "../edit/edit-flags.ts";
import { time } from "../edit/time-flag.ts";
import { settings, text, texts, toggle, valued } from "../flags/kinds.ts";
import { durationParser, wholeNumberParser } from "../flags/parsers.ts";
import { several } from "../store/store-flags.ts";

type Settings = readonly (readonly [key: string, value: string])[];

export type MutateFlags = EditFlags & {
  readonly env?: Settings;
  readonly unsetEnv?: readonly string[];
  readonly label?: Settings;
  readonly unsetLabel?: readonly string[];
  readonly cmd?: string;
  readonly entrypoint?: string;
  readonly user?: string;
  readonly workdir?: string;
  readonly port?: readonly string[];
  readonly unsetPort?: readonly string[];
  readonly volume?: readonly string[];
  readonly unsetVolume?: readonly string[];
  readonly stopSignal?: string;
  readonly shell?: string;
  readonly onbuild?: readonly string[];
  readonly healthcheck?: string;
  readonly healthcheckInterval?: number;
  readonly healthcheckTimeout?: number;
  readonly healthcheckStartPeriod?: number;
  readonly healthcheckRetries?: number;
  readonly author?: string;
  readonly created?: Date;
  readonly os?: string;
  readonly arch?: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly unset?: readonly string[];
  readonly annotation?: Settings;
  readonly unsetAnnotation?: readonly string[];
  readonly indexAnnotation?: Settings;
  readonly unsetIndexAnnotation?: readonly string[];
  readonly entryAnnotation?: Settings;
  readonly unsetEntryAnnotation?: readonly string[];
  readonly addHistory?: boolean;
};

const duration = (brief: string) =>
  ({
    kind: "parsed",
    parse: durationParser,
    optional: true,
    placeholder: "duration",
    brief: valued("duration", brief),
  }) as const;

export const mutateCommand: CommandDefinition = defineCommand<MutateFlags, [string, string?]>({
  loader: async () => (await import("./mutate.ts")).mutateImage,
  parameters: {
    flags: {
      ...editFlags,
      env: settings("Set a variable"),
      unsetEnv: texts("name", "Take a variable away"),
      label: settings("Set a label"),
      unsetLabel: texts("name", "Take a label away"),
      cmd: text("command", 'What is run: a JSON list (["a","b"]), or a line for the shell'),
      entrypoint: text("command", "What runs it, written as --cmd"),
      user: text("user[:group]", "Who runs it"),
      workdir: text("folder", "Where it runs"),
      port: texts("port[/protocol]", "Expose a port"),
      unsetPort: texts("port[/protocol]", "Expose it no more"),
      volume: texts("path", "Declare a volume"),
      unsetVolume: texts("path", "Declare it no more"),
      stopSignal: text("signal", "What stops it"),
      shell: text("command", "What runs lines (docker's), written as --cmd"),
      onbuild: several("instruction", "What builds upon the image do first (docker's)"),
      healthcheck: text(
        "command",
        "What says whether it is well (docker's), written as --cmd; NONE for nothing",
      ),
      healthcheckInterval: duration("How often that is asked"),
      healthcheckTimeout: duration("How long the answer may take"),
      healthcheckStartPeriod: duration("How long it may take to start"),
      healthcheckRetries: {
        kind: "parsed",
        parse: wholeNumberParser(0, 1_000_000),
        optional: true,
        placeholder: "n",
        brief: valued("n", "After how many bad answers it is not well"),
      },
      author: text("name", "Who made the image"),
      created: time("When it was made: seconds since 1970, or as in 2024-05-06T07:08:09Z"),
      os: text("os", "The system that it is for"),
      arch: text("arch", "The architecture that it is for"),
      variant: text("variant", "The architecture's variant"),
      osVersion: text("version", "The system's version"),
      unset: texts(
        "field",
        "Take fields away: env, label, cmd, entrypoint, user, workdir, port, volume, stop-signal, shell, onbuild, healthcheck, author, created, variant, os-version, os-features",
      ),
      annotation: settings("Set an annotation of the image"),
      unsetAnnotation: texts("name", "Take it away"),
      indexAnnotation: settings("Set an annotation of the index"),
      unsetIndexAnnotation: texts("name", "Take it away"),
      entryAnnotation: settings("Set an annotation of the index's entry for the image"),
      unsetEntryAnnotation: texts("name", "Take it away"),
      addHistory: toggle("Put an entry into the history, of the time SOURCE_DATE_EPOCH, or now"),
    },
    aliases: { f: "format", q: "quiet" },
    positional: editArguments,
  },
  docs: {
    customUsage: editUsage,
    brief: "Change what an image says, without its layers",
    fullDescription: [
      "Change what an image says: its config and its annotations. No layer is read or sent that the destination has.",
      "",
      "Of an index all images are changed, or those for --platform; it stays an index. Attestations tell of images that are no more",
      "then: they are left out, with a warning, unless --keep-attestations says otherwise.",
      "",
      "EXAMPLES",
      "  dray mutate oci-dir:layout:app oci-dir:layout:app --env LOG=debug --unset-env TOKEN --label tier=web",
      "  dray mutate --user 1000:1000 --port 8080 docker://registry.example.com/app:1 docker://registry.example.com/app:2",
      `  dray mutate --entrypoint '["/bin/app"]' --unset cmd,healthcheck oci-archive:app.tar oci-dir:layout:app`,
      "  dray mutate --platform linux/arm64 --annotation org.example.tested=yes oci-dir:layout:multi oci-dir:layout:tested",
      "  dray mutate --dry-run --workdir /srv oci-dir:layout:app",
    ].join("\n"),
  },
});
