import { type CommandDefinition, defineCommand } from "../command.ts";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

export const completionCommand: CommandDefinition = defineCommand<Record<never, never>, [Shell]>({
  loader: async () => (await import("./completion.ts")).completion,
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        {
          placeholder: "SHELL",
          brief: "bash, zsh or fish",
          parse: (input: string): Shell => {
            const shell = shells.find((name) => name === input);
            if (shell === undefined) throw new SyntaxError(`choose one of ${shells.join(", ")}`);
            return shell;
          },
          proposeCompletions: () => shells,
        },
      ],
    },
  },
  docs: {
    brief: "Print the completion script of a shell",
    fullDescription: [
      "Print the completion script of a shell.",
      "",
      "EXAMPLES",
      "  source <(dray completion bash)",
      "  dray completion zsh > ~/.zfunc/_dray",
      "  dray completion fish > ~/.config/fish/completions/dray.fish",
    ].join("\n"),
  },
});
