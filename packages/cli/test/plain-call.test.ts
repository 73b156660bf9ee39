import { buildApplication, buildCommand, run } from "@stricli/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CommandDefinition } from "../src/command.ts";
import { findCommand, type OpenGroup } from "../src/command-group.ts";
import { commandGroups } from "../src/command-loaders.ts";
import { commands } from "../src/commands.ts";
import type { DrayContext } from "../src/context.ts";
import { tidyArguments } from "../src/flags/arguments.ts";
import { plainCall } from "../src/plain-call.ts";

const context: DrayContext = {
  process: { stdout: { write() {} }, stderr: { write() {} }, env: { STRICLI_SKIP_VERSION_CHECK: "1" } },
  env: {},
  personality: "dray",
  stdin: () => process.stdin,
  signal: new AbortController().signal,
};

interface Called {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly words: readonly unknown[];
}

/** What the parser calls the command's function with; undefined where it refuses the arguments, or shows help. */
async function parserCall(
  argv: readonly string[],
  definition: CommandDefinition,
): Promise<Called | undefined> {
  let called: Called | undefined;
  const command = {
    ...definition.forParser(buildCommand),
    loader:
      async () =>
      (flags: Called["flags"], ...words: readonly unknown[]) => {
        called = { flags: given(flags), words };
      },
  };
  const app = buildApplication(command, {
    name: "dray",
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
  });
  await run(app, argv, context);
  return called;
}

function given(flags: Called["flags"]): Called["flags"] {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

function tidied(name: string, argv: readonly string[]): readonly string[] {
  return tidyArguments([name, ...argv], commands).slice(1);
}

const pieces = [
  ...[
    "a",
    "oci:b:c",
    "",
    "-",
    "--",
    "-h",
    "--help",
    "--help-all",
    "--what",
    "--no-quiet",
    "linux/arm64,linux/amd64",
  ],
  ...[
    "-q",
    "-qa",
    "-f",
    "oci",
    "-foci",
    "-f=v2s2",
    "--format",
    "--format=oci",
    "--format=x",
    "--all",
    "--all=false",
    "--all=true",
    "--all=yes",
  ],
  ...[
    "--dest-compress-level",
    "--dest-compress-level=3",
    "--dest-compress-level=-1",
    "--destCompressLevel=3",
    "3",
    "x",
  ],
  ...[
    "--additional-tag",
    "--additional-tag=a:1,b:2",
    "--src-option",
    "--src-option=k=v",
    "k=v",
    "--plugin=./p.js",
  ],
  ...[
    "--platform=linux/arm64",
    "--sparse=keep",
    "--raw",
    "-n",
    "--debug",
    "--command-timeout=5s",
    "--command-timeout",
  ],
];

describe("a call without the parser", () => {
  it.each(Object.keys(commands) as (keyof typeof commands)[])(
    "of %s is the parser's call, or none",
    async (name) => {
      const line = fc.array(fc.constantFrom(...pieces), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(line, async (argv) => {
          const tidy = tidied(name, argv);
          const call = plainCall(tidy, commands[name], context);
          if (call !== undefined) expect(call).toEqual(await parserCall(tidy, commands[name]));
        }),
        { numRuns: 300 },
      );
    },
  );

  it.each(Object.keys(commandGroups) as (keyof typeof commandGroups)[])(
    "of the commands of %s is the parser's call, or none",
    async (name) => {
      const group: OpenGroup = { name, commands: await commandGroups[name].load() };
      const line = fc.array(fc.constantFrom(...pieces), { maxLength: 6 });
      const of = fc.constantFrom(...Object.keys(group.commands));
      await fc.assert(
        fc.asyncProperty(of, line, async (command, argv) => {
          const found = findCommand(
            tidyArguments([name, command, ...argv], commands, group),
            commands,
            group,
          );
          expect(found?.name).toBe(`${name} ${command}`);
          const call = found && plainCall(found.rest, found.command, context);
          if (call !== undefined)
            expect(call).toEqual(await parserCall(found?.rest ?? [], found?.command as CommandDefinition));
        }),
        { numRuns: 300 },
      );
    },
  );

  it("is what usual arguments amount to", () => {
    const call = (line: string) => {
      const [name = "", ...argv] = line.split(" ");
      return plainCall(tidied(name, argv), commands[name as keyof typeof commands], context);
    };
    expect(call("inspect oci:a")).toEqual({ flags: {}, words: ["oci:a"] });
    expect(call("copy -qa --format oci --additional-tag a:1,b:2 --additional-tag c:3 x y")).toEqual({
      flags: { quiet: true, all: true, format: "oci", additionalTag: ["a:1", "b:2", "c:3"] },
      words: ["x", "y"],
    });
    expect(call("copy --dest-compress-level -1 --dest-option k=v x y")).toEqual({
      flags: { destCompressLevel: -1, destOption: [["k", "v"]] },
      words: ["x", "y"],
    });
    expect(call("copy --all=true --src-tls-verify=false x y")).toEqual({
      flags: { all: true, srcTlsVerify: false },
      words: ["x", "y"],
    });
    expect(call("completion bash")).toEqual({ flags: {}, words: ["bash"] });
    expect(call("images -q")).toEqual({ flags: { quiet: true }, words: [] });
    expect(call("rmi --force a b c")).toEqual({ flags: { force: true }, words: ["a", "b", "c"] });
    expect(call("tag")).toBeUndefined();
  });

  it("is left to the parser where there is a mistake, help is asked for, or a switch has an unusual value", () => {
    for (const argv of [
      ["a", "b"],
      [],
      ["--help"],
      ["a", "--what"],
      ["--format"],
      ["--raw=yes", "a"],
      ["--", "a"],
    ]) {
      expect(plainCall(tidied("inspect", argv), commands.inspect, context)).toBeUndefined();
    }
    expect(plainCall(tidied("copy", ["--format", "x", "a", "b"]), commands.copy, context)).toBeUndefined();
  });
});
