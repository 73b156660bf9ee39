import { DrayageError } from "@drayage/errors";
import {
  type Application,
  buildApplication,
  buildRouteMap,
  type Command,
  EnumValidationError,
  text_en,
} from "@stricli/core";
import { completionCommand } from "./commands/completion.command.ts";
import { copyCommand } from "./commands/copy.command.ts";
import { deleteCommand } from "./commands/delete.command.ts";
import { inspectCommand } from "./commands/inspect.command.ts";
import { listTagsCommand } from "./commands/list-tags.command.ts";
import { manifestDigestCommand } from "./commands/manifest-digest.command.ts";
import { transportsCommand } from "./commands/transports.command.ts";
import { validateCommand } from "./commands/validate.command.ts";
import type { DrayContext } from "./context.ts";
import { debugText, errorLine } from "./error-text.ts";
import { exitCodeOf } from "./exit-codes.ts";
import type { Personality } from "./personality.ts";

type CommandName =
  | "copy"
  | "inspect"
  | "list-tags"
  | "validate"
  | "delete"
  | "manifest-digest"
  | "transports"
  | "completion";

/** The commands, each of which loads its own code when it runs. */
export const commands: Readonly<Record<CommandName, Command<DrayContext>>> = {
  copy: copyCommand,
  inspect: inspectCommand,
  "list-tags": listTagsCommand,
  validate: validateCommand,
  delete: deleteCommand,
  "manifest-digest": manifestDigestCommand,
  transports: transportsCommand,
  completion: completionCommand,
};

/** The command line of dray: its commands, and how its errors read. */
export function buildDray(options: {
  readonly personality: Personality;
  readonly debug: boolean;
  /** The first argument: errors in the arguments name its help. */
  readonly command: string | undefined;
}): Application<DrayContext> {
  const line = (error: unknown): string =>
    options.debug
      ? `${debugText(error)}\n${errorLine(error, options.personality)}`
      : errorLine(error, options.personality);
  const root = buildRouteMap({
    routes: commands,
    docs: {
      brief: "Haul container images between archives, layouts and folders",
      fullDescription: [
        "Haul container images between archives, layouts and folders, and what plugins reach.",
        "",
        "An image is named as TRANSPORT:DETAILS; `dray transports` lists the transports.",
        "",
        "EXAMPLES",
        "  dray copy docker-archive:app.tar oci-dir:layout:app",
        "  dray inspect oci-dir:layout:app",
        "  dray validate oci-archive:app.oci.tar",
      ].join("\n"),
    },
  });
  return buildApplication<DrayContext>(root, {
    name: options.personality,
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: {
      caseStyle: "convert-camel-to-kebab",
      useAliasInUsageLine: false,
      onlyRequiredInUsageLine: true,
    },
    determineExitCode: exitCodeOf,
    localization: {
      text: {
        ...text_en,
        exceptionWhileRunningCommand: line,
        exceptionWhileLoadingCommandFunction: line,
        exceptionWhileLoadingCommandContext: line,
        commandErrorResult: line,
        exceptionWhileParsingArguments: (error) =>
          line(usageError(error, `${options.personality} ${options.command ?? ""}`)),
        noCommandRegisteredForInput: ({ input, corrections }) =>
          line(unknownCommand(input, corrections, options.personality)),
      },
    },
  });
}

function usageError(error: unknown, command: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", usageText(error), {
    hint: `see ${command} --help`,
    cause: error,
  });
}

/** What is wrong with an argument. The parser's own sentence does not name the flag of a bad choice. */
function usageText(error: unknown): string {
  if (error instanceof EnumValidationError) {
    return `--${error.externalFlagName}: choose one of ${error.values.join(", ")}, not ${JSON.stringify(error.input)}`;
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function unknownCommand(input: string, corrections: readonly string[], name: string): DrayageError {
  const near = corrections.length > 0 ? `did you mean ${corrections.join(" or ")}? ` : "";
  return new DrayageError("ERR_DRAYAGE_USAGE", `there is no command ${JSON.stringify(input)}`, {
    hint: `${near}see ${name} --help`,
  });
}
