import { type CommandDefinition, defineCommand } from "../command.ts";
import { text, toggle } from "../flags/kinds.ts";
import { textParser } from "../flags/parsers.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";

export type LogoutFlags = GlobalFlags & {
  readonly all?: boolean;
  readonly authfile?: string;
  readonly compatAuthFile?: string;
};

export const logoutCommand: CommandDefinition = defineCommand<LogoutFlags, [string?]>({
  loader: async () => (await import("./logout.ts")).logout,
  parameters: {
    flags: {
      ...globalFlags,
      all: toggle("Remove the logins of all registries"),
      authfile: text("file", "Remove the login from this file instead of the usual one"),
      compatAuthFile: text("file", "Remove the login from this file, docker's config.json"),
    },
    aliases: { a: "all" },
    positional: {
      kind: "tuple",
      parameters: [
        {
          parse: textParser,
          placeholder: "REGISTRY",
          brief: "The registry as HOST[:PORT], or a part of it as HOST[:PORT]/PATH",
          optional: true,
        },
      ],
    },
  },
  docs: {
    brief: "Log out of a registry",
    fullDescription: [
      "Remove the login of a registry, or of all.",
      "",
      "EXAMPLES",
      "  dray logout quay.io",
      "  dray logout --all",
    ].join("\n"),
  },
});
