import { describe, expect, it } from "vitest";
import { builderFlags } from "../src/builder/flags.ts";
import type { Commands } from "../src/command-group.ts";
import { commandGroups } from "../src/command-loaders.ts";
import { commands } from "../src/commands.ts";
import { spelling } from "../src/flags/arguments.ts";
import { globalFlags } from "../src/global-flags.ts";
import { storePlaceFlags } from "../src/store/store-flags.ts";
import { dray } from "./run-dray.ts";

async function helpOf(...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await dray([...words, "--help"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

const usageOf = (help: string): string => help.split("\n")[1]?.trim() ?? "";

/** The flags in the order of help. */
const flagsOf = (help: string): readonly string[] =>
  Array.from(help.matchAll(/^ {2}(?:-\w| {2}) +\[(--[a-z.-]+)\]/gm), ([, flag = ""]) => flag);

const builderCommands = await commandGroups.builder.load();
const lists: readonly (readonly [group: string[], commands: Commands])[] = [
  [[], commands],
  [["manifest"], await commandGroups.manifest.load()],
  [["builder"], builderCommands],
];
const all = lists.flatMap(([group, list]) =>
  Object.entries(list).map(([name, definition]) => [[...group, name].join(" "), definition] as const),
);

const shared: ReadonlySet<unknown> = new Set(
  [globalFlags, storePlaceFlags, builderFlags].flatMap((flags) => Object.values<unknown>(flags)),
);

describe("the help of a command", () => {
  it.each(all)("%s: its own flags, then those that many commands take", async (name, { parameters }) => {
    const shown = flagsOf(await helpOf(...name.split(" ")));
    const flags = Object.entries<object>(parameters.flags ?? {}).filter(([, flag]) => !("hidden" in flag));
    expect([...shown].sort()).toEqual(flags.map(([key]) => spelling(key)).sort());
    const sharedNames = flags.filter(([, flag]) => shared.has(flag)).map(([key]) => spelling(key));
    const behind = sharedNames.length === 0 ? [] : shown.slice(-sharedNames.length);
    expect([...behind].sort()).toEqual(sharedNames.sort());
  });

  it("keeps the order of the store's flags and of those of every command", async () => {
    const images = flagsOf(await helpOf("images"));
    expect(images.slice(-15)).toEqual(
      ["--root", "--runroot", "--storage-driver", "--storage-opt"].concat(
        Object.entries(globalFlags)
          .filter(([, flag]) => !("hidden" in flag))
          .map(([key]) => spelling(key)),
      ),
    );
  });
});

describe("the help of the builder's commands", () => {
  it.each([
    ["from", "from IMAGE"],
    ["add", "add CONTAINER SOURCE... [DESTINATION]"],
    ["copy", "copy CONTAINER SOURCE... [DESTINATION]"],
    ["run", "run CONTAINER COMMAND..."],
    ["commit", "commit CONTAINER [IMAGE]"],
    ["containers", "containers"],
    ["images", "images [IMAGE]"],
    ["rm", "rm [CONTAINER...]"],
    ["rename", "rename CONTAINER NAME"],
    ["tag", "tag IMAGE NAME..."],
    ["push", "push IMAGE [DESTINATION]"],
    ["unshare", "unshare [COMMAND...]"],
  ])("%s names its words in its own help and in that of the group", async (name, usage) => {
    expect(usageOf(await helpOf("builder", name))).toBe(`dray builder ${usage}`);
    expect(await helpOf("builder")).toContain(`\n  dray builder ${usage}\n`);
  });

  it("tells what each word is", async () => {
    expect(await helpOf("builder", "add")).toContain(
      [
        "ARGUMENTS",
        "   CONTAINER     The container",
        "   SOURCE...     Files, folders, patterns or URLs",
        "  [DESTINATION]  Where they go in the container; its working directory where absent",
      ].join("\n"),
    );
    expect(await helpOf("builder", "version")).not.toContain("ARGUMENTS");
  });

  it("no usage line has brackets of the parser's", async () => {
    const usages = (await helpOf("builder")).split("\n\n")[0] ?? "";
    expect(usages.split("\n").length).toBe(Object.keys(builderCommands).length + 3);
    expect(usages).not.toMatch(/[<>|]/);
  });
});
